cimport cython

from bolthead._core.primitives.class_watch cimport ClassWatch
from bolthead._core.primitives.objects cimport disjoint, is_on, item_of


cdef class Verdict:
    cdef ClassWatch watch
    cdef bint stock


cdef class StockGuard:
    cdef readonly tuple names
    cdef list _others
    cdef object _shipped
    cdef dict _values
    cdef dict _verdicts

    @cython.locals(verdict=Verdict)
    cpdef bint holds(self, object cls) except -1
    cpdef bint holds_for(self, object instance) except -1
    @cython.locals(verdict=Verdict)
    cdef Verdict _judge(self, object cls)


cdef class Shipped:
    cdef public object adapter_class
    cdef public StockGuard app
    cdef public object app_debug
    cdef public StockGuard app_url_for
    cdef public object context_class
    cdef public StockGuard inject_url_defaults
    cdef public object json_module
    cdef public StockGuard provider_loads
    cdef public StockGuard provider_response
    cdef public StockGuard request_json
    cdef public object response_class
    cdef public StockGuard response_file
    cdef public StockGuard response_init

    cpdef object debug(self, object app)
