from bolthead._core.primitives.objects cimport new

cdef dict _frame

cpdef object spooled(object data)
cpdef object spooled_on_disk()
