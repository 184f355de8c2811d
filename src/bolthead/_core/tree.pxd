cimport cython

from bolthead._core.glob cimport Glob

cdef object _SLASHES
cdef object _rank
cdef int _FOUND
cdef int _DETOUR
cdef int _MOVED
cdef int _MISSED
cdef int _DIGITS
cdef int _SIGNED
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
    cdef public bint detour
    cdef readonly object methods
    cdef readonly bint websocket
    cdef readonly bint lenient
    cdef readonly bint merges
    cdef readonly object defaults


@cython.final
cdef class State:
    cdef public dict static
    cdef public list edges
    cdef public Index index
    cdef public list leaves
    cdef public dict keys


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
    cdef public Py_ssize_t rank
    cdef public Glob glob
    cdef public Py_ssize_t glob_from
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

    @cython.locals(found=list, length=cython.Py_ssize_t, size=cython.Py_ssize_t, some=list)
    cdef list candidates(self, str segment)


@cython.final
@cython.no_gc
@cython.freelist(16)
cdef class Frame:
    cdef Py_ssize_t at
    cdef Frame below
    cdef list edges
    cdef Py_ssize_t mark
    cdef Py_ssize_t nth
    cdef State state


@cython.locals(frame=Frame)
cdef Frame _frame(Frame below, State state, list edges, Py_ssize_t at, Py_ssize_t nth, Py_ssize_t mark)


@cython.final
@cython.no_gc
@cython.freelist(8)
cdef class Walk:
    cdef str domain
    cdef object method
    cdef bint websocket
    cdef int code
    cdef Leaf leaf
    cdef object result
    cdef set allowed
    cdef bint crossed
    cdef bint slash
    cdef list segments
    cdef list values

    @cython.locals(leaf=Leaf, beyond=State, leaves=list)
    cdef Leaf ending(self, State state)

    @cython.locals(leaf=Leaf)
    cdef Leaf admit(self, list leaves, bint lenient)

    @cython.locals(
        state=State, segments=list, values=list, count=cython.Py_ssize_t, frame=Frame, at=cython.Py_ssize_t, nth=cython.Py_ssize_t, edges=list,
        leaf=Leaf, segment=str, last=cython.bint, child=State, beyond=cython.Py_ssize_t, size=cython.Py_ssize_t, mark=cython.Py_ssize_t, edge=Edge,
    )
    cdef Leaf run(self, Tree tree)

    @cython.locals(
        kind=cython.int, length=cython.Py_ssize_t, size=cython.Py_ssize_t, value=str, digits=str, beyond=cython.Py_ssize_t, target=str, texts=list,
    )
    cdef Py_ssize_t take(self, Edge edge, str segment, Py_ssize_t at) except -2

    @cython.locals(
        values=list, kinds=bytes, names=list, result=dict, count=cython.Py_ssize_t, nth=cython.Py_ssize_t,
        kind=cython.int,
    )
    cdef int convert(self, Tree tree, Leaf leaf) except -1


@cython.final
cdef class Tree:
    cdef public State root
    cdef public dict exact
    cdef public Py_ssize_t longest
    cdef public dict endpoints
    cdef public dict groups
    cdef public object invalid
    cdef public bint merge_slashes
    cdef public bint host_matching
    cdef public bint stale

    cpdef plain(self, str path, State state)


@cython.locals(table=dict, state=State, leaf=Leaf)
cpdef Leaf exact(Tree tree, str domain, str path, object method, bint websocket)

@cython.locals(walk=Walk, found=Leaf, merged=str)
cpdef Walk search(Tree tree, str domain, str path, object method, bint websocket)

@cython.locals(leaf=Leaf, walk=Walk)
cpdef tuple route(Tree tree, str domain, str path, object method, bint websocket)
