cpdef bytes utf8(str text)
cpdef object join(list pieces)
cpdef bint unsafe(str text) except -1
cpdef Py_ssize_t token_end(str text, Py_ssize_t at, Py_ssize_t size) except -1
cpdef bint not_token(str text) except -1
cpdef bint cookie_quoted(str text) except -1
cpdef long long ascii_number(str text) except -2
cpdef bint is_literal(bytes data, Py_ssize_t start, Py_ssize_t stop) except -1
cpdef Py_ssize_t find_byte(bytes data, int byte, Py_ssize_t start, Py_ssize_t stop) except -2
cpdef bytes cut(bytes data, Py_ssize_t start, Py_ssize_t stop)
cpdef object unescape(str text, str errors)


cdef class ScopeValues:
    cdef readonly str path
    cdef readonly bytes host
    cdef readonly bytes cookie
    cdef readonly object extensions

    cdef bint read(self, dict scope, bint websocket) except -1
    cdef bint read_headers(self, object headers, bint websocket) except -1


cdef enum:
    PAIRS = 1024


cdef class Finder:
    cdef bytes _token
    cdef Py_ssize_t _size
    cdef unsigned char _skip[PAIRS]
    cdef unsigned char _again

    cpdef Py_ssize_t find(self, bytes data, Py_ssize_t start) except -2
