cdef class Watch:
    cdef list _seen
    cdef list _classes
    cdef unsigned int _tags[8]
    cdef int _count

    cdef void _stamp(self)
    cpdef bint intact(self)


cdef class Forward:
    cdef object _var
    cdef object _attr
    cdef object _message

    cdef object fetch(self)
    cdef object _lookup(self)


cpdef object current(Forward proxy)
cpdef object var_get(object var, object nothing)
cpdef object var_set(object var, object value)
cpdef object var_reset(object var, object token)
cpdef object new(object cls)
cpdef object bare(object cls)
cpdef object bare_dict(object cls)
cpdef bint is_plain(object func)
cpdef bint is_on(object cls, object name, object value) except -1
cpdef object own_set(object instance, object name, object value)
cpdef object own_item(object mapping, object key)
cpdef object add_pairs(object mapping, list pairs)
cpdef bint unsafe(str text) except -1
cpdef Py_ssize_t find_byte(bytes data, int byte, Py_ssize_t start, Py_ssize_t stop) except -2
cpdef bytes cut(bytes data, Py_ssize_t start, Py_ssize_t stop)
cpdef object unescape(str text, str errors)


cdef enum:
    PAIRS = 1024


cdef class Finder:
    cdef bytes _token
    cdef Py_ssize_t _size
    cdef unsigned char _skip[PAIRS]
    cdef unsigned char _again

    cpdef Py_ssize_t find(self, bytes data, Py_ssize_t start) except -2
