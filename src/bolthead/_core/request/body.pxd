cimport cython

from bolthead._core.http.headers cimport parse_int
from bolthead._core.primitives.bytes_search cimport ascii_number
from bolthead._core.primitives.context_vars cimport var_get
from bolthead._core.primitives.objects cimport item_of

cdef Py_ssize_t _PIECE
cdef object app_var

cpdef object content_length(object length, object transfer_encoding)
cpdef object limit_of(object own, object key, object default)
@cython.locals(found=dict)
cpdef object checked_length(object environ, object limit)
cpdef object read_declared(object environ, object length)
cpdef object read_all(object environ, object limit)
cpdef object read_exactly(object read, object size)

@cython.locals(got=Py_ssize_t, pieces=list)
cdef object _rest(object read, Py_ssize_t size, object data)


cdef class Declared:
    cdef object _read
    cdef readonly object length
    cdef readonly object left

    cpdef object read(self, object size)
