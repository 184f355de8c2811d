"""The compiled version of ``context_vars.py``."""

from cpython.object cimport PyObject, PyObject_GenericGetAttr, PyObject_GenericSetAttr
from cpython.ref cimport Py_INCREF, Py_XDECREF

from types import CoroutineType

from bolthead._core.primitives.objects cimport is_on

cdef extern from "Python.h":
    ctypedef PyObject *(*getattrofunc)(PyObject *, PyObject *) except? NULL
    ctypedef int (*inquiry)(PyObject *) except -1
    ctypedef int (*objobjproc)(PyObject *, PyObject *) except -1
    ctypedef struct PyNumberMethods:
        inquiry nb_bool
    ctypedef struct PySequenceMethods:
        objobjproc sq_contains
    ctypedef struct PyMappingMethods:
        getattrofunc mp_subscript
    ctypedef struct PyTypeObject:
        PyNumberMethods *tp_as_number
        PySequenceMethods *tp_as_sequence
        PyMappingMethods *tp_as_mapping
        getattrofunc tp_getattro
    bint PyObject_IsTrue(PyObject *obj) except -1
    int PySequence_Contains(PyObject *obj, PyObject *item)
    PyObject *PyObject_GetItem(PyObject *obj, PyObject *key)
    int PyContextVar_Get(PyObject *var, PyObject *default, PyObject **value) except -1
    object PyContextVar_Set(object var, object value)
    int PyContextVar_Reset(object var, object token) except -1
    int PyIter_Send(object iterator, object value, PyObject **out) except -1
    void PyType_Modified(PyTypeObject *cls)

