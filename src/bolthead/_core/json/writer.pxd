cdef class Writer:
    cdef readonly object default
    cdef readonly object ensure_ascii
    cdef readonly object sort_keys
    cdef readonly bint compact
    cdef bint _escaping
    cdef bint _sorting

    cpdef str text(self, object obj)
    cpdef bytes line(self, object obj)
    cdef str _standard(self, object obj)
