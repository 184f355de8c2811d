cimport cython

from bolthead._core.body cimport Declared, checked_length, read_declared
from bolthead._core.headers cimport parse_options
from bolthead._core.kept cimport Steps
from bolthead._core.multipart cimport FormReader, Scanner
from bolthead._core.native cimport bare, is_on, own_set, var_get
from bolthead._core.query cimport multi_dict, parse_pairs

cdef object _close


cdef class Forms:
    cdef readonly object view
    cdef readonly object plain
    cdef readonly object errors
    cdef readonly object stream_at
    cdef public Steps urlencoded
    cdef public Steps multipart
    cdef public object own
    cdef public object loads

    @cython.locals(environ=dict, options=dict, filled=dict, steps=Steps)
    cpdef bint fill(self, object request, bint whole) except -1
    cdef bint _replaced(self, dict filled, dict environ) except -1
    cdef object _load_urlencoded(self, object request, dict filled, dict environ, object config)
    cdef object _length(self, object request, dict environ, object config)
    @cython.locals(reader=FormReader, body=Declared)
    cdef object _load_multipart(self, object request, dict filled, dict environ, object config, object boundary)
    cpdef bint close(self, object files) except -1


cpdef object as_headers(list pairs)
@cython.locals(files=list)
cpdef list as_files(list found)
