cimport cython

from bolthead._core.json.response_json cimport line_of
from bolthead._core.lifecycle.asgi_method cimport Driver
from bolthead._core.lifecycle.async_phases cimport AsyncPhases
from bolthead._core.lifecycle.contexts cimport (
    is_last_push, match, new_context, new_lazy_context, pop_request, pop_silently, preserve_contexts, push_request,
)
from bolthead._core.lifecycle.context_pool cimport leave, put_back, take, use
from bolthead._core.lifecycle.phases cimport can_skip_response, plan_of
from bolthead._core.lifecycle.records cimport request_of
from bolthead._core.primitives.bytes_search cimport utf8
from bolthead._core.primitives.context_vars cimport Binding, advance, copy_of, var_get, variables_of
from bolthead._core.primitives.objects cimport keep_memory, needs_no_finalizer
from bolthead._core.request.scope cimport LazyEnviron, environ_of, has_body, lazy_environ
from bolthead._core.lifecycle.asgi_send cimport Answer, start_of, transmit_whole, whole_answer
from bolthead._core.response.asgi_messages cimport start_with, whole_headers
from bolthead._core.response.status cimport asgi_content_type, content_type_of


cdef int FRESH
cdef int PUSHED
cdef int WAITS
cdef int RAISED
cdef int RETURNED
cdef int FAILED
cdef int POPPED
cdef int BOUND


cdef class Exchange(AsyncPhases):
    cdef public dict scope
    cdef public object receive
    cdef public object send_message
    cdef public dict environ
    cdef public LazyEnviron lazy
    cdef public bint gone
    cdef public bint body_read
    cdef public object hints
    cdef public object spooled
    cdef public int stage
    cdef public object rv
    cdef public bytes body
    cdef public dict start
    cdef public object watcher
    cdef public Binding binding

    cdef object extended(self, object extensions)
    cdef object begin(self, object app, dict scope, object receive, object send_message)
    cpdef object suspended(self)
    cpdef object ended(self, object error)
    cdef bint begin_here(self) except -1
    cdef object own_context(self)
    cdef bint reads_body(self) except -1
    @cython.locals(binding=Binding)
    cdef object return_contexts(self)
    cdef object call_view(self)
    @cython.locals(start=dict)
    cdef dict take_start(self)
    cdef object make_context(self)
    cdef object push(self)
    cdef object error_for_teardown(self, object error)
    @cython.locals(environ=dict)
    cdef bint is_head(self) except -1
    @cython.locals(body=bytes)
    cdef bytes short_body(self, object rv)


cdef class AsgiDriver(Driver):
    @cython.locals(exchange=Exchange)
    cdef object run(self, object app, object scope, object receive, object send)
