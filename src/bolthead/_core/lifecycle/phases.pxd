cimport cython

from bolthead._core.lifecycle.records cimport Plan, RequestRecord, environ_seen, request_of
from bolthead._core.primitives.context_vars cimport always_read
from bolthead._core.primitives.objects cimport is_coroutine_function, is_sync_function, item_of

cdef frozenset NOT_OPTIONS

@cython.locals(plan=Plan)
cpdef Plan plan_of(object app)
cpdef bint is_async(object func) except -1
cpdef object synced(Plan plan, object app, object func)
cpdef object send(object signal, object app, object key, object value)

@cython.locals(plan=Plan)
cpdef object open_session(RequestRecord ctx)

cpdef object accessed_session(RequestRecord ctx)
cpdef object enter(Plan plan, object app, RequestRecord ctx)
cpdef tuple scopes_of(Plan plan, object request)
cpdef object preprocess(Plan plan, object app, object request)
cpdef object select(Plan plan, object app, RequestRecord ctx, bint just_matched)
cdef bint asks_for_options(Plan plan, RequestRecord ctx, object rule) except -1
cpdef object answer(Plan plan, object app, RequestRecord ctx, bint just_matched)
cpdef object finish(Plan plan, object app, RequestRecord ctx, object rv, bint from_error_handler)
cpdef object process(Plan plan, object app, RequestRecord ctx, object response)
cpdef object save_session(Plan plan, object app, RequestRecord ctx, object response)
cpdef object teardown_request(Plan plan, object app, object request, object exc)
cpdef object teardown_app(Plan plan, object app, object exc)
@cython.locals(environ=dict)
cpdef bint refreshes_session(Plan plan, RequestRecord ctx) except -1
cpdef bint can_skip_response(Plan plan, RequestRecord ctx) except -1
