cimport cython

from bolthead._core.serving.connection cimport Connection


cdef class Request:
    cdef public dict environ
    cdef public Py_ssize_t consumed
    cdef public object exact
    cdef public object source
    cdef public Py_ssize_t length
    cdef public bint keep_alive
    cdef public bint expects
    cdef public bint modern


cdef class HeadReader:
    cdef public object parse
    cdef public object exactly
    cdef public object too_large
    cdef public dict base
    cdef public object incomplete
    cdef public object refused
    cdef public object limit_line
    cdef public object limit_fields
    cdef public object limit_size
    cdef public Py_ssize_t largest
    cdef public list secure
    cdef public bint drops_underscores
    cdef public bint once

    @cython.locals(environ=dict, request=Request)
    cpdef Request read(self, bytes data, Connection connection)
    @cython.locals(environ=dict, path=str, query=str, method=str, modern=bint)
    cdef bint _finish(self, Request request, bytes data, Connection connection) except -1
    @cython.locals(key=str, value=str, pair=tuple)
    cdef bint _finish_trusted(self, dict environ, bytes data, Py_ssize_t consumed) except -1


cpdef bint keeps_alive(str said, bint modern) except -1
