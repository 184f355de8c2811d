cdef class Steps:
    cdef public object context
    cdef public object coroutine
    cdef public object executor
    cdef public bint in_thread
    cdef public bint watchable
    cdef public object task
    cdef public object hop

    cpdef object prepare(self, object coroutine, object context, object executor)
    cdef object _step(self, object advance, object value)
    cdef object _depart(self)
    cdef object _arrive(self)
    cpdef object suspended(self)
    cpdef object ended(self, object error)
