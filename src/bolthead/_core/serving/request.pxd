cimport cython

from bolthead._core.serving.connection cimport Connection
from bolthead._core.serving.head cimport parse_head


cdef class Request:
    cdef public dict environ
    cdef public Py_ssize_t consumed
    cdef public object exact
    cdef public object source
    cdef public long long length
    cdef public object whole
    cdef public object announced
    cdef public object reached
    cdef public bint keep_alive
    cdef public bint expects
    cdef public bint modern


cdef class HeadReader:
    cdef public bint quick
    cdef public object exactly
    cdef public object too_large
    cdef public Py_ssize_t limit_line
    cdef public Py_ssize_t limit_fields
    cdef public Py_ssize_t limit_size
    cdef public Py_ssize_t largest
    cdef public list secure
    cdef public bint once
    cdef public Py_ssize_t small

    @cython.locals(environ=dict, request=Request, consumed=Py_ssize_t)
    cpdef Request read(self, bytes data, Connection connection)
    @cython.locals(environ=dict, path=str, modern=bint)
    cdef bint _finish(self, Request request, Connection connection, bytes data) except -1
    @cython.locals(environ=dict, found=tuple)
    cdef bint _finish_chunked(self, Request request, bytes data) except -1
    @cython.locals(key=str, value=str)
    cdef bint _finish_trusted(self, dict environ) except -1
    @cython.locals(request=Request)
    cdef Request _read_exactly(self, bytes data, Connection connection)


@cython.locals(end=Py_ssize_t, size=Py_ssize_t, digits=bytes, chunks=list)
cpdef tuple read_chunks(bytes data, Py_ssize_t at)
cpdef bint keeps_alive(str said, bint modern) except -1
