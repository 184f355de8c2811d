# Whether somebody else has what a request has used, for ``context_vars.pyx``.

cdef extern from *:
    """
    #if CYTHON_COMPILING_IN_CPYTHON && !defined(Py_GIL_DISABLED)
    static int bolthead_nothing_is_set(void) {
        PyObject *context = PyThreadState_Get()->context;
        return context == NULL ? 1 : PyObject_Size(context) == 0;
    }
    static CYTHON_INLINE Py_ssize_t bolthead_references(PyObject *obj) {
        return Py_REFCNT(obj);
    }
    #else
    /* Counts of references say nothing there, so that nothing is found to be free. */
    static int bolthead_nothing_is_set(void) {
        return 0;
    }
    static CYTHON_INLINE Py_ssize_t bolthead_references(PyObject *obj) {
        return 0;
    }
    #endif

    /* Whether only its binding and the mapping have it, without an attribute of its own or a weak reference. */
    static int bolthead_is_alone(PyObject *obj, PyObject *dict) {
        Py_ssize_t offset = Py_TYPE(obj)->tp_weaklistoffset;
        return bolthead_references(obj) == 2 && PyDict_Size(dict) == 0
            && (offset == 0 || *(PyObject **)((char *)obj + offset) == NULL);
    }

    /* A mapping made from another one by a change shares nodes with it. */
    static int bolthead_is_shared(PyObject *part, void *nothing) {
        const char *name = Py_TYPE(part)->tp_name;
        if (name[0] != 'h' || strncmp(name, "hamt", 4)) return 0;
        return bolthead_references(part) != 1 || Py_TYPE(part)->tp_traverse(part, bolthead_is_shared, nothing);
    }

    /* Whether only its binding and one context have a mapping. */
    static int bolthead_is_unshared(PyObject *mapping) {
        return bolthead_references(mapping) == 2 && !Py_TYPE(mapping)->tp_traverse(mapping, bolthead_is_shared, NULL);
    }
    """
    bint bolthead_nothing_is_set() except -1
    Py_ssize_t bolthead_references(PyObject *obj)
    bint bolthead_is_alone(PyObject *obj, PyObject *dict)
    bint bolthead_is_unshared(PyObject *mapping)
    object PyObject_GenericGetDict(object obj, void *context)


cpdef bint nothing_is_set() except -1:
    return bolthead_nothing_is_set()


cdef class Binding:
    def __init__(self, context, variables, outer, outer_token, inner, inner_token):
        self.context = context
        self.variables = variables
        self.outer = outer
        self.outer_token = outer_token
        self.outer_dict = PyObject_GenericGetDict(outer, NULL)
        self.inner = inner
        self.inner_token = inner_token
        self.inner_dict = PyObject_GenericGetDict(inner, NULL)

    cpdef bint is_free(self) except -1:
        # Each token has the context.
        return (
            bolthead_references(<PyObject *>self.context) == 3
            and bolthead_references(<PyObject *>self.outer_token) == 1
            and bolthead_references(<PyObject *>self.inner_token) == 1
            and bolthead_is_alone(<PyObject *>self.outer, <PyObject *>self.outer_dict)
            and bolthead_is_alone(<PyObject *>self.inner, <PyObject *>self.inner_dict)
            and bolthead_is_unshared(<PyObject *>self.variables)
        )
