from bolthead._core.json.reader cimport parse
from bolthead._core.json.request_json cimport has_stock_loads
from bolthead._core.json.response_json cimport writer_of
from bolthead._core.primitives.class_watch cimport StockFunctions
from bolthead._core.primitives.stock cimport Shipped, StockGuard

cdef Shipped shipped


cdef class TaggedTexts:
    cdef object cls
    cdef StockGuard guard
    cdef StockFunctions functions
    cdef frozenset untagged

    cdef bint is_stock(self, object serializer) except -1
    cpdef object loads(self, object serializer, object provider, str text)
    cpdef object dumps(self, object serializer, object provider, dict value)
