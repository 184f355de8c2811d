cimport cython

from bolthead._core.request.body cimport Declared, checked_length, limit_of, read_declared
from bolthead._core.http.headers cimport bare_headers, parse_options
from bolthead._core.primitives.class_watch cimport StockFunctions
from bolthead._core.primitives.stock cimport Shipped, StockGuard
from bolthead._core.request.form_reader cimport FormReader
from bolthead._core.request.multipart cimport Scanner
from bolthead._core.primitives.objects cimport bare, is_on, own_set
from bolthead._core.primitives.context_vars cimport var_get
from bolthead._core.http.query cimport multi_dict, parse_pairs

cdef Shipped shipped
cdef object _close
cdef object app_var


cdef class Forms:
    cdef readonly object view
    cdef readonly object multi_dicts
    cdef readonly object errors
    cdef readonly object stream_at
    cdef public StockGuard urlencoded
    cdef public StockGuard multipart
    cdef public StockFunctions stream_factory
    cdef public object own
    cdef public object loads

    @cython.locals(environ=dict, options=dict, filled=dict, steps=StockGuard, functions=StockFunctions)
    cpdef bint fill(self, object request, bint whole) except -1
    cdef bint _replaced(self, dict filled, dict environ) except -1
    cdef object _load_urlencoded(self, object request, dict filled, dict environ)
    cdef object _length(self, object request, dict environ)
    @cython.locals(reader=FormReader, body=Declared)
    cdef object _load_multipart(self, object request, dict filled, dict environ, object boundary)
    cpdef bint close(self, object files) except -1


@cython.locals(files=list)
cpdef list as_files(list found)
