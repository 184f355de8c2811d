cimport cython


@cython.locals(
    text=str,
    bare=str,
    unquoted=bint,
    pairs=list,
    size=Py_ssize_t,
    start=Py_ssize_t,
    stop=Py_ssize_t,
    name_start=Py_ssize_t,
    piece=str,
    after=Py_ssize_t,
    equals=Py_ssize_t,
)
cpdef list parse_cookie_pairs(object header)

@cython.locals(
    name_start=Py_ssize_t,
    name_stop=Py_ssize_t,
    value_start=Py_ssize_t,
    value_stop=Py_ssize_t,
    at=Py_ssize_t,
    quoted=bint,
    value=str,
)
cdef Py_ssize_t _odd_pair(str text, Py_ssize_t start, Py_ssize_t size, list pairs) except -1

cdef Py_ssize_t _skip_space(str text, Py_ssize_t at, Py_ssize_t size)

@cython.locals(char=Py_UCS4)
cdef Py_ssize_t _closing_quote(str text, Py_ssize_t at, Py_ssize_t size)

cpdef str unquote_cookie(str value)
