from bolthead._core.lifecycle.contexts cimport (
    check_app_popped, check_request_popped, close_request, drop_app, drop_request, pushed_along,
)
from bolthead._core.lifecycle.phases cimport enter, is_async, save_session, scopes_of, select, send
from bolthead._core.lifecycle.records cimport Plan, RequestRecord, request_of
from bolthead._core.lifecycle.steps cimport Steps
from bolthead._core.primitives.objects cimport any_filled
from bolthead._core.lifecycle.unhandled cimport is_answer, routing_error


cdef class AsyncPhases(Steps):
    cdef public Plan plan
    cdef public RequestRecord ctx

    cdef object lone_view(self)
    cdef bint is_awaited(self, object func) except -1
    cdef bint can_pop_at_once(self) except -1
