cimport cython

from bolthead._core.native cimport Watch


cdef class Seen:
    cdef Watch watch
    cdef bint kept


cdef class Steps:
    cdef list _names
    cdef list _others
    cdef list _stock
    cdef dict _seen

    cdef list _pairs(self, object cls)

    @cython.locals(seen=Seen)
    cpdef bint kept_by(self, object cls) except -1
    @cython.locals(seen=Seen, pairs=list, at=Py_ssize_t)
    cdef Seen _look(self, object cls)
