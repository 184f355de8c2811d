cimport cython

from bolthead._core.matching cimport Bound
from bolthead._core.native cimport Watch, unsafe
from bolthead._core.quoting cimport encode_pairs, plain_str, quote_path, quote_query
from bolthead._core.tree cimport Tree

cdef int _QUOTED
cdef int _INTEGER


@cython.locals(pairs=list)
cpdef str encode_query(object values, bint ordered, object key)


cdef set plain_names

cdef bint _is_plain(str name) except -1


@cython.final
cdef class Slot:
    cdef readonly str name
    cdef readonly int kind
    cdef readonly object to_url

    cdef object text(self, object value)


@cython.final
cdef class Plan:
    cdef readonly object rule
    cdef readonly object map
    cdef readonly list domain
    cdef readonly list path
    cdef readonly object encode
    cdef readonly bint foreign
    cdef readonly object methods
    cdef readonly bint websocket
    cdef readonly dict defaults
    cdef readonly list required
    cdef readonly set known
    cdef readonly bint simple
    cdef readonly str place
    cdef readonly str head
    cdef readonly list steps
    cdef readonly bint alone
    cdef readonly object watched

    cdef bint suits(self, dict values, object method) except -1
    @cython.locals(defaults=dict)
    cdef bint agrees(self, dict values) except -1
    @cython.locals(query=str, built=Built)
    cpdef Built fill(self, dict values, bint append_unknown)
    @cython.locals(known=set, query=str, mark=str)
    cdef str rest(self, dict values)
    @cython.locals(known=set, unknown=dict, query=str)
    cdef str encoded(self, dict values)
    @cython.locals(built=Built)
    cdef Built ask(self, dict values, object method, bint append_unknown)


@cython.final
@cython.freelist(8)
cdef class Built:
    cdef readonly object domain
    cdef readonly object path
    cdef readonly bint websocket


@cython.final
cdef class Group:
    cdef list rules
    cdef Py_ssize_t count
    cdef list plans
    cdef Watch watch
    cdef Plan alone
    cdef str head
    cdef str place
    cdef list steps


@cython.locals(texts=list, slot=Slot)
cdef object _fill(list parts, dict values)

cdef bint _is_full(dict values) except -1

@cython.locals(plan=Plan, first=Built, built=Built)
cdef Built _choose(
    Tree tree, list plans, dict values, object method, bint append_unknown, object server_name
)

@cython.locals(group=Group, rules=list)
cdef Group _group(Bound bound, Tree tree, object endpoint)

@cython.locals(
    tree=Tree, group=Group, rules=list, path=str, steps=list, number=cython.bint, name=str, after=str
)
cpdef str relative(Bound bound, object endpoint, dict values, object method)

@cython.locals(bound=Bound, tree=Tree, given=dict, built=Built, plans=list, group=Group, path=str, url=str, secure=cython.bint)
cpdef str build(
    object self, object endpoint, object values=?, object method=?, object force_external=?,
    object append_unknown=?, object url_scheme=?
)

@cython.locals(built=Built)
cdef Built _asked(object found)
