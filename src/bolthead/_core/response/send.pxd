cimport cython

cpdef object send(object response, object environ, object start_response)

@cython.locals(
    size=cython.Py_ssize_t, width=cython.Py_ssize_t, code=cython.long, counted=cython.bint, located=cython.bint,
    pairs=list, body=object, name=str, value=object,
)
cpdef list pairs_of_whole_body(object response)

cdef bint is_settled(object name, object location) except -1

cdef object _END

@cython.final
@cython.freelist(8)
cdef class Stream:
    cdef object _body
    cdef object _items
    cdef object _response

@cython.locals(code=cython.long, bodiless=cython.bint, pairs=list)
cdef object send_other(object response, object environ, object start_response)
cdef frozenset ENTITY_HEADERS

@cython.locals(pairs=list, pair=tuple, name=str, width=cython.Py_ssize_t, located=cython.bint)
cdef list pairs_of_other(list found, long code, bint bodiless, bint correct)
