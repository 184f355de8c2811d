cimport cython

from bolthead._core.primitives.objects cimport Template
from bolthead._core.response.status cimport length_of

cdef dict _NAMES
cdef Template _START
cdef Template _BODY
cdef Py_ssize_t BODY_KEPT
cdef object OK
cdef list _LENGTHS
cdef Py_ssize_t LENGTHS_CACHED

cdef bytes name_of(str name)

@cython.locals(headers=list, name=str, value=str)
cpdef dict start_message(object status, object pairs)
@cython.locals(length=tuple, size=cython.Py_ssize_t)
cpdef list whole_headers(tuple kind, bytes body)
@cython.locals(message=dict)
cpdef dict start_with(object status, list headers)
@cython.locals(message=dict)
cpdef dict body_message(object body, bint more)
cpdef object sent_start(dict message)
cpdef object sent_body(dict message, bytes body)
