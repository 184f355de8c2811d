from bolthead._core.lifecycle.async_phases cimport AsyncPhases
from bolthead._core.lifecycle.phases cimport is_async, plan_of, scopes_of
from bolthead._core.request.scope cimport environ_of
from bolthead._core.response.asgi_messages cimport start_message


cdef class Connection(AsyncPhases):
    cdef public dict scope
    cdef public dict environ
    cdef public object receive
    cdef public object send_message
    cdef public object queue
    cdef public object watcher
    cdef public bint accepted
    cdef public bint closed
    cdef public bint gone

    cpdef object suspended(self)
    cpdef object ended(self, object error)
