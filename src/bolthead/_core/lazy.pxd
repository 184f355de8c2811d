from bolthead._core.native cimport own_set


cdef class Lazy:
    cdef readonly object name
    cdef readonly object fill
    cdef readonly object doc
