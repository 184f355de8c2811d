cimport cython

cdef bytes _HEX
cdef object _ASCII_RUN

cpdef str unquote(object text, object errors=*)
cpdef str unquote_plus(object text, object errors=*)

@cython.locals(
    size=Py_ssize_t,
    start=Py_ssize_t,
    last=Py_ssize_t,
    at=Py_ssize_t,
    end=Py_ssize_t,
    out=bytearray,
    byte="unsigned char",
    high="unsigned char",
    low="unsigned char",
)
cdef str _unquoted(bytes data, object errors)
