cimport cython

from bolthead._core.primitives.stock cimport Shipped
from bolthead._core.json.reader cimport parse
from bolthead._core.primitives.context_vars cimport var_get

cdef Shipped shipped

cdef object LOADS
cdef object app_var
cdef object JSON
cdef object UNREAD

cpdef bint has_stock_loads(object provider) except -1

@cython.locals(filled=dict)
cdef bint is_json(object request) except -1
