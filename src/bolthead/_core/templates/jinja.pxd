cimport cython

cdef bint takes_context(object obj) except -1

@cython.locals(table=dict)
cpdef object lookup(object self, object obj, object attribute)
