cimport cython

from bolthead._core.primitives.bytes_search cimport Finder, cut, find_byte

cdef int _SMALL
cdef int _WORTH_A_VIEW
cdef int _PREAMBLE, _PART, _DATA_START, _DATA, _EPILOGUE, _COMPLETE


cdef class Scanner:
    cdef bytes _token
    cdef Finder _finder
    cdef Py_ssize_t _step
    cdef int _state
    cdef bytes _buffer
    cdef Py_ssize_t _at
    cdef list _queue
    cdef Py_ssize_t _queued
    cdef bint _dry
    cdef Py_ssize_t _start
    cdef Py_ssize_t _after
    cdef bint _last
    cdef readonly bint ended
    cdef readonly object data
    cdef readonly bint more
    cdef public bint views

    @cython.locals(held=Py_ssize_t)
    cpdef object feed(self, bytes chunk)
    cpdef object end(self)
    cpdef Py_ssize_t held(self)
    cpdef object state(self)
    @cython.locals(state=int, found=int)
    cpdef int next(self) except -1
    cdef object _join(self)
    cdef object _pass_delimiter(self)
    @cython.locals(buffer=bytes, begin=Py_ssize_t, start=Py_ssize_t, outcome=int)
    cdef int _find(self, Py_ssize_t at, bint first) except -2
    @cython.locals(buffer=bytes, size=Py_ssize_t, unknown=int, byte="unsigned char")
    cdef int _after_token(self, Py_ssize_t at) except -2
    @cython.locals(
        buffer=bytes, begin=Py_ssize_t, at=Py_ssize_t, line_feed=Py_ssize_t, start=Py_ssize_t, body=Py_ssize_t,
        size=Py_ssize_t, stop=Py_ssize_t,
    )
    cdef int _next_part(self) except -1
    @cython.locals(buffer=bytes, size=Py_ssize_t, begin=Py_ssize_t, stop=Py_ssize_t, outcome=int)
    cdef int _next_data(self, bint opening) except -1
    cdef object _contents(self, Py_ssize_t begin, Py_ssize_t stop)
    @cython.locals(window=Py_ssize_t, stop=Py_ssize_t, line_feed=Py_ssize_t, carriage=Py_ssize_t)
    cdef Py_ssize_t _partial(self, Py_ssize_t begin, Py_ssize_t size) except -1
