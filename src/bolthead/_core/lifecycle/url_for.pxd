cimport cython

from bolthead._core.building cimport relative
from bolthead._core.matching cimport Bound
from bolthead._core.native cimport Watch, own_set, var_get
from bolthead._core.records cimport Plan, RequestRecord


@cython.final
cdef class Known:
    cdef public object adapter_class
    cdef public object build
    cdef public object context_class
    cdef public object inject
    cdef public object url_for


cdef Known known


@cython.final
cdef class Links:
    cdef Watch watch
    cdef bint plain
    cdef object injects
    cdef object context_class
    cdef object adapter_class


@cython.locals(links=Links)
cdef Links links_of(object app)

@cython.locals(record=RequestRecord)
cdef object link(
    Links links, object app, object endpoint, object anchor, object method, object scheme, object external, dict values
)

@cython.locals(record=RequestRecord, settings=Bound)
cdef object bound_of(Links links, object ctx)

@cython.locals(plan=Plan, bound=Bound)
cdef object lend(RequestRecord ctx)

cdef object link_by_adapter(
    object app, object ctx, object endpoint, object anchor, object method, object scheme, object external, dict values
)

cdef object outside(object app)
