cimport cython

from bolthead._core.primitives.stock cimport Shipped, StockGuard
from bolthead._core.response.bare cimport bare_response
from bolthead._core.response.status cimport length_of, status_text

cdef Shipped shipped

cdef dict HTTP_STATUS_CODES
cdef StockGuard CALL
cdef StockGuard HEADERS
cdef StockGuard ALLOW
cdef StockGuard STOCK_TEXT

@cython.locals(code=object, pairs=list, body=bytes, allow=str, key=tuple)
cpdef object error_response(object cls, object error, object environ)
cdef bint is_iterator(object kind, object error) except -1
