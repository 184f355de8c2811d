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
    cdef public double reported


cdef class Queue:
    cdef public object taken
    cdef public Py_ssize_t threads
    cdef public Py_ssize_t turns
    cdef public Py_ssize_t inside
    cdef public bint coming


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
    cdef public Queue queue
    cdef public bint once
    cdef public bint edge
    cdef public HeadReader reader
    cdef public object rules
    cdef public object file_wrapper

    @cython.locals(_=int, queue=Queue, event=int, fd=int, turn=Py_ssize_t, doubtful=bint, connection=Connection)
    cpdef take_turns(self, Seat seat)
    cdef int _attend(self, Connection connection, Seat seat) except -1
    @cython.locals(fd=int, known="unsigned int", found=Connection, doubt=bint)
    cpdef int park(self, Connection connection, unsigned int wanted) except -1
    @cython.locals(data=bytes)
    cdef int _read(self, Connection connection, Seat seat) except -1
    @cython.locals(_=int, request=Request, size=cython.longlong)
    cdef int _requests(self, Connection connection, bytes data, Seat seat) except -1
    @cython.locals(environ=dict, response=Response)
    cdef bint _answer(self, Connection connection, Request request, object body, Seat seat) except -1
    @cython.locals(broken=bint)
    cdef int _run(self, dict environ, Response response, object body) except -1
    @cython.locals(closing=bint)
    cdef bint _after(self, Connection connection, Request request, Response response, object body) except -1
