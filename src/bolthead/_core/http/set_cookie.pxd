from bolthead._core.primitives.bytes_search cimport cookie_quoted, not_token
from bolthead._core.primitives.class_watch cimport StockFunctions

cdef StockFunctions _COOKIE_FUNCTIONS
cdef dict _dates

cpdef str date_of(object second)
cpdef str simple_cookie(
    object key, object value, object max_age, object path, object secure, object httponly, object samesite,
    double now
)
