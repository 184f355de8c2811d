cimport cython
from bolthead._core.json.response_json cimport line_of
from bolthead._core.primitives.bytes_search cimport utf8
from bolthead._core.primitives.stock cimport Shipped, StockGuard
from bolthead._core.http.headers cimport bare_headers
from bolthead._core.response.bare cimport bare_response
from bolthead._core.response.error_page cimport error_response
from bolthead._core.response.send cimport send
from bolthead._core.response.status cimport asgi_content_type, content_type_header, length_of, status_text

cdef Shipped shipped

cdef object SENDERS
cdef StockGuard FILL
cdef StockGuard SET_DATA


cdef class Responses:
    cdef public object cls
    cdef public bint stock_init
    cdef public bint stock_send
    cdef public bint sets_length
    cdef public object code
    cdef public tuple header
    cdef public tuple asgi_header
    cdef public object status

    @cython.locals(pairs=list)
    cpdef object whole(self, bytes body, tuple header)
    cpdef object send_whole(self, bytes body, tuple header, object environ, object start_response)
    cpdef object make(self, object app, object request, object rv)
    cpdef object send(self, object response, object environ, object start_response)


@cython.locals(body=bytes, pairs=list)
cpdef object redirection(object cls, object location, object code)
cdef object with_status_and_headers(object response, object status, object headers)
cdef object make_any(object cls, object app, object request, object rv)
