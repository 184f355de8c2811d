cimport cython
from bolthead._core.failures cimport is_answer, unrouted
from bolthead._core.jsonout cimport line_of
from bolthead._core.matching cimport missed
from bolthead._core.native cimport bare, is_plain, var_get, var_reset, var_set
from bolthead._core.records cimport AppRecord, Plan, RequestRecord
from bolthead._core.result cimport content_type_of
from bolthead._core.walk cimport route

@cython.locals(plan=Plan)
cpdef Plan plan_of(object app)
cpdef bint is_async(object func) except -1
cdef object synced(Plan plan, object app, object func)
cdef object send(object signal, object app, object key, object value)

@cython.locals(ctx=RequestRecord)
cdef object new_context(Plan plan, object app, dict environ)
cpdef object fill_request_context(RequestRecord ctx, object app, object request, dict environ, object adapter, object session)
cdef object remember_host(Plan plan, object ctx, object environ)
cpdef object push_app(Plan plan, AppRecord ctx)

@cython.locals(last=cython.bint)
cpdef object pop_app(Plan plan, AppRecord ctx, object exc)

cpdef object push_request(Plan plan, RequestRecord ctx)
cdef AppRecord push_new_app(Plan plan, AppRecord ctx, object app)
@cython.locals(plan=Plan)
cpdef object open_session(RequestRecord ctx)

@cython.locals(last=cython.bint)
cpdef object pop_request(Plan plan, RequestRecord ctx, object exc)
@cython.locals(outcome=tuple, path=str, method=str, environ=dict)
cdef bint match(Plan plan, RequestRecord ctx) except -1

cdef object enter(Plan plan, object app, RequestRecord ctx)
cdef tuple scopes_of(Plan plan, object request)
cpdef object preprocess(Plan plan, object app, object request)
cpdef object answer(Plan plan, object app, RequestRecord ctx, bint fresh)
cpdef object finish(Plan plan, object app, RequestRecord ctx, object rv, bint from_error_handler)
cpdef object process(Plan plan, object app, RequestRecord ctx, object response)
cpdef object teardown_request(Plan plan, object app, object request, object exc)
cpdef object teardown_app(Plan plan, object app, object exc)
@cython.locals(fresh=cython.bint)
cdef object dispatch(Plan plan, object app, RequestRecord ctx)
cpdef object full_dispatch(Plan plan, object app, RequestRecord ctx)
cdef bint refreshes(Plan plan, dict environ) except -1
cdef bint unseen(Plan plan, RequestRecord ctx)
@cython.locals(plan=Plan)
cpdef object wsgi_app(object self, object environ, object start_response)
