cdef bint takes_context(object obj) except -1
