cimport cython

from bolthead._core.primitives.stock cimport Shipped
from bolthead._core.json.writer cimport Writer

cdef Shipped shipped

cdef object RESPONSE
cdef object DUMPS
cdef object PREPARE

cpdef Writer writer_of(object provider, bint compact)

@cython.locals(own=dict)
cpdef object line_of(object provider, object app, object obj)
