cdef class Joined:
    cdef void *_stream

    cpdef bint add(self, bytes data, bint chunked) except -1
    cpdef bytes end(self)
