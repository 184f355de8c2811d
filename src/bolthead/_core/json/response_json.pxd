cimport cython

from bolthead._core.jsonwrite cimport Writer
from bolthead._core.kept cimport Steps

cdef object RESPONSE
cdef object DUMPS
cdef object PREPARE


cdef class Known:
    cdef public Steps provider
    cdef public Steps app


cdef Known known

cpdef Writer writer_of(object provider, bint compact)

@cython.locals(own=dict)
cpdef object line_of(object provider, object app, object obj)
