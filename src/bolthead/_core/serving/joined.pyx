"""The compiled version of ``joined.py``."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.exc cimport PyErr_SetFromErrno
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc

from bolthead._core.primitives.system cimport frame

cdef extern from *:
    """
    #if defined(_WIN32)
    /* The server does not run there. */
    struct iovec { void *iov_base; size_t iov_len; };
    typedef struct { int fd, error; size_t used; char data[1]; } Stream;
    static int stream_open(Stream *stream, int fd) { return stream->fd = -1; }
    static int stream_join(Stream *stream, struct iovec *parts, int count) { return 0; }
    static void stream_end(Stream *stream, int sending) {}
    #else
    #include <errno.h>
    #include <fcntl.h>
    #include <pthread.h>
    #include <signal.h>
    #include <string.h>
    #include <sys/socket.h>
    #include <sys/types.h>
    #include <sys/uio.h>
    #include <time.h>
    #include <unistd.h>
    #ifndef MSG_NOSIGNAL
    #define MSG_NOSIGNAL 0
    #endif
    /* Bytes, bytes, nanoseconds. */
    enum { ROOM = 32 * 1024, STACK = 64 * 1024, DELAY = 500 * 1000 };
    typedef struct Stream {
        struct Stream *next;
        int fd, listed, stuck, error, forks;
        size_t used;
        char data[ROOM];
    } Stream;
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
    static Stream *listed = NULL;
    static int idle = 0, running = 0, forks = 0;
    /* A child process, where the thread is not. */
    static void stream_forked(void) {
        pthread_mutex_init(&lock, NULL);
        pthread_cond_init(&more, NULL);
        listed = NULL;
        idle = running = 0;
        forks++;
    }
    /* Send what the socket takes; the rest moves to the front. */
    static void stream_push(Stream *stream) {
        size_t sent = 0;
        while (sent < stream->used && !stream->stuck && !stream->error) {
            ssize_t count = send(stream->fd, stream->data + sent, stream->used - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (count >= 0) sent += count;
            else if (errno == EAGAIN) stream->stuck = 1;
            else if (errno != EINTR) stream->error = errno;
        }
        stream->used -= sent;
        if (sent && stream->used) memmove(stream->data, stream->data + sent, stream->used);
    }
    static void *stream_pusher(void *unused) {
        struct timespec delay = {0, DELAY};
        pthread_mutex_lock(&lock);
        while (1) {
            while (!listed) {
                idle = 1;
                pthread_cond_wait(&more, &lock);
            }
            idle = 0;
            pthread_mutex_unlock(&lock);
            nanosleep(&delay, NULL);
            pthread_mutex_lock(&lock);
            for (Stream *stream; (stream = listed);) {
                listed = stream->next;
                stream->listed = 0;
                stream_push(stream);
            }
        }
        return unused;
    }
    /* Start the thread, which takes no signals. */
    static void stream_run(void) {
        pthread_t thread;
        pthread_attr_t attributes;
        sigset_t all, before;
        sigfillset(&all);
        pthread_attr_init(&attributes);
        pthread_attr_setstacksize(&attributes, STACK);
        pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        running = !pthread_create(&thread, &attributes, stream_pusher, NULL);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        pthread_attr_destroy(&attributes);
    }
    static int stream_open(Stream *stream, int fd) {
        static int known = 0;
        int started;
        pthread_mutex_lock(&lock);
        if (!known) known = !pthread_atfork(NULL, NULL, stream_forked);
        if (known && !running) stream_run();
        started = running;
        pthread_mutex_unlock(&lock);
        stream->forks = forks;
        /* A descriptor of its own: the application may close the other one, and its number be given anew. */
        stream->fd = started ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
        stream->listed = stream->stuck = stream->error = 0;
        stream->used = 0;
        return stream->fd;
    }
    /* Add a piece in parts; whether there was room, and nothing is in the way. */
    static int stream_join(Stream *stream, struct iovec *parts, int count) {
        size_t size = 0;
        int taken;
        for (int at = 0; at < count; at++) size += parts[at].iov_len;
        pthread_mutex_lock(&lock);
        if (stream->used + size > ROOM) stream_push(stream);
        taken = !stream->stuck && !stream->error && stream->used + size <= ROOM;
        for (int at = 0; taken && at < count; at++) {
            memcpy(stream->data + stream->used, parts[at].iov_base, parts[at].iov_len);
            stream->used += parts[at].iov_len;
        }
        if (taken && !stream->listed) {
            stream->listed = 1;
            stream->next = listed;
            listed = stream;
            if (idle) {
                idle = 0;
                pthread_cond_signal(&more);
            }
        }
        pthread_mutex_unlock(&lock);
        return taken;
    }
    static void stream_end(Stream *stream, int sending) {
        /* A copy of it in a child process is not in the list, and its bytes are the parent's to send. */
        if (stream->forks == forks) {
            pthread_mutex_lock(&lock);
            for (Stream **at = &listed; *at; at = &(*at)->next) {
                if (*at == stream) {
                    *at = stream->next;
                    break;
                }
            }
            if (sending) stream_push(stream);
            pthread_mutex_unlock(&lock);
        }
        close(stream->fd);
        stream->fd = -1;
        errno = stream->error;
    }
    #endif
    """
    struct iovec:
        void *iov_base
        size_t iov_len
    ctypedef struct Stream:
        int fd
        int error
        size_t used
        char *data
    int stream_open(Stream *stream, int fd)
    int stream_join(Stream *stream, iovec *parts, int count)
    void stream_end(Stream *stream, int sending)


cdef enum:
    LARGE = 8192


cdef class Joined:
    def __cinit__(self, int fd):
        self._stream = PyMem_RawMalloc(sizeof(Stream))
        if self._stream is NULL:
            raise MemoryError
        stream_open(<Stream *>self._stream, fd)

    def __dealloc__(self):
        if self._stream is not NULL:
            if (<Stream *>self._stream).fd >= 0:
                stream_end(<Stream *>self._stream, 0)
            PyMem_RawFree(self._stream)

    cpdef bint add(self, bytes data, bint chunked) except -1:
        cdef char before[32]
        cdef iovec parts[3]
        cdef Stream *stream = <Stream *>self._stream
        if stream.fd < 0 or len(data) > LARGE:
            return False
        parts[0].iov_base = before
        parts[0].iov_len = frame(before, len(data)) if chunked else 0
        parts[1].iov_base = PyBytes_AS_STRING(data)
        parts[1].iov_len = len(data)
        parts[2].iov_base = <char *>b"\r\n"
        parts[2].iov_len = 2 if chunked else 0
        return stream_join(stream, parts, 3)

    cpdef bytes end(self):
        cdef Stream *stream = <Stream *>self._stream
        if stream.fd < 0:
            return b""
        stream_end(stream, 1)
        if stream.error:
            PyErr_SetFromErrno(OSError)
        return PyBytes_FromStringAndSize(stream.data, stream.used)
