cimport cython

from bolthead._core.primitives.system cimport chunk, position, read_file
from bolthead._core.serving.connection cimport Connection
from bolthead._core.serving.head cimport usual_lines


cdef class Clock:
    cdef public double begin
    cdef public double end
    cdef public str line

    @cython.locals(now=double)
    cpdef str date(self)


cdef class Response:
    cdef public object server
    cdef public Connection connection
    cdef public bint modern
    cdef public bint head_only
    cdef public bint close
    cdef public object status
    cdef public dict names
    cdef public dict statuses
    cdef public int code
    cdef public object headers
    cdef public str lines
    cdef public object length
    cdef public bint chunked
    cdef public bint bodyless
    cdef public bint own_date
    cdef public bint upgrade
    cdef public bint head_sent
    cdef public long long sent

    @cython.locals(lines=list, names=dict, kind=int, value=str)
    cdef int _read_headers(self, object headers, int code) except -1
    cpdef write(self, object data)
    @cython.locals(tail=str)
    cpdef bytes head(self)
    cpdef int send_all(self, object pieces) except -1
    @cython.locals(fileno=int, content=bytes)
    cpdef bint send_file(self, object wrapper) except -1
    cpdef bint complete(self) except -1
