cimport cython

from bolthead._core.serving.connection cimport Connection
from bolthead._core.serving.request cimport HeadReader, Request
from bolthead._core.serving.response cimport Response


cdef class Seat:
    cdef public Connection connection
    cdef public dict environ
    cdef public double since
    cdef public object ident
    cdef public Py_ssize_t turn
    cdef public bint reported


cdef class Turns:
    cdef public dict waiting
    cdef public bint stopping
    cdef public bint ended
    cdef public Py_ssize_t answered
    cdef public Py_ssize_t max_requests
    cdef public double keepalive
    cdef public double now
    cdef public object app
    cdef public object log
    cdef public object observer
    cdef public object options
    cdef public object poller
    cdef public bint armed_for_good
    cdef public HeadReader reader
    cdef public object rules
    cdef public object file_wrapper

    cpdef int park(self, Connection connection, int wanted) except -1
    @cython.locals(data=bytes)
    cdef int _read(self, Connection connection, Seat seat) except -1
    @cython.locals(request=Request)
    cdef int _requests(self, Connection connection, bytes data, Seat seat) except -1
    @cython.locals(environ=dict, response=Response)
    cdef bint _answer(self, Connection connection, Request request, object body, Seat seat) except -1
    @cython.locals(broken=bint)
    cdef int _run(self, dict environ, Response response, object body) except -1
    @cython.locals(closing=bint)
    cdef bint _after(self, Connection connection, Request request, Response response, object body) except -1
