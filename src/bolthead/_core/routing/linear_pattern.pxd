cimport cython

cdef int _LITERAL
cdef int _ANY
cdef int _SIGNED_DIGITS
cdef int _PATH
cdef int _CHOICE


@cython.final
cdef class Atom:
    cdef readonly int kind
    cdef readonly list choices
    cdef readonly Py_ssize_t low
    cdef readonly Py_ssize_t high
    cdef readonly object pattern


@cython.final
cdef class LinearPattern:
    cdef readonly list atoms
    cdef readonly list spans
    cdef readonly bint suffixed

    @cython.locals(
        atoms=list, count=cython.Py_ssize_t, length=cython.Py_ssize_t, nth=cython.Py_ssize_t, reach=bytearray,
        reaches=list, at=cython.Py_ssize_t, ends=list,
    )
    cpdef list match(self, str text)


@cython.locals(
    length=cython.Py_ssize_t, found=bytearray, kind=cython.int, literal=str, size=cython.Py_ssize_t,
    at=cython.Py_ssize_t,
)
cdef bytearray _before(Atom atom, str text, bytearray after)

@cython.locals(
    length=cython.Py_ssize_t, kind=cython.int, low=cython.Py_ssize_t, high=cython.Py_ssize_t,
    nearest=cython.Py_ssize_t, wall=cython.Py_ssize_t, at=cython.Py_ssize_t, limit=cython.Py_ssize_t,
    letter=cython.Py_UCS4,
)
cdef int _run_before(Atom atom, str text, bytearray after, bytearray found) except -1

@cython.locals(kind=cython.int, literal=str, end=cython.Py_ssize_t, length=cython.Py_ssize_t)
cdef Py_ssize_t _choose(Atom atom, str text, Py_ssize_t at, bytearray after) except -1
