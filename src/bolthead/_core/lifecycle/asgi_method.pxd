cdef object _driver


cdef class AsgiMethod:
    cdef readonly object method
    cdef object _app
    cdef bint _direct
    cdef dict __dict__
