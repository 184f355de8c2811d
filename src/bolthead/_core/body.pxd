cimport cython

from bolthead._core.headers cimport plain_int

cdef Py_ssize_t _PIECE

cpdef object declared_length(object text)
cpdef object read_exactly(object read, object size)

@cython.locals(got=Py_ssize_t, pieces=list)
cdef object _read(object read, Py_ssize_t size)
