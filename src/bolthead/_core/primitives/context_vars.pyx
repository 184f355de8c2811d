"""The compiled version of ``context_vars.py``."""

from cpython.object cimport PyObject, PyObject_GenericGetAttr, PyObject_GenericSetAttr
from cpython.ref cimport Py_INCREF, Py_TYPE, Py_XDECREF

from types import CoroutineType

from bolthead._core.primitives.objects cimport is_on

cdef extern from "Python.h":
    ctypedef PyObject *(*getattrofunc)(PyObject *, PyObject *) except? NULL
    ctypedef int (*inquiry)(PyObject *) except -1
    ctypedef struct PyNumberMethods:
        inquiry nb_bool
    ctypedef struct PyTypeObject:
        PyNumberMethods *tp_as_number
        getattrofunc tp_getattro
    Py_UCS4 PyUnicode_READ_CHAR(object text, Py_ssize_t index)
    int PyContextVar_Get(object var, PyObject *default, PyObject **value) except -1
    object PyContextVar_Set(object var, object value)
    int PyContextVar_Reset(object var, object token) except -1
    int PyIter_Send(object iterator, object value, PyObject **out) except -1
    void PyType_Modified(PyTypeObject *cls)

cdef extern from *:
    """
    static int bolthead_is_mapping(PyObject *part, void *found) {
        if (!strcmp(Py_TYPE(part)->tp_name, "hamt")) *(PyObject **)found = part;
        return 0;
    }
    /* The immutable mapping that a context has: each change gives it another. Borrowed; NULL if there is none. */
    static CYTHON_INLINE PyObject *bolthead_variables(PyObject *context) {
        PyObject *found = NULL;
        traverseproc traverse = Py_TYPE(context)->tp_traverse;
        if (traverse) traverse(context, bolthead_is_mapping, &found);
        return found;
    }
    /* A new reference in *out*: what the coroutine yields (1 is returned) or returns (0). */
    static CYTHON_INLINE int bolthead_resume(PyObject *context, PyObject *coroutine, PyObject *value, PyObject **out) {
        int outcome;
        if (PyContext_Enter(context) < 0) return -1;
        outcome = (int)PyIter_Send(coroutine, value, out);
        if (PyContext_Exit(context) < 0) {
            Py_CLEAR(*out);
            return -1;
        }
        return outcome;
    }
    """
    object PyContext_Copy(object context)
    object PyContext_CopyCurrent()
    int PyContext_Enter(object context) except -1
    int PyContext_Exit(object context) except -1
    PyObject *bolthead_variables(object context)
    int bolthead_resume(object context, object coroutine, object value, PyObject **out) except -1

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

    /* ``getattr(obj, name)``, which for a field of a record is a function of C. */
    static PyObject *bolthead_field(PyObject *obj, PyObject *name) {
    #if BOLTHEAD_LOOKUPS
        PyTypeObject *cls = Py_TYPE(obj);
        if (cls->tp_getattro == PyObject_GenericGetAttr) {
            PyObject *field = _PyType_Lookup(cls, name);
            if (field != NULL && Py_IS_TYPE(field, &PyGetSetDescr_Type)) {
                PyGetSetDef *def = ((PyGetSetDescrObject *)field)->d_getset;
                if (def->get != NULL) return def->get(obj, def->closure);
            }
        }
    #endif
        return PyObject_GetAttr(obj, name);
    }

    /* ``getattr(obj, name)``. *hook* is the slot of a class with a `__getattr__` in Python: before CPython 3.13
       it makes an error of each missing attribute before it calls that. *plain* is object's `__getattribute__`. */
    static PyObject *bolthead_getattr(PyObject *obj, PyObject *name, getattrofunc hook, PyObject *plain,
                                      PyObject *plain_name, PyObject *hook_name) {
    #if BOLTHEAD_LOOKUPS && PY_VERSION_HEX < 0x030D0000
        PyTypeObject *cls = Py_TYPE(obj);
        if (cls->tp_getattro == hook && _PyType_Lookup(cls, plain_name) == plain) {
            PyObject *method, *found = _PyObject_GenericGetAttrWithDict(obj, name, NULL, 1);
            if (found != NULL || PyErr_Occurred()) return found;
            method = Py_XNewRef(_PyType_Lookup(cls, hook_name));
            if (method != NULL && Py_TYPE(method)->tp_descr_get != NULL) {
                Py_SETREF(method, Py_TYPE(method)->tp_descr_get(method, obj, (PyObject *)cls));
                if (method == NULL) return NULL;
            }
            if (method != NULL) {
                found = PyObject_CallOneArg(method, name);
                Py_DECREF(method);
                return found;
            }
        }
    #endif
        return PyObject_GetAttr(obj, name);
    }
    """
    Py_ssize_t bolthead_offset(object slot)
    PyObject *bolthead_at(object obj, Py_ssize_t offset)
    object bolthead_field(object obj, object name)
    PyObject *bolthead_getattr(object obj, object name, getattrofunc hook, PyObject *plain, object plain_name,
                               object hook_name)

ENDED = type("Ended", (), {"__repr__": lambda self: "<ended>", "__slots__": ()})()
cdef object ended = ENDED

cdef object OBJECT_SETATTR = object.__setattr__
# Of the class given to `forward_slots`: where its slot for the value is, the names of its own attributes, and the
# second letters of those.
cdef object CLASS = None
cdef object CURRENT = "_get_current_object"
cdef Py_ssize_t offset = 0
cdef frozenset OWN = frozenset()
cdef bint[128] SECONDS
# How a class with a `__getattr__` in Python, as that of `g`, looks attributes up.
cdef object HOOK_NAME = "__getattr__"
cdef object HOOKED = type("Hooked", (), {HOOK_NAME: lambda self, name: None})
cdef getattrofunc hook = (<PyTypeObject *>HOOKED).tp_getattro
cdef object PLAIN_NAME = "__getattribute__"
cdef PyObject *plain = <PyObject *>object.__getattribute__


cdef class _ContextValue:
    def __init__(self, var, attr, message):
        self._var = var
        self._attr = attr
        self._message = message

    def __call__(self):
        return self.fetch()

    cdef object fetch(self):
        cdef PyObject *found = NULL
        PyContextVar_Get(self._var, NULL, &found)
        if found is NULL:
            raise RuntimeError(self._message)
        owner = <object>found
        Py_XDECREF(found)
        return owner if self._attr is None else bolthead_field(owner, self._attr)


cpdef object context_value(object var, object attr, object message):
    return _ContextValue(var, attr, message)


cpdef object current(object proxy):
    cdef PyObject *value = NULL
    if type(proxy) is CLASS:
        value = bolthead_at(proxy, offset)
    if value is NULL:
        # A subclass, or the class of an earlier import of the package; or the slot is empty.
        return PyObject_GenericGetAttr(proxy, CURRENT)()
    function = <object>value
    if type(function) is _ContextValue:
        return (<_ContextValue>function).fetch()
    return function()


cdef object own_attribute(object proxy, object name):
    # An attribute of the proxy itself, or None where it has none.
    if name == "__class__":
        # FAST (session-read): `isinstance` reads it.
        try:
            return current(proxy).__class__
        except RuntimeError:
            return <object>Py_TYPE(proxy)
    try:
        return PyObject_GenericGetAttr(proxy, name)
    except AttributeError:
        return None


cdef bint is_own(object name) except -1:
    # Whether *name*, which begins with an underscore, may be one of the proxy itself.
    cdef Py_UCS4 second = PyUnicode_READ_CHAR(name, 1)
    return second < 128 and SECONDS[second] and name in OWN


cdef PyObject *get_attribute(PyObject *proxy, PyObject *name) except? NULL:
    # All names of the proxy itself begin so.
    if PyUnicode_READ_CHAR(<object>name, 0) == u"_" and is_own(<object>name):
        found = own_attribute(<object>proxy, <object>name)
        if found is not None:
            Py_INCREF(found)
            return <PyObject *>found
    # FAST (page-methods): where there is no such attribute, as often in `g`, the error gets no frame of ours.
    found = current(<object>proxy)
    return bolthead_getattr(found, <object>name, hook, plain, PLAIN_NAME, HOOK_NAME)


cdef int truth(PyObject *proxy) except -1:
    # What the class's `__bool__` does.
    try:
        found = current(<object>proxy)
    except RuntimeError:
        return False
    return bool(found)


cpdef object set_attribute(object proxy, object name, object value):
    found = current(proxy)
    # FAST (blueprint): in a class with a Python `__delattr__`, as that of `g`, the slot looks `__setattr__` up.
    if is_on(type(found), "__setattr__", OBJECT_SETATTR):
        PyObject_GenericSetAttr(found, name, value)
    else:
        setattr(found, name, value)


cpdef object forward_slots(object cls):
    global CLASS, OWN, offset
    CLASS = cls
    offset = bolthead_offset(cls._get_current_object)
    OWN = frozenset(dir(cls))
    for name in OWN:
        SECONDS[ord(name[1])] = True
    (<PyTypeObject *>cls).tp_getattro = get_attribute
    (<PyTypeObject *>cls).tp_as_number.nb_bool = truth
    PyType_Modified(<PyTypeObject *>cls)


cpdef object resume(object context, object coroutine, object value):
    cdef PyObject *out = NULL
    cdef int outcome = bolthead_resume(context, coroutine, value, &out)
    found = <object>out
    Py_XDECREF(out)
    return found if outcome == 1 else ended


cdef class Beginning:
    cdef bint begin_here(self) except -1:
        raise NotImplementedError


cpdef bint begin_in(object context, Beginning beginning) except -1:
    PyContext_Enter(context)
    try:
        return beginning.begin_here()
    finally:
        PyContext_Exit(context)


cpdef object copy_of(object context):
    return PyContext_CopyCurrent() if context is None else PyContext_Copy(context)


cpdef object variables_of(object context):
    cdef PyObject *found = bolthead_variables(context)
    return None if found is NULL else <object>found


cdef class Rest:
    cdef object _iterator
    cdef object _out
    cdef bint _first

    def __await__(self):
        return self

    def __iter__(self):
        return self

    def __next__(self):
        return self.send(None)

    cpdef object send(self, object value):
        if self._first:
            self._first = False
            out, self._out = self._out, None
            return out
        return self._iterator.send(value)

    def throw(self, kind, value=None, traceback=None):
        return self._iterator.throw(kind if value is None else value)

    def close(self):
        self._iterator.close()


async def wait_for(awaitable):
    return await awaitable


cpdef object advance(object awaitable):
    cdef PyObject *out = NULL
    coroutine = awaitable if type(awaitable) is CoroutineType else wait_for(awaitable)
    cdef int outcome = PyIter_Send(coroutine, None, &out)
    found = <object>out
    Py_XDECREF(out)
    if outcome == 0:
        return found
    cdef Rest rest = Rest.__new__(Rest)
    rest._iterator = coroutine
    rest._out = found
    rest._first = True
    return rest


# The second argument is for the pure-Python version, where this is the variable's own method.
cpdef object var_get(object var, object nothing):
    cdef PyObject *found = NULL
    PyContextVar_Get(var, NULL, &found)
    if found is NULL:
        return None
    value = <object>found
    Py_XDECREF(found)
    return value


cpdef object var_set(object var, object value):
    return PyContextVar_Set(var, value)


cpdef object var_reset(object var, object token):
    PyContextVar_Reset(var, token)
