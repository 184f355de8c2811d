# `_driver` stays in the module's dictionary: without the GIL, several event loops may be the first at once.

cdef class AsgiMethod:
    cdef readonly object method
    cdef object _app
    cdef bint _direct
    cdef dict __dict__
