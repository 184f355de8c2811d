"""The compiled version of ``system.py``."""

import os

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.exc cimport PyErr_CheckSignals, PyErr_SetFromErrno
from libc.errno cimport EAGAIN, EINTR, ENOENT, errno
from libc.string cimport memcpy, strlen

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
    static long long bolthead_position(int fd) { errno = ENOSYS; return -1; }
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
    static long long bolthead_position(int fd) { return lseek(fd, 0, SEEK_CUR); }
    #endif
    #include <time.h>

    #if defined(__linux__)
    #include <fcntl.h>
    #include <sys/epoll.h>
    #include <sys/stat.h>
    #include <sys/syscall.h>
    #if !defined(SYS_openat2) && !defined(__alpha__)
    #define SYS_openat2 437
    #endif
    /* Linux 5.12, and where a sandbox allows it. */
    static int bolthead_open(const char *path, double *time, long long *size) {
        static int missing = 0;
        struct { unsigned long long flags, mode, resolve; } how = {O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0, 0x20};
        struct stat found;
        int fd = -1;
    #ifdef SYS_openat2
        if (missing) {
            errno = ENOSYS;
            return -1;
        }
        fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
        if (fd < 0) {
            missing = errno == ENOSYS || errno == EPERM || errno == EINVAL;
            return -1;
        }
        if (fstat(fd, &found) < 0 || !S_ISREG(found.st_mode)) {
            close(fd);
            errno = EINVAL;
            return -1;
        }
        /* As Python computes it. */
        *time = (double)found.st_mtim.tv_sec + 1e-9 * found.st_mtim.tv_nsec;
        *size = found.st_size;
    #else
        errno = ENOSYS;
    #endif
        return fd;
    }
    /* What is in the cache of the system; -1 where the disk has to be waited for. */
    static Py_ssize_t bolthead_read_cached(int fd, char *buffer, size_t size, long long offset) {
    #ifdef SYS_preadv2
        struct iovec piece = {buffer, size};
        /* RWF_NOWAIT */
        return syscall(SYS_preadv2, fd, &piece, 1L, (long)offset, (long)((unsigned long long)offset >> 32), 8);
    #else
        return -1;
    #endif
    }
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
    static int bolthead_open(const char *path, double *time, long long *size) { errno = ENOSYS; return -1; }
    static Py_ssize_t bolthead_read_cached(int fd, char *buffer, size_t size, long long offset) { return -1; }
    static double bolthead_now(void) { return 0; }
    static int bolthead_epoll(void) { errno = ENOSYS; return -1; }
    static int bolthead_control(int poll, int operation, int fd, unsigned int events) { errno = ENOSYS; return -1; }
    static int bolthead_wait(int poll, int *found, int most, int milliseconds) { errno = ENOSYS; return -1; }
    #endif
    """
    Py_ssize_t bolthead_recv(int fd, void *buffer, size_t size) nogil
    Py_ssize_t bolthead_send(int fd, void *one, size_t size, void *two, size_t more) nogil
    int bolthead_close(int fd) nogil
    long long bolthead_position(int fd) nogil
    int bolthead_open(const char *path, double *time, long long *size) nogil
    Py_ssize_t bolthead_read_cached(int fd, char *buffer, size_t size, long long offset) nogil
    bytes PyUnicode_EncodeFSDefault(object text)
    int PySys_Audit(const char *event, const char *format, ...) except -1
    int bolthead_epoll() nogil
    int bolthead_control(int poll, int operation, int fd, unsigned int events) nogil
    int bolthead_wait(int poll, int *found, int most, int milliseconds) nogil
    double bolthead_now() nogil


cdef enum:
    # What a stack of any size has room for.
    USUAL = 16384
    MOST = 64
    # What the framing of a chunk takes at most.
    ROUND = 32


cdef const char *DIGITS = b"0123456789ABCDEF"


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
    return _send(fd, PyBytes_AS_STRING(data), len(data), NULL, 0)


cpdef Py_ssize_t send_both(int fd, bytes head, bytes body) except -1:
    return _send(fd, PyBytes_AS_STRING(head), len(head), PyBytes_AS_STRING(body), len(body))


cdef Py_ssize_t _send(int fd, char *one, Py_ssize_t size, char *two, Py_ssize_t more) except -1:
    cdef Py_ssize_t count
    while True:
        count = bolthead_send(fd, one, size, two, more)
        if count >= 0:
            return count
        if errno == EAGAIN:
            return 0
        if errno != EINTR:
            PyErr_SetFromErrno(OSError)
        PyErr_CheckSignals()


cpdef bytes chunk(bytes data):
    return b"%X\r\n%b\r\n" % (len(data), data)


cdef int frame(char *buffer, Py_ssize_t size) noexcept:
    """Write what is before a chunk of *size* bytes; its length."""
    cdef int shift = 0, count = 0
    while size >> shift > 15:
        shift += 4
    while shift >= 0:
        buffer[count] = DIGITS[size >> shift & 15]
        count += 1
        shift -= 4
    memcpy(buffer + count, b"\r\n", 2)
    return count + 2


cpdef Py_ssize_t send_chunk(int fd, bytes data) except -1:
    cdef char buffer[USUAL]
    cdef Py_ssize_t size = len(data), count
    cdef bytes framed
    if size > USUAL - ROUND:
        framed = chunk(data)
        return len(framed) - send(fd, framed)
    # FAST (servers): neither formatted nor allocated; a copy of so few bytes costs less than a further piece to send.
    count = frame(buffer, size)
    memcpy(buffer + count, PyBytes_AS_STRING(data), size)
    count += size
    memcpy(buffer + count, b"\r\n", 2)
    count += 2
    return count - _send(fd, buffer, count, NULL, 0)


cpdef tuple open_cached(str path):
    cdef double changed = 0
    cdef long long size = 0
    cdef int fd
    cdef bytes name
    try:
        name = PyUnicode_EncodeFSDefault(path)
    except UnicodeError:
        return None
    if <size_t>len(name) != strlen(PyBytes_AS_STRING(name)):
        return None
    PySys_Audit("open", "Osi", <void *>path, "rb", 0)
    fd = bolthead_open(PyBytes_AS_STRING(name), &changed, &size)
    return None if fd < 0 and errno != ENOENT else (fd, changed, size)


cpdef bytes read_file(int fd, Py_ssize_t size, long long offset):
    cdef bytes found = PyBytes_FromStringAndSize(NULL, size)
    cdef Py_ssize_t count = bolthead_read_cached(fd, PyBytes_AS_STRING(found), size, offset)
    if count == size:
        return found
    # The disk, or the end.
    return found[:max(count, 0)] + os.pread(fd, size - max(count, 0), offset + max(count, 0))


cpdef long long position(int fd) except -1:
    cdef long long found = bolthead_position(fd)
    if found < 0:
        PyErr_SetFromErrno(OSError)
    return found


cpdef int close_file(int fd) except -1:
    if bolthead_close(fd) < 0:
        PyErr_SetFromErrno(OSError)
    return 0


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
