cimport cython

from bolthead._core.primitives.objects cimport Flag, Size
from bolthead._core.routing.linear_pattern cimport LinearPattern

cdef object _weight
cdef object _compiling
cdef int _WORD
cdef int _NUMBER
cdef int _DIGITS
cdef int _SIGNED
cdef int _REST
cdef int _PATTERN
cdef int _AS_IS
cdef int _AS_INT


@cython.final
cdef class Leaf:
    cdef readonly object rule
    cdef readonly object endpoint
    cdef public list names
    cdef public bytes kinds
    cdef public list convert
    cdef public Flag detour
    cdef readonly object methods
    cdef readonly bint websocket
    cdef readonly bint lenient
    cdef readonly bint merges
    cdef readonly object defaults


@cython.final
cdef class State:
    cdef public object static
    cdef public State blank
    cdef public list edges
    cdef public Index index
    cdef public list leaves
    cdef public dict keys
    cdef public dict starts

    cpdef State copy(self)


@cython.final
cdef class Edge:
    cdef public int kind
    cdef public str prefix
    cdef public str suffix
    cdef public Py_ssize_t affix
    cdef public Py_ssize_t low
    cdef public Py_ssize_t high
    cdef public object weight
    cdef public State state
    cdef public str source
    cdef public bint suffixed
    cdef public Flag ready
    cdef public LinearPattern linear
    cdef public Py_ssize_t linear_from
    cdef public object match
    cdef public tuple groups

    cdef object try_on(self, str target)


@cython.final
cdef class Index:
    cdef public list bare
    cdef public dict by_prefix
    cdef public dict by_suffix
    cdef public list prefix_sizes
    cdef public list suffix_sizes
    cdef object rank

    @cython.locals(found=list, length=cython.Py_ssize_t, size=cython.Py_ssize_t, some=list)
    cdef list candidates(self, str segment)


@cython.final
cdef class Tree:
    cdef public list roots
    cdef public dict exact
    cdef public dict home
    cdef public Size longest
    cdef public dict endpoints
    cdef public dict groups
    cdef public object invalid
    cdef public bint merge_slashes
    cdef public bint host_matching
    cdef public Flag stale

    cpdef add_static(self, str path, list leaves)
