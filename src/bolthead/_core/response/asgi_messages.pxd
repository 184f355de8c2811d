cimport cython

from bolthead._core.response.status cimport length_of

cdef dict _NAMES
cdef dict _TYPES

cdef bytes name_of(str name)

@cython.locals(headers=list, name=str, value=str)
cpdef dict start_message(object status, object pairs)
@cython.locals(kind=tuple)
cpdef list whole_headers(str content_type, bytes body)
cpdef dict body_message(object body, bint more)
