"""The compiled version of ``system.py``."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.exc cimport PyErr_CheckSignals, PyErr_SetFromErrno
from libc.errno cimport EAGAIN, EINTR, errno
from libc.string cimport memcpy

cdef extern from *:
    """
    #if defined(_WIN32)
    /* The server does not run there. */
    typedef Py_ssize_t bolthead_size;
    static bolthead_size bolthead_recv(int fd, void *buffer, size_t size) { errno = ENOSYS; return -1; }
    static bolthead_size bolthead_send(int fd, void *one, size_t size, void *two, size_t more) {
        errno = ENOSYS;
        return -1;
    }
    static int bolthead_close(int fd) { return 0; }
    #else
    #include <sys/types.h>
    #include <sys/socket.h>
    #include <sys/uio.h>
    #include <unistd.h>
    #ifndef MSG_NOSIGNAL
    #define MSG_NOSIGNAL 0
    #endif
    static ssize_t bolthead_recv(int fd, void *buffer, size_t size) {
        return recv(fd, buffer, size, MSG_DONTWAIT);
    }
    /* One piece, or two. */
    static ssize_t bolthead_send(int fd, void *one, size_t size, void *two, size_t more) {
        struct iovec pieces[2] = {{one, size}, {two, more}};
        struct msghdr message = {0};
        if (!more) return send(fd, one, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        message.msg_iov = pieces;
        message.msg_iovlen = 2;
        return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    static int bolthead_close(int fd) { return close(fd); }
    #endif
    #include <time.h>

    #if defined(__linux__)
    #include <sys/epoll.h>
    static int bolthead_epoll(void) { return epoll_create1(EPOLL_CLOEXEC); }
    static int bolthead_control(int poll, int operation, int fd, unsigned int events) {
        static const int operations[] = {EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL};
        struct epoll_event event = {0};
        event.events = events;
        event.data.fd = fd;
        return epoll_ctl(poll, operations[operation], fd, &event);
    }
    /* The descriptors with an event, see system.py; *milliseconds* as epoll_wait takes it. */
    static int bolthead_wait(int poll, int *found, int most, int milliseconds) {
        struct epoll_event events[64];
        int count = epoll_wait(poll, events, most < 64 ? most : 64, milliseconds);
        for (int at = 0; at < count; at++) {
            int fd = events[at].data.fd;
            found[at] = events[at].events & ~(EPOLLIN | EPOLLOUT) ? ~fd : fd;
        }
        return count;
    }
    static double bolthead_now(void) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec + now.tv_nsec * 1e-9;
    }
    #else
    static double bolthead_now(void) { return 0; }
    static int bolthead_epoll(void) { errno = ENOSYS; return -1; }
    static int bolthead_control(int poll, int operation, int fd, unsigned int events) { errno = ENOSYS; return -1; }
    static int bolthead_wait(int poll, int *found, int most, int milliseconds) { errno = ENOSYS; return -1; }
    #endif
    """
    Py_ssize_t bolthead_recv(int fd, void *buffer, size_t size) nogil
    Py_ssize_t bolthead_send(int fd, void *one, size_t size, void *two, size_t more) nogil
    int bolthead_close(int fd) nogil
    int bolthead_epoll() nogil
    int bolthead_control(int poll, int operation, int fd, unsigned int events) nogil
    int bolthead_wait(int poll, int *found, int most, int milliseconds) nogil
    double bolthead_now() nogil


cdef enum:
    # What a stack of any size has room for.
    USUAL = 16384
    MOST = 64


cdef Py_ssize_t _recv(int fd, char *buffer, Py_ssize_t size) except -2:
    """How many bytes came, -1 where nothing has come."""
    cdef Py_ssize_t count
    while True:
        count = bolthead_recv(fd, buffer, size)
        if count >= 0:
            return count
        if errno == EAGAIN:
            return -1
        if errno != EINTR:
            PyErr_SetFromErrno(OSError)
        PyErr_CheckSignals()


cpdef bytes receive(int fd, Py_ssize_t size):
    cdef char buffer[USUAL]
    cdef Py_ssize_t count, more
    cdef bytes found
    count = _recv(fd, buffer, min(size, USUAL))
    if count < 0:
        return None
    if count < USUAL or size <= USUAL:
        return PyBytes_FromStringAndSize(buffer, count)
    # Much is coming.
    found = PyBytes_FromStringAndSize(NULL, size)
    memcpy(PyBytes_AS_STRING(found), buffer, USUAL)
    more = _recv(fd, PyBytes_AS_STRING(found) + USUAL, size - USUAL)
    return found if more == size - USUAL else found[:USUAL + max(more, 0)]


cpdef Py_ssize_t send(int fd, bytes data) except -1:
    return send_both(fd, data, b"")


cpdef Py_ssize_t send_both(int fd, bytes head, bytes body) except -1:
    cdef Py_ssize_t count
    while True:
        count = bolthead_send(fd, PyBytes_AS_STRING(head), len(head), PyBytes_AS_STRING(body), len(body))
        if count >= 0:
            return count
        if errno == EAGAIN:
            return 0
        if errno != EINTR:
            PyErr_SetFromErrno(OSError)
        PyErr_CheckSignals()


cdef list _listed(int *found, int count):
    cdef int at
    if count < 0:
        if errno != EINTR:
            PyErr_SetFromErrno(OSError)
        return []
    return [found[at] for at in range(count)]


cdef class Epoll:
    def __cinit__(self):
        self._fd = -1

    def __init__(self):
        self._fd = bolthead_epoll()
        if self._fd < 0:
            PyErr_SetFromErrno(OSError)

    def __dealloc__(self):
        self.close()

    def fileno(self):
        return self._fd

    cpdef int add(self, int fd, unsigned int events) except -1:
        if bolthead_control(self._fd, 0, fd, events) < 0:
            PyErr_SetFromErrno(OSError)
        return 0

    cpdef int arm(self, int fd, unsigned int events) except -1:
        if bolthead_control(self._fd, 1, fd, events) < 0:
            PyErr_SetFromErrno(OSError)
        return 0

    def remove(self, int fd):
        if bolthead_control(self._fd, 2, fd, 0) < 0:
            PyErr_SetFromErrno(OSError)

    cpdef list ready(self, int most):
        cdef int found[MOST]
        return _listed(found, bolthead_wait(self._fd, found, most, 0))

    def wait(self, int most):
        cdef int found[MOST]
        cdef int count
        with nogil:
            count = bolthead_wait(self._fd, found, most, -1)
        return _listed(found, count)

    def turn(self, int milliseconds):
        cdef int found[1]
        cdef double woken
        with nogil:
            bolthead_wait(self._fd, found, 1, milliseconds)
            woken = bolthead_now()
        return bolthead_now() - woken

    def close(self):
        if self._fd >= 0:
            bolthead_close(self._fd)
            self._fd = -1
