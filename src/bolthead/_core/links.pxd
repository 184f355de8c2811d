cimport cython

from bolthead._core.native cimport var_get
from bolthead._core.records cimport RequestRecord


@cython.final
cdef class Known:
    cdef public object build
    cdef public object context_class
    cdef public object inject
    cdef public object url_for


cdef Known known

cpdef object current_url_for(
    object endpoint, object anchor, object method, object scheme, object external, dict values
)

@cython.locals(record=RequestRecord)
cpdef object url_for(
    object app, object endpoint, object anchor, object method, object scheme, object external, dict values
)
