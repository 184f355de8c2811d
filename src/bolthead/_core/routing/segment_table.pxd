cimport cython
from cpython.object cimport PyObject
from libc.stdint cimport uint64_t

cdef extern from *:
    """
    #if PY_VERSION_HEX < 0x030C0000
    #define BOLTHEAD_READY(text) PyUnicode_READY(text)
    #else
    #define BOLTHEAD_READY(text) 0
    #endif
    """
    int BOLTHEAD_READY(object text) except -1

cdef extern from "Python.h":
    int PyUnicode_KIND(object text)
    void *PyUnicode_DATA(object text)
    Py_ssize_t PyUnicode_GET_LENGTH(object text)
    unsigned int PyUnicode_READ(int kind, const void *data, Py_ssize_t at)
    str PyUnicode_Substring(object text, Py_ssize_t at, Py_ssize_t stop)
    char *PyBytes_AS_STRING(PyObject *some)
    PyObject *PyList_GET_ITEM(PyObject *some, Py_ssize_t at)
    Py_ssize_t PyList_GET_SIZE(PyObject *some)
    bint Py_UNICODE_ISDECIMAL(unsigned int letter)


cdef Py_ssize_t segment(int kind, const void *data, Py_ssize_t at, Py_ssize_t stop, uint64_t *hashed) noexcept
cdef bint equals_at(str text, int kind, const void *data, Py_ssize_t at) noexcept


@cython.final
cdef class SegmentTable:
    cdef str _text
    cdef object _child
    cdef list _slots
    cdef Py_ssize_t _used

    cpdef SegmentTable copy(self)
    cpdef object get(self, str text)
    cdef PyObject *child(self, str text) except? NULL
    cdef PyObject *find(self, int kind, const void *data, Py_ssize_t at, Py_ssize_t stop, uint64_t hashed) noexcept
