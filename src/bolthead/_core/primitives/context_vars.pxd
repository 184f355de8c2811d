cimport cython
from cpython.object cimport PyObject


@cython.final
cdef class _ContextValue:
    cdef object _var
    cdef object _attr
    cdef object _message
    # Of the class that had the attribute last: its version tag, and how the attribute is read.
    cdef unsigned int _tag
    cdef void *_field

    cdef PyObject *look(self) except? NULL


cpdef object context_value(object var, object attr, object message)
cpdef object current(object proxy)
cpdef object set_attribute(object proxy, object name, object value)
cpdef object only_raises(object hook)
cpdef object forward_slots(object cls)
cpdef object var_get(object var, object nothing)
cpdef object var_set(object var, object value)
cpdef object var_reset(object var, object token)
cpdef object resume(object context, object coroutine, object value)
cpdef object advance(object awaitable)


cdef class Beginning:
    cdef bint begin_here(self) except -1


cpdef bint begin_in(object context, Beginning beginning) except -1
cpdef object copy_of(object context)
cpdef object variables_of(object context)
