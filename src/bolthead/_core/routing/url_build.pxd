cimport cython

from bolthead._core.routing.adapter cimport AdapterRecord
from bolthead._core.primitives.class_watch cimport ClassWatch
from bolthead._core.primitives.bytes_search cimport unsafe
from bolthead._core.http.url_encoding cimport encode_query, exact_str, is_safe_name, quote_path, quote_query
from bolthead._core.routing.tree cimport Tree

cdef int _QUOTED
cdef int _INTEGER
cdef frozenset URL_FOR_OPTIONS


@cython.final
cdef class Placeholder:
    cdef readonly str name
    cdef readonly int kind
    cdef readonly object to_url

    cdef object text(self, object value)


@cython.final
cdef class UrlTemplate:
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
    cdef readonly set accepted
    cdef readonly bint simple
    cdef readonly str place
    cdef readonly str head
    cdef readonly list steps
    cdef readonly bint direct
    cdef readonly object watched

    cdef bint suits(self, dict values, object method) except -1
    @cython.locals(defaults=dict)
    cdef bint agrees(self, dict values) except -1
    @cython.locals(query=str, built=Built)
    cpdef Built fill(self, dict values, bint append_unknown)
    @cython.locals(accepted=set, query=str, mark=str)
    cdef str rest(self, dict values, str path, bint options)
    @cython.locals(accepted=set, extra=dict, query=str)
    cdef str encoded(self, dict values, str path, bint options)
    @cython.locals(built=Built)
    cdef Built ask(self, dict values, object method, bint append_unknown)


@cython.final
@cython.freelist(8)
cdef class Built:
    cdef readonly object domain
    cdef readonly object path
    cdef readonly bint websocket


@cython.final
cdef class EndpointTemplates:
    cdef list rules
    cdef Py_ssize_t count
    cdef list templates
    cdef ClassWatch watch
    cdef UrlTemplate single
    cdef bint direct
    cdef str place
    cdef public tuple scopes


@cython.locals(texts=list, placeholder=Placeholder)
cdef object _fill(list parts, dict values)

cdef bint _is_full(dict values) except -1

@cython.locals(template=UrlTemplate, first=Built, built=Built)
cdef Built _choose(
    Tree tree, list templates, dict values, object method, bint append_unknown, object server_name
)

@cython.locals(group=EndpointTemplates, rules=list)
cdef EndpointTemplates _templates(AdapterRecord bound, Tree tree, object endpoint)

@cython.locals(template=UrlTemplate)
cdef UrlTemplate _first_full(list templates, dict values)

@cython.locals(
    template=UrlTemplate, rules=list, path=str, whole=str, steps=list, number=cython.bint, name=str, after=str,
    text=str,
)
cpdef str build_relative(
    AdapterRecord bound, EndpointTemplates group, object endpoint, dict values, object method, bint options
)

@cython.locals(
    bound=AdapterRecord, tree=Tree, given=dict, built=Built, templates=list, group=EndpointTemplates,
    path=str, url=str, secure=cython.bint,
)
cpdef str build(
    object self, object endpoint, object values, object method, object force_external, object append_unknown,
    object url_scheme
)

@cython.locals(built=Built)
cdef Built _asked(object found)
