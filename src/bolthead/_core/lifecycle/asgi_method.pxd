cimport cython

# `_driver` stays in the module's dictionary: without the GIL, several event loops may be the first at once.

cdef class Driver:
    cdef object run(self, object app, object scope, object receive, object send)


@cython.locals(found=Driver)
cdef object driven(object app, object scope, object receive, object send)


cdef class AsgiMethod:
    cdef readonly object method
    cdef object _app
    cdef bint _direct
    cdef dict __dict__
