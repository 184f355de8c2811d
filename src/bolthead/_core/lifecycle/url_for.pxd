cimport cython

from bolthead._core.primitives.stock cimport Shipped
from bolthead._core.http.url_encoding cimport exact_str
from bolthead._core.lifecycle.records cimport AppRecord, Plan, RequestRecord, environ_seen
from bolthead._core.primitives.class_watch cimport ClassWatch
from bolthead._core.primitives.context_vars cimport var_get
from bolthead._core.primitives.objects cimport Flag, has_own, own_item, own_set
from bolthead._core.routing.adapter cimport AdapterRecord
from bolthead._core.routing.tree cimport Tree
from bolthead._core.routing.url_build cimport EndpointTemplates, build_relative

cdef Shipped shipped
cdef object app_var
cdef object request_var
cdef object NOT_CREATED
cdef object defaultdict
cdef object FIRST
cdef tuple APPLICATION
cdef dict scopes


@cython.final
cdef class UrlForGuards:
    cdef ClassWatch watch
    cdef Flag current
    cdef bint inline_url_for
    cdef object injects
    cdef object context_class
    cdef object adapter_class


@cython.locals(guards=UrlForGuards)
cdef UrlForGuards guards_of(object app)

@cython.locals(guards=UrlForGuards)
cpdef object drop_guards(object app)

@cython.locals(guards=UrlForGuards)
cdef UrlForGuards guards_in(AppRecord record)
@cython.locals(guards=UrlForGuards, record=AppRecord)
cpdef object build_current_url(object endpoint, dict values)
@cython.locals(record=AppRecord)
cpdef object build_url(object app, object endpoint, dict values, bint options=*)
@cython.locals(record=RequestRecord, settings=AdapterRecord)
cdef object _build_url(UrlForGuards guards, object app, object endpoint, dict values, bint options)
@cython.locals(
    record=RequestRecord, settings=AdapterRecord, tree=Tree, groups=dict, group=EndpointTemplates, names=tuple
)
cdef object url_with_defaults(
    object app, object functions, object ctx, object adapter, object endpoint, object anchor, object method,
    object external, dict values
)

@cython.locals(record=RequestRecord, settings=AdapterRecord)
cdef object adapter_record_of(UrlForGuards guards, object ctx)

@cython.locals(plan=Plan, adapter=AdapterRecord)
cdef object minimal_adapter(RequestRecord ctx)

@cython.locals(text=str)
cdef bint has_options(dict values) except -1
@cython.locals(text=str)
cdef bint is_relative(object endpoint) except -1
cdef object absolute(object ctx, object endpoint)
cpdef object add_url_defaults(object functions, object endpoint, object values)
cdef object call_url_defaults(object functions, tuple names, object endpoint, object values)
@cython.locals(text=str, names=tuple, parts=list)
cdef tuple scopes_of(object endpoint)
cdef object build_url_by_adapter(
    object app, object ctx, object endpoint, object anchor, object method, object scheme, object external, dict values,
    bint is_complete
)

cdef object adapter_outside_request(object app)
