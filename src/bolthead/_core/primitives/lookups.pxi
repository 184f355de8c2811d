# Look-ups of what proxies stand for, for ``context_vars.pyx``.

cdef extern from *:
    """
    #include <structmember.h>

    #if CYTHON_COMPILING_IN_CPYTHON && !defined(Py_GIL_DISABLED)
    #define BOLTHEAD_LOOKUPS 1
    #else
    #define BOLTHEAD_LOOKUPS 0
    #endif

    /* Where an object of its class has the value of a slot; 0 where the slot itself must be asked. */
    static Py_ssize_t bolthead_offset(PyObject *slot) {
    #if BOLTHEAD_LOOKUPS
        if (Py_IS_TYPE(slot, &PyMemberDescr_Type)) return ((PyMemberDescrObject *)slot)->d_member->offset;
    #endif
        return 0;
    }

    /* What is there, borrowed; NULL where nothing is. */
    static CYTHON_INLINE PyObject *bolthead_at(PyObject *obj, Py_ssize_t offset) {
        return offset ? *(PyObject **)((char *)obj + offset) : NULL;
    }

    /* Whether a name may be one of the proxies themselves: those begin with an underscore, and with one of *seconds*
       then. */
    static CYTHON_INLINE int bolthead_may_be_own(PyObject *name, const char *seconds) {
        const Py_UCS1 *text;
        if (!PyUnicode_IS_COMPACT_ASCII(name)) return 1;
        text = PyUnicode_1BYTE_DATA(name);
        return text[0] == '_' && seconds[text[1]];
    }

    /* ``getattr(owner, source->attr)``. */
    static Py_NO_INLINE PyObject *bolthead_field(PyObject *owner, bolthead_source *source) {
    #if BOLTHEAD_LOOKUPS
        PyTypeObject *cls = Py_TYPE(owner);
        if (cls->tp_getattro == PyObject_GenericGetAttr) {
            PyObject *slot = _PyType_Lookup(cls, source->attr);
            if (slot != NULL && Py_IS_TYPE(slot, &PyGetSetDescr_Type) && cls->tp_version_tag != 0) {
                source->field = ((PyGetSetDescrObject *)slot)->d_getset;
                source->tag = source->field->get == NULL ? 0 : cls->tp_version_tag;
            }
        }
    #endif
        return PyObject_GetAttr(owner, source->attr);
    }

    /* The beginning of a context variable, as it is in CPython 3.11: the value that was found last, borrowed, and in
       which thread and state of its context. */
    #if BOLTHEAD_LOOKUPS && PY_VERSION_HEX < 0x030C0000
    #define BOLTHEAD_FOUND 1
    typedef struct {PyObject_HEAD PyObject *name, *value, *found; uint64_t thread, version;} bolthead_var;
    #else
    #define BOLTHEAD_FOUND 0
    #endif

    /* What a proxy stands for: a new reference. NULL where the variable is unset, or with an error. */
    static CYTHON_INLINE PyObject *bolthead_look(bolthead_source *source) {
        PyObject *owner = NULL, *found;
    #if BOLTHEAD_FOUND
        bolthead_var *var = (bolthead_var *)source->var;
        PyThreadState *thread = _PyThreadState_UncheckedGet();
        if (var->version == thread->context_ver && var->thread == thread->id && thread->context != NULL)
            owner = Py_XNewRef(var->found);
        if (owner == NULL)
    #endif
        if (PyContextVar_Get(source->var, NULL, &owner) < 0) return NULL;
        if (owner == NULL || source->attr == Py_None) return owner;
    #if BOLTHEAD_LOOKUPS
        if (source->tag != 0 && Py_TYPE(owner)->tp_version_tag == source->tag)
            found = source->field->get(owner, source->field->closure);
        else
    #endif
        found = bolthead_field(owner, source);
        Py_DECREF(owner);
        return found;
    }

    /* Whether what `bolthead_look` has not found is unset, or a RuntimeError: 0, else -1 with the error. */
    static int bolthead_unbound(void) {
        if (!PyErr_Occurred()) return 0;
        if (!PyErr_ExceptionMatches(PyExc_RuntimeError)) return -1;
        PyErr_Clear();
        return 0;
    }
    """
    Py_ssize_t bolthead_offset(object slot)
    PyObject *bolthead_at(PyObject *obj, Py_ssize_t offset)
    bint bolthead_may_be_own(PyObject *name, const char *seconds)
    PyObject *bolthead_look(bolthead_source *source) except? NULL
    PyObject *bolthead_try "bolthead_look"(bolthead_source *source)
    int bolthead_unbound() except -1
