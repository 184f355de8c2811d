cdef class ClassWatch:
    cdef list _seen
    cdef list _classes
    cdef unsigned long long _checked
    # An array of the classes and their tags, on 3.11.
    cdef void *_tags
    cdef Py_ssize_t _count

    cdef bint _compare(self) except -1
    cdef int _arm(self) except -1
    cpdef bint unchanged(self) except -1


cdef class StockFunctions:
    cdef list _seen

    cpdef bint unchanged(self) except -1
