cdef class AsgiMethod:
    cdef readonly object method
    cdef dict __dict__
