cpdef bytes receive(int fd, Py_ssize_t size)
cpdef Py_ssize_t send(int fd, bytes data) except -1
cpdef Py_ssize_t send_both(int fd, bytes head, bytes body) except -1
cpdef Py_ssize_t send_chunk(int fd, bytes data) except -1
cpdef tuple open_cached(str path)
cpdef int close_file(int fd) except -1
cpdef bytes read_file(int fd, Py_ssize_t size, long long offset)
cpdef long long position(int fd) except -1
cpdef bytes chunk(bytes data)
cdef int frame(char *buffer, Py_ssize_t size) noexcept
cdef Py_ssize_t _send(int fd, char *one, Py_ssize_t size, char *two, Py_ssize_t more) except -1


cdef class Epoll:
    cdef int _fd

    cpdef list ready(self, int most)
    cpdef int arm(self, int fd, unsigned int events) except -1
    cpdef int add(self, int fd, unsigned int events) except -1
