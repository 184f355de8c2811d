"""The compiled version of ``context_vars.py``."""

from cpython.object cimport PyObject, PyObject_GenericGetAttr, PyObject_GenericSetAttr
from cpython.ref cimport Py_INCREF, Py_TYPE, Py_XDECREF

from types import CoroutineType

from bolthead._core.primitives.objects cimport is_on

cdef extern from "Python.h":
    ctypedef PyObject *(*getattrofunc)(PyObject *, PyObject *) except? NULL
    ctypedef object (*descrgetfunc)(PyObject *, PyObject *, PyObject *)
    ctypedef int (*inquiry)(PyObject *) except -1
    ctypedef struct PyNumberMethods:
        inquiry nb_bool
    ctypedef struct PyTypeObject:
        PyNumberMethods *tp_as_number
        getattrofunc tp_getattro
        descrgetfunc tp_descr_get
    PyObject *PyObject_GetAttr(PyObject *obj, PyObject *name)
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

ENDED = type("Ended", (), {"__repr__": lambda self: "<ended>", "__slots__": ()})()
cdef object ended = ENDED

cdef object OBJECT_SETATTR = object.__setattr__
# Of the class given to `forward_slots`: its slot for the value, and the names of its own attributes.
cdef object CLASS = None
cdef object CURRENT = "_get_current_object"
cdef object SLOT = None
cdef PyObject *slot = NULL
cdef frozenset OWN = frozenset()


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
        if self._attr is None:
            whole = <object>found
            Py_XDECREF(found)
            return whole
        try:
            return getattr(<object>found, self._attr)
        finally:
            Py_XDECREF(found)


cpdef object context_value(object var, object attr, object message):
    return _ContextValue(var, attr, message)


cpdef object current(object proxy):
    if type(proxy) is CLASS:
        value = (<PyTypeObject *>Py_TYPE(SLOT)).tp_descr_get(slot, <PyObject *>proxy, NULL)
    else:
        # A subclass, or the class of an earlier import of the package.
        value = PyObject_GenericGetAttr(proxy, CURRENT)
    if type(value) is _ContextValue:
        return (<_ContextValue>value).fetch()
    return value()


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


cdef PyObject *get_attribute(PyObject *proxy, PyObject *name) except? NULL:
    # All names of the proxy itself begin so.
    if PyUnicode_READ_CHAR(<object>name, 0) == u"_" and <object>name in OWN:
        found = own_attribute(<object>proxy, <object>name)
        if found is not None:
            Py_INCREF(found)
            return <PyObject *>found
    # FAST (page-methods): where there is no such attribute, as often in `g`, the error gets no frame of ours.
    found = current(<object>proxy)
    return PyObject_GetAttr(<PyObject *>found, name)


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
    global CLASS, SLOT, slot, OWN
    CLASS = cls
    SLOT = cls._get_current_object
    slot = <PyObject *>SLOT
    OWN = frozenset(dir(cls))
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
