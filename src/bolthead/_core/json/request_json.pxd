cimport cython

from bolthead._core.jsonread cimport parse
from bolthead._core.kept cimport Steps
from bolthead._core.native cimport var_get

cdef object LOADS
cdef object JSON
cdef object UNREAD


cdef class Known:
    cdef public object module
    cdef public Steps provider
    cdef public Steps request


cdef Known known

cpdef bint reads_plainly(object provider) except -1

@cython.locals(filled=dict)
cdef bint says_json(object request) except -1
