cimport cython

from bolthead._core.http.cookies cimport parse_cookie_pairs
from bolthead._core.primitives.objects cimport bare, is_on, own_set
from bolthead._core.http.query cimport multi_dict, parse_pairs


cdef class LazyAttribute:
    cdef readonly object name
    cdef readonly object fget


cdef class RequestFillers:
    cdef readonly object view
    cdef readonly object multi_dicts
    cdef readonly object errors
    cdef public object query


cpdef object endpoint_of(object request)
@cython.locals(text=str, at=Py_ssize_t)
cpdef object blueprint_of(object request)
