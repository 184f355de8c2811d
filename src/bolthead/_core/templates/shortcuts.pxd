from bolthead._core.primitives.stock cimport StockGuard

cdef StockGuard guard
cdef object _attribute, _item, _call, _resolve, _get_template, _included, _default_module

cpdef bint is_stock(object environment) except -1
cpdef tuple steps(object environment, object context)
cpdef object get_template(object environment, object name)
cpdef object render(object template, dict variables)
