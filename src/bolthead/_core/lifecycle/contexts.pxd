cimport cython

from bolthead._core.lifecycle.phases cimport open_session, plan_of, send, synced, teardown_app, teardown_request
from bolthead._core.lifecycle.records cimport (
    AppRecord, GlobalsRecord, Plan, RequestRecord, environ_seen, lazy_request, request_of,
)
from bolthead._core.primitives.context_vars cimport var_get, var_reset, var_set, variables_of
from bolthead._core.primitives.objects cimport bare, item_of
from bolthead._core.request.scope cimport LazyEnviron
from bolthead._core.routing.adapter cimport may_redirect, not_found_error
from bolthead._core.routing.search cimport lookup_static, lookup_tree
from bolthead._core.routing.tree cimport Leaf, Tree

# As C variables: threads without the GIL would share the module's dict, and the count of each reference from it.
cdef object app_var
cdef object request_var
cdef object NOT_CREATED
cdef bint makes_requests_late
cdef object FOUND
cdef object MISSED
cdef object _WEBSOCKET

@cython.locals(ctx=RequestRecord, environ=dict)
cpdef object new_context(Plan plan, object app, object given)
cdef object context_by_app(Plan plan, object app, object environ)
@cython.locals(ctx=RequestRecord)
cpdef object new_lazy_context(Plan plan, object app, LazyEnviron lazy)
@cython.locals(known=cython.bint)
cpdef bint has_known_host(Plan plan, LazyEnviron lazy) except -1
cpdef object fill_request_context(
    RequestRecord ctx, object app, object request, dict environ, object adapter, object session
)
cpdef object remember_host(Plan plan, object ctx, object environ)
cpdef object push_app(Plan plan, AppRecord ctx)

@cython.locals(inline=cython.bint)
cpdef object pop_app(Plan plan, AppRecord ctx, object exc)
cpdef object preserve_contexts(object environ)
cpdef bint is_last_push(AppRecord ctx) except -1
cpdef object drop_app(AppRecord ctx)
cpdef object check_app_popped(Plan plan, AppRecord ctx, object top)

@cython.locals(made=GlobalsRecord)
cpdef object push_request(Plan plan, RequestRecord ctx)

@cython.locals(environ=dict)
cpdef object pop_request(Plan plan, RequestRecord ctx, object exc)
@cython.locals(pushed=AppRecord, same=cython.bint)
cpdef bint pop_silently(Plan plan, RequestRecord ctx, object variables, object seen) except -1
@cython.locals(environ=dict)
cpdef object close_request(Plan plan, RequestRecord ctx)
cpdef object pushed_along(RequestRecord ctx)
cpdef object drop_request(RequestRecord ctx)
@cython.locals(environ=dict)
cpdef object forget_push(RequestRecord ctx)
cpdef object check_request_popped(RequestRecord ctx, object top)

@cython.locals(tree=Tree, leaf=Leaf, path=str, method=str, environ=dict, websocket=cython.bint)
cpdef bint match(Plan plan, RequestRecord ctx) except -1
cpdef dict default_values()
@cython.locals(plan=Plan)
cpdef object fill_context(object app, object context)
