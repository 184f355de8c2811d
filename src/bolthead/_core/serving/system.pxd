cpdef bytes receive(int fd, Py_ssize_t size)
cpdef Py_ssize_t send(int fd, bytes data) except -1
cpdef Py_ssize_t send_both(int fd, bytes head, bytes body) except -1


cdef class Epoll:
    cdef int _fd

    cpdef list ready(self, int most)
    cpdef int arm(self, int fd, unsigned int events) except -1
    cpdef int add(self, int fd, unsigned int events) except -1
