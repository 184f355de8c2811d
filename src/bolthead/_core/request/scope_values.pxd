cdef class ScopeValues:
    cdef readonly str path
    cdef readonly bytes host
    cdef readonly bytes cookie
    cdef readonly object extensions

    cdef bint read(self, dict scope, bint websocket) except -1
    cdef bint read_headers(self, object headers, bint websocket) except -1
