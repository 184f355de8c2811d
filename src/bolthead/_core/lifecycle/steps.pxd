cimport cython

from bolthead._core.primitives.context_vars cimport Beginning, begin_in, copy_of, resume
from bolthead._core.primitives.objects cimport Turn


cdef class Steps(Beginning)


cdef class Hop(Turn):
    cdef public bint _asyncio_future_blocking
    cdef public object callback
    cdef public bint cancelled_meanwhile
    cdef public object context
    cdef public bint ended
    cdef public object error
    cdef public object inner
    cdef public bint landed
    cdef public object loop
    cdef public Steps steps
    cdef public list streams
    cdef public bint told

    cpdef object waited_for(self)
    cpdef object tell(self)


cdef class Steps(Beginning):
    cdef public object context
    cdef public object coroutine
    cdef public object app
    cdef public bint in_thread
    cdef public bint prompt
    cdef public bint ending
    cdef public bint cancelled
    cdef public bint running
    cdef public bint watchable
    cdef public object task
    cdef public Hop hop

    cpdef object prepare(self, object coroutine, object context, object app)
    cdef object _step(self, object value)
    cdef object _throw(self, object error)
    cdef object _wait(self, object out)
    cdef object _end(self, object error)
    cdef object _depart(self)
    cdef object _arrive(self)
    @cython.locals(hop=Hop)
    cdef object _go_on(self)
    cdef object own_context(self)
    cpdef object suspended(self)
    cpdef object ended(self, object error)
