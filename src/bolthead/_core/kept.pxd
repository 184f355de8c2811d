cimport cython

from bolthead._core.native cimport Watch


cdef class Seen:
    cdef Watch watch
    cdef bint kept


cdef class Steps:
    cdef dict _values
    cdef dict _seen

    @cython.locals(seen=Seen)
    cpdef bint kept_by(self, object cls) except -1
    @cython.locals(seen=Seen)
    cdef Seen _look(self, object cls)
