cimport cython

from bolthead._core.primitives.objects cimport new

cdef list _frames

@cython.locals(known=dict)
cpdef object spooled(object data)
cpdef object spooled_on_disk()
