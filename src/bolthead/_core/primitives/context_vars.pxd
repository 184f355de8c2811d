cdef class Forward:
    cdef object _var
    cdef object _attr
    cdef object _message

    cdef object fetch(self)
    cdef object _lookup(self)


cpdef object current(Forward proxy)
cpdef object var_get(object var, object nothing)
cpdef object var_set(object var, object value)
cpdef object var_reset(object var, object token)
