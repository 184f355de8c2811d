cimport cython

from bolthead._core.lifecycle.async_phases cimport AsyncPhases
from bolthead._core.lifecycle.contexts cimport new_lazy_context, pop_request, push_request, remember_host
from bolthead._core.lifecycle.phases cimport is_async, plan_of, save_session, scopes_of
from bolthead._core.lifecycle.records cimport Plan, request_of
from bolthead._core.request.scope cimport LazyEnviron, environ_of, lazy_environ
from bolthead._core.response.asgi_messages cimport start_message


cdef class Connection(AsyncPhases):
    cdef public dict scope
    cdef public object receive
    cdef public object send_message
    cdef public object queue
    cdef public object watcher
    cdef public bint accepted
    cdef public bint closed
    cdef public bint gone
    cdef public object receiving
    cdef public object sending

    cdef object check_open(self)
    cpdef object next_message(self)
    cpdef object received(self, object awaitable)
    cpdef object data_of(self, dict message, object awaitable)
    @cython.locals(message=dict)
    cpdef object send_data(self, object data)
    cpdef object sent(self, object awaitable)
    cpdef object suspended(self)
    cdef object start_watching(self)
    cpdef object ended(self, object error)
    @cython.locals(plan=Plan, lazy=LazyEnviron, environ=dict)
    cdef object make_context(self)
    cdef object push(self)
    cdef object lone_view(self)
    cdef bint is_awaited(self, object func) except -1
