cimport cython
from cpython.object cimport PyObject
from libc.stdint cimport uint64_t

from bolthead._core.tree cimport Leaf, Tree


@cython.final
cdef class Fan:
    cdef str _text
    cdef object _child
    cdef list _slots
    cdef Py_ssize_t _used

    cpdef object get(self, str text)
    cdef PyObject *find(self, int kind, const void *data, Py_ssize_t at, Py_ssize_t stop, uint64_t hashed) noexcept


cpdef Leaf exact(Tree tree, str domain, str path, object method, bint websocket)
cpdef tuple search(Tree tree, str domain, str path, object method, bint websocket)
cpdef tuple route(Tree tree, str domain, str path, object method, bint websocket)
