from bolthead._core.cookies cimport parse_cookie_pairs
from bolthead._core.native cimport bare, is_on, own_set
from bolthead._core.query cimport multi_dict, parse_pairs


cdef class Lazy:
    cdef readonly object name
    cdef readonly object fill


cdef class Fills:
    cdef readonly object view
    cdef readonly object plain
    cdef readonly object errors
    cdef public object query