cdef extern from *:
    """
    static PyTypeObject *bolthead_mapping = NULL;
    static int bolthead_is_mapping(PyObject *part, void *found) {
        if (bolthead_mapping ? Py_TYPE(part) == bolthead_mapping : !strcmp(Py_TYPE(part)->tp_name, "hamt"))
            *(PyObject **)found = part;
        return 0;
    }
    /* The immutable mapping that a context has: each change gives it another. Borrowed; NULL if there is none. */
    static CYTHON_INLINE PyObject *bolthead_variables(PyObject *context) {
        PyObject *found = NULL;
        traverseproc traverse = Py_TYPE(context)->tp_traverse;
        if (traverse) traverse(context, bolthead_is_mapping, &found);
        return found;
    }
    /* What ``await`` iterates over; None where that is not for sure an iterator. */
    static PyObject *bolthead_iterator(PyObject *awaitable) {
        PyAsyncMethods *methods = Py_TYPE(awaitable)->tp_as_async;
        PyObject *iterator = Py_None;
        if (methods != NULL && methods->am_await != NULL) {
            iterator = methods->am_await(awaitable);
            if (iterator == NULL) return NULL;
            if (PyIter_Check(iterator)) return iterator;
            Py_DECREF(iterator);
            iterator = Py_None;
        }
        return Py_NewRef(iterator);
    }
    /* When there are no other threads yet. */
    static void bolthead_find_mapping(PyObject *context) {
        PyObject *found = bolthead_variables(context);
        if (found) bolthead_mapping = Py_TYPE(found);
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
    void bolthead_find_mapping(object context)
    object bolthead_iterator(object awaitable)
    object PyContext_Copy(object context)
    object PyContext_CopyCurrent()
    int PyContext_Enter(object context) except -1
    int PyContext_Exit(object context) except -1
    PyObject *bolthead_variables(object context)
    int bolthead_resume(object context, object coroutine, object value, PyObject **out) except -1

include "lookups.pxi"
include "reuse.pxi"
include "attributes.pxi"

bolthead_find_mapping(PyContext_CopyCurrent())

ENDED = type("Ended", (), {"__repr__": lambda self: "<ended>", "__slots__": ()})()
cdef object ended = ENDED

cdef object OBJECT_SETATTR = object.__setattr__
# Of the class given to `forward_slots`: where its slot for the value is, the names of its own attributes, and the
# second letters of those.
cdef object CLASS = None
cdef object CURRENT = "_get_current_object"
cdef Py_ssize_t offset = 0
cdef frozenset OWN = frozenset()
cdef char[128] SECONDS

Hooked = type("Hooked", (), {"__getattr__": lambda self, name: None})
bolthead_hooks(Hooked, "__getattr__", "__getattribute__", object.__getattribute__)


cdef class _ContextValue:
    def __cinit__(self, var=None, attr=None, message=None):
        self._var = var
        self._attr = attr
        self._message = message
        self._source.var = <PyObject *>var
        self._source.attr = <PyObject *>attr
        self._source.tag = 0

    def __call__(self):
        cdef PyObject *found = bolthead_look(&self._source)
        if found is NULL:
            raise RuntimeError(self._message)
        value = <object>found
        Py_XDECREF(found)
        return value


cpdef object context_value(object var, object attr, object message):
    return _ContextValue(var, attr, message)


cdef PyObject *asked(PyObject *proxy) except NULL:
    # A subclass, or the class of an earlier import of the package; or the slot is empty, or has something else.
    found = PyObject_GenericGetAttr(<object>proxy, CURRENT)()
    Py_INCREF(found)
    return <PyObject *>found


# By pointers, so that what is rare is not compiled into what is frequent.
cdef PyObject *(*ask)(PyObject *) except NULL
ask = asked


cdef inline bolthead_source *source_of(PyObject *proxy) noexcept:
    # NULL where the proxy itself must be asked.
    cdef PyObject *function
    if type(<object>proxy) is CLASS:
        function = bolthead_at(proxy, offset)
        if function is not NULL and type(<object>function) is _ContextValue:
            return &(<_ContextValue>function)._source
    return NULL


cdef inline PyObject *behind(PyObject *proxy) except? NULL:
    # A new reference to what is behind a proxy; NULL without an error where it is unbound.
    cdef bolthead_source *source = source_of(proxy)
    return ask(proxy) if source is NULL else bolthead_look(source)


cdef object unbound(PyObject *proxy):
    # The error for what `behind` does not find.
    raise RuntimeError((<_ContextValue>bolthead_at(proxy, offset))._message)


cpdef object current(object proxy):
    cdef PyObject *found = behind(<PyObject *>proxy)
    if found is NULL:
        unbound(<PyObject *>proxy)
    value = <object>found
    Py_XDECREF(found)
    return value


cdef PyObject *own_attribute(PyObject *proxy, PyObject *name) except? NULL:
    # An attribute of the proxy itself; NULL without an error where it has none.
    cdef object found
    if <object>name not in OWN:
        return NULL
    if <object>name == "__class__":
        # FAST (session-read): `isinstance` reads it.
        try:
            found = current(<object>proxy).__class__
        except RuntimeError:
            found = type(<object>proxy)
    else:
        try:
            found = PyObject_GenericGetAttr(<object>proxy, <object>name)
        except AttributeError:
            return NULL
    Py_INCREF(found)
    return <PyObject *>found


cdef PyObject *(*get_own)(PyObject *, PyObject *) except? NULL
get_own = own_attribute


cdef PyObject *get_attribute(PyObject *proxy, PyObject *name) except? NULL:
    cdef PyObject *own
    if bolthead_may_be_own(name, SECONDS):
        own = get_own(proxy, name)
        if own is not NULL:
            return own
    cdef PyObject *target = behind(proxy)
    if target is NULL:
        unbound(proxy)
    # FAST (page-methods): where there is no such attribute, as often in `g`, the error gets no frame of ours.
    cdef PyObject *found = bolthead_getattr(target, name)
    Py_XDECREF(target)
    return found


cdef int asked_truth(PyObject *proxy) except -1:
    cdef PyObject *target
    try:
        target = asked(proxy)
    except RuntimeError:
        return False
    cdef int answer = PyObject_IsTrue(target)
    Py_XDECREF(target)
    return answer


cdef int truth(PyObject *proxy) except -1:
    # What the class's `__bool__` does.
    cdef bolthead_source *source = source_of(proxy)
    if source is NULL:
        return asked_truth(proxy)
    cdef PyObject *target = bolthead_try(source)
    if target is NULL:
        return bolthead_unbound()
    cdef int answer = PyObject_IsTrue(target)
    Py_XDECREF(target)
    return answer


cdef int contains(PyObject *proxy, PyObject *item) except -1:
    # What the class's `__contains__` does.
    cdef PyObject *target = behind(proxy)
    if target is NULL:
        unbound(proxy)
    cdef int answer = PySequence_Contains(target, item)
    Py_XDECREF(target)
    return answer


cdef PyObject *get_item(PyObject *proxy, PyObject *key) except? NULL:
    # What the class's `__getitem__` does.
    cdef PyObject *target = behind(proxy)
    if target is NULL:
        unbound(proxy)
    cdef PyObject *found = PyObject_GetItem(target, key)
    Py_XDECREF(target)
    return found


cpdef object set_attribute(object proxy, object name, object value):
    found = current(proxy)
    # FAST (blueprint): in a class with a Python `__delattr__`, as that of `g`, the slot looks `__setattr__` up.
    if is_on(type(found), "__setattr__", OBJECT_SETATTR):
        PyObject_GenericSetAttr(found, name, value)
    else:
        setattr(found, name, value)


cpdef object attribute_or(object obj, object name, object default):
    # FAST (shares): ``getattr`` has a proxy make the error for what is not there.
    cdef PyTypeObject *cls = <PyTypeObject *>(<PyObject *>obj).ob_type
    if cls.tp_getattro is get_attribute and not bolthead_may_be_own(<PyObject *>name, SECONDS):
        return attribute_or(current(obj), name, default)
    if not bolthead_is_hooked(obj):
        return getattr(obj, name, default)
    cdef PyObject *found = bolthead_getattr(<PyObject *>obj, <PyObject *>name)
    if found is NULL:
        bolthead_no_attribute()
        return default
    value = <object>found
    Py_XDECREF(found)
    return value


cpdef object always_read(object obj, object name):
    return bolthead_always_read(obj, name)


cpdef object only_raises(object hook):
    bolthead_only_raises(hook)
    return hook


cpdef object forward_slots(object cls):
    global CLASS, OWN, offset
    CLASS = cls
    offset = bolthead_offset(cls._get_current_object)
    OWN = frozenset(dir(cls))
    for name in OWN:
        SECONDS[ord(name[1])] = True
    (<PyTypeObject *>cls).tp_getattro = get_attribute
    (<PyTypeObject *>cls).tp_as_number.nb_bool = truth
    (<PyTypeObject *>cls).tp_as_sequence.sq_contains = contains
    (<PyTypeObject *>cls).tp_as_mapping.mp_subscript = get_item
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
        # That of an awaitable which is no coroutine may be a mere iterator.
        send = getattr(self._iterator, "send", None)
        return next(self._iterator) if send is None else send(value)

    def throw(self, kind, value=None, traceback=None):
        error = kind if value is None else value
        throw = getattr(self._iterator, "throw", None)
        if throw is None:
            raise error
        return throw(error)

    def close(self):
        close = getattr(self._iterator, "close", None)
        if close is not None:
            close()


async def wait_for(awaitable):
    return await awaitable


cpdef object advance(object awaitable):
    cdef PyObject *out = NULL
    coroutine = awaitable
    if type(awaitable) is not CoroutineType:
        # FAST (servers): what granian gives is its own iterator; a coroutine around it takes longer than the message.
        iterator = bolthead_iterator(awaitable)
        coroutine = wait_for(awaitable) if iterator is None else iterator
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
    PyContextVar_Get(<PyObject *>var, NULL, &found)
    if found is NULL:
        return None
    value = <object>found
    Py_XDECREF(found)
    return value


cpdef object var_set(object var, object value):
    return PyContextVar_Set(var, value)


cpdef object var_reset(object var, object token):
    PyContextVar_Reset(var, token)
