cdef class ClassWatch:
    cdef list _seen
    cdef list _classes
    cdef unsigned long long _checked
    # For 3.11: an array of classes and their tags, and how many of them are compared.
    cdef void *_tags
    cdef Py_ssize_t _count

    cdef bint _compare(self) except -1
    cdef int _sort(self) except -1
    cdef int _arm(self, Py_ssize_t count) except -1
    cpdef bint unchanged(self) except -1


cdef class StockFunctions:
    cdef list _seen
    # For 3.11: the dictionaries of the modules, and an array of their versions.
    cdef list _modules
    cdef unsigned long long *_versions

    cpdef bint unchanged(self) except -1
