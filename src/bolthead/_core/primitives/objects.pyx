"""The compiled twin of ``native.py``; ``tests/core/test_native.py`` holds the two together."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.dict cimport PyDict_GetItemWithError, PyDict_SetItem
from cpython.object cimport PyObject, PyObject_GenericSetAttr
from cpython.ref cimport Py_XDECREF
from libc.string cimport memchr, memcmp, memset

import sys
from copy import deepcopy
from functools import partial

cdef extern from *:
    """
    /* The tag names one state of a class and of all its bases. CPython sets it anew on the first look-up after
       any of them changed, and never gives a tag out twice. 0: there is none, so nothing is known. From 3.13 on
       the tag alone says so, and the flag is never set. */
    static CYTHON_INLINE unsigned int bolthead_type_tag(PyObject *cls) {
    #if CYTHON_COMPILING_IN_CPYTHON && !defined(Py_GIL_DISABLED)
        if (!PyType_Check(cls)) return 0;
    #if PY_VERSION_HEX < 0x030D0000
        if (!PyType_HasFeature((PyTypeObject *)cls, Py_TPFLAGS_VALID_VERSION_TAG)) return 0;
    #endif
        return ((PyTypeObject *)cls)->tp_version_tag;
    #else
        return 0;
    #endif
    }

    /* What object.__new__ does is in the slot, also for a class that overrides it. */
    static CYTHON_INLINE PyObject *bolthead_new(PyObject *cls, PyObject *no_arguments) {
        return ((PyTypeObject *)cls)->tp_new((PyTypeObject *)cls, no_arguments, NULL);
    }

    /* The interpreter's own look-up of every attribute, which gives what it finds unbound. Borrowed. */
    static CYTHON_INLINE PyObject *bolthead_lookup(PyObject *cls, PyObject *name) {
    #if CYTHON_COMPILING_IN_CPYTHON && !defined(Py_GIL_DISABLED)
        if (PyType_Check(cls)) return _PyType_Lookup((PyTypeObject *)cls, name);
    #endif
        return NULL;
    }

    static CYTHON_INLINE int bolthead_is_function(PyObject *func) {
        return Py_TYPE(func) == &PyFunction_Type;
    }

    static CYTHON_INLINE int bolthead_function_flags(PyObject *func) {
        return ((PyCodeObject *)PyFunction_GET_CODE(func))->co_flags;
    }
    """
    unsigned int bolthead_type_tag(object cls)
    PyObject *bolthead_lookup(object cls, object name)
    object bolthead_new(object cls, object no_arguments)
    bint bolthead_is_function(object func)
    int bolthead_function_flags(object func)

cdef extern from "Python.h":
    bint PyUnicode_IS_ASCII(object text)
    const unsigned char *PyUnicode_1BYTE_DATA(object text)
    int PyContextVar_Get(object var, PyObject *default, PyObject **value) except -1
    object PyContextVar_Set(object var, object value)
    int PyContextVar_Reset(object var, object token) except -1
    const char *PyUnicode_AsUTF8AndSize(object text, Py_ssize_t *size) except NULL
    object PyUnicode_DecodeUTF8(const char *data, Py_ssize_t size, const char *errors)


cdef object _MISSING = object()
cdef object OBJECT_SETATTR = object.__setattr__
cdef int CO_COROUTINE = 0x80
cdef bint MARKS = sys.version_info >= (3, 12)


cdef class Watch:
    def __init__(self, pairs):
        self._seen = [(cls, name, getattr(cls, name, _MISSING)) for cls, name in pairs]
        self._classes = list(dict.fromkeys([cls for cls, name, value in self._seen]))
        self._count = len(self._classes)
        if self._count <= 8:
            self._stamp()

    cdef void _stamp(self):
        cdef int index
        for index in range(self._count):
            self._tags[index] = bolthead_type_tag(self._classes[index])

    cpdef bint intact(self):
        cdef int index
        cdef unsigned int tag
        # There is no room for the tags of more classes; the attributes of those are looked at each time.
        if self._count <= 8:
            for index in range(self._count):
                tag = bolthead_type_tag(self._classes[index])
                if tag == 0 or tag != self._tags[index]:
                    break
            else:
                return True
        # The look-ups also make CPython tag the classes again, so stamp after them.
        for cls, name, value in self._seen:
            if getattr(cls, name, _MISSING) is not value:
                return False
        if self._count <= 8:
            self._stamp()
        return True


cdef class Forward:
    def __init__(self, var, attr, message):
        self._var = var
        self._attr = attr
        self._message = message

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

    def __getattribute__(self, name):
        if name == "_get_current_object":
            return self._lookup()
        try:
            found = self.fetch()
        except RuntimeError:
            if name == "__class__":
                return type(self)
            if name == "__doc__":
                return type(self).__doc__
            if name == "__wrapped__":
                return self._lookup()
            raise
        try:
            return getattr(found, name)
        except AttributeError:
            if name == "__deepcopy__":
                return partial(deepcopy, found)
            raise

    def __setattr__(self, name, value):
        found = self.fetch()
        # FAST: blueprint; a class with an own `__delattr__`, as that of `g`, sets attributes by a detour.
        if is_on(type(found), "__setattr__", OBJECT_SETATTR):
            PyObject_GenericSetAttr(found, name, value)
        else:
            setattr(found, name, value)

    def __delattr__(self, name):
        delattr(self.fetch(), name)

    cdef object _lookup(self):
        def lookup():
            return self.fetch()
        return lookup


cpdef object current(Forward proxy):
    return proxy.fetch()


# The second argument is for the twin, where this is the variable's own function.
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


cpdef object new(object cls):
    if not isinstance(cls, type):
        return cls.__new__(cls)
    return bolthead_new(cls, ())


cpdef bint is_on(object cls, object name, object value) except -1:
    cdef PyObject *found = bolthead_lookup(cls, name)
    return <PyObject *>value is found if found is not NULL else getattr(cls, name, None) is value


cpdef object bare(object cls):
    return new(cls)


cpdef object bare_dict(object cls):
    return new(cls)


cpdef bint is_plain(object func):
    if not bolthead_is_function(func) or bolthead_function_flags(func) & CO_COROUTINE:
        return False
    return not (MARKS and "_is_coroutine_mark" in func.__dict__)


cpdef object own_set(object instance, object name, object value):
    PyObject_GenericSetAttr(instance, name, value)


cpdef object own_item(object mapping, object key):
    cdef PyObject *found = PyDict_GetItemWithError(mapping, key)
    return None if found is NULL else <object>found


cpdef object add_pairs(object mapping, list pairs):
    cdef PyObject *found
    cdef tuple pair
    for pair in pairs:
        found = PyDict_GetItemWithError(mapping, pair[0])
        if found is NULL:
            PyDict_SetItem(mapping, pair[0], [pair[1]])
        else:
            (<list>found).append(pair[1])


# A table of ASCII: what the pattern of the twin admits.
cdef unsigned char[128] _PLAIN
for _letter in range(128):
    _PLAIN[_letter] = chr(_letter).isalnum() or chr(_letter) in "_.-~!$'()*,/:@"


cpdef bint unsafe(str text) except -1:
    cdef const unsigned char *letters
    cdef Py_ssize_t at
    if text is None:
        raise TypeError("expected str, got None")
    if not PyUnicode_IS_ASCII(text):
        return True
    letters = PyUnicode_1BYTE_DATA(text)
    for at in range(len(text)):
        if not _PLAIN[letters[at]]:
            return True
    return False


cpdef Py_ssize_t find_byte(bytes data, int byte, Py_ssize_t start, Py_ssize_t stop) except -2:
    cdef char *begin
    cdef char *found
    if start < 0 or stop > len(data):
        raise ValueError("out of range")
    if start >= stop:
        return -1
    begin = PyBytes_AS_STRING(data)
    found = <char *>memchr(begin + start, byte, stop - start)
    return -1 if found is NULL else found - begin


cpdef bytes cut(bytes data, Py_ssize_t start, Py_ssize_t stop):
    if not 0 <= start <= stop <= len(data):
        raise ValueError("out of range")
    return PyBytes_FromStringAndSize(PyBytes_AS_STRING(data) + start, stop - start)


cdef inline int _hex(unsigned char byte) noexcept:
    if 48 <= byte <= 57:
        return byte - 48
    byte |= 32
    return byte - 87 if 97 <= byte <= 102 else 16


cpdef object unescape(str text, str errors):
    cdef Py_ssize_t size, at, end
    cdef const unsigned char *here
    cdef unsigned char *out
    cdef unsigned char byte
    cdef int high, low
    if not text.isascii() and "%" not in text:
        return text
    here = <const unsigned char *>PyUnicode_AsUTF8AndSize(text, &size)
    if memchr(here, 37, size) is NULL:
        return text
    made = PyBytes_FromStringAndSize(NULL, size)
    out = <unsigned char *>PyBytes_AS_STRING(made)
    at = end = 0
    while at < size:
        byte = here[at]
        if byte == 37 and at + 2 < size:
            high = _hex(here[at + 1])
            low = _hex(here[at + 2])
            if high < 16 and low < 16:
                byte = <unsigned char>(high << 4 | low)
                at += 2
        out[end] = byte
        end += 1
        at += 1
    return PyUnicode_DecodeUTF8(<char *>out, end, PyUnicode_AsUTF8AndSize(errors, NULL))


cdef inline Py_ssize_t pair(const unsigned char *at) noexcept:
    return (at[0] ^ (at[-1] << 2)) & (PAIRS - 1)


cdef class Finder:
    def __init__(self, bytes token):
        # By Horspool, with pairs of bytes: the pair under the token's last one moves on by as much as it allows; 0 asks
        # for a comparison. Pairs share a place here and there, which costs a shorter step.
        cdef Py_ssize_t at
        cdef Py_ssize_t size = len(token)
        cdef const unsigned char *wanted = token
        self._token = token
        self._size = size
        if 1 < size < 256:
            memset(self._skip, <int>(size - 1), PAIRS)
            for at in range(1, size - 1):
                self._skip[pair(wanted + at)] = <unsigned char>(size - 1 - at)
            self._again = self._skip[pair(wanted + size - 1)]
            self._skip[pair(wanted + size - 1)] = 0

    cpdef Py_ssize_t find(self, bytes data, Py_ssize_t start) except -2:
        cdef Py_ssize_t size = self._size
        cdef Py_ssize_t last = len(data) - size
        cdef Py_ssize_t step = size - 1
        cdef const unsigned char *here = <const unsigned char *>data + step
        cdef const unsigned char *wanted = self._token
        cdef const unsigned char *skip = self._skip
        cdef unsigned char found
        if start < 0:
            raise ValueError("out of range")
        if not 1 < size < 256:
            # Its worst case grows with the token, which the standard search's does not.
            return data.find(self._token, start)
        while start <= last:
            # FAST: bodies; while none of four pairs is in the token, four steps in one that do not wait for each other.
            while start <= last - 4 * step and (
                skip[pair(here + start)]
                & skip[pair(here + start + step)]
                & skip[pair(here + start + 2 * step)]
                & skip[pair(here + start + 3 * step)]
            ) == step:
                start += 4 * step
            found = skip[pair(here + start)]
            if found == 0:
                if memcmp(here + start - step, wanted, size) == 0:
                    return start
                found = self._again
            start += found
        return -1
