cimport cython

from bolthead._core.primitives.bytes_search cimport token_end
from bolthead._core.primitives.objects cimport new

cdef object _CHARSETS

cpdef tuple parse_options(object header)

@cython.locals(semicolon=Py_ssize_t, value=str, rest=str)
cdef tuple _split(str header)

@cython.locals(
    found=list, size=Py_ssize_t, start=Py_ssize_t, stop=Py_ssize_t, equals=Py_ssize_t, name=str
)
cdef list _scan(str text)

@cython.locals(quote=Py_ssize_t, slash=Py_ssize_t)
cdef Py_ssize_t _quoted_end(str text, Py_ssize_t at, Py_ssize_t size)

@cython.locals(options=dict, pieces=dict, charsets=dict, name=str, text=str)
cdef dict _merge(list found)

@cython.locals(has_charset=bint, continues=bint, charset=str, bare=str)
cdef object _merge_extended(str name, str text, dict options, dict pieces, dict charsets)

cdef tuple _split_charset(str text)

cpdef str unquote_value(str text)
cpdef object parse_int(object text)

cdef dict _ENVIRON_KEYS
cdef object _MISSING

cpdef object environ_key(object name)

cpdef object bare_headers(list pairs)
