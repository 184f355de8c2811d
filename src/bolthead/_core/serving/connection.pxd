cimport cython

from bolthead._core.primitives.system cimport chunk, receive, send, send_both, send_chunk
from bolthead._core.serving.joined cimport Joined


cdef class FilePart:
    cdef public int fileno
    cdef public object offset
    cdef public object count


cdef class Held:
    cdef public Py_ssize_t total


cdef class Connection:
    cdef public object sock
    cdef public int fd
    cdef public object peer
    cdef public str address
    cdef public str port
    cdef public object site
    cdef public bint trusted
    cdef public int state
    cdef public object data
    cdef public object pending
    cdef public object out
    cdef public object kept
    cdef public Py_ssize_t in_memory
    cdef public long long taken
    cdef public double slow_since
    cdef public Joined joined
    cdef public double piece_at
    cdef public Py_ssize_t count
    cdef public int tries
    cdef public double started
    cdef public double deadline
    cdef public dict proxied
    cdef public bint closing
    cdef public unsigned int armed
    cdef public bint drained
    cdef public bint missed
    cdef public bint doubtful
    cdef public dict shared
    cdef public bint tls
    cdef public bint handed_over

    @cython.locals(came=bytes)
    cpdef bytes receive(self)
    cdef int _check_open(self) except -1
    @cython.locals(sent=Py_ssize_t)
    cpdef int send(self, bytes data) except -1
    @cython.locals(left=Py_ssize_t, before=double)
    cpdef send_piece(self, bytes data, bint chunked)
    @cython.locals(joined=Joined, left=bytes)
    cpdef send_joined(self)
    cdef int _keep(self, object piece) except -1
    cdef int _count(self, Py_ssize_t more) except -1
    cpdef bint flush(self) except -1
    cpdef double write_deadline(self, double now, double patience, double rate) except -1
    cdef bint _flush_file(self, FilePart part) except -1
