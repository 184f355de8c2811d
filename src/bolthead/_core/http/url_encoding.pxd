cimport cython

from bolthead._core.primitives.bytes_search cimport unescape, unsafe

cdef list _PATH_TABLE
cdef list _QUERY
cdef object _ASCII_RUN
cdef dict safe_names

cpdef bint is_safe_name(str name) except -1

@cython.locals(table=list, byte=cython.uchar)
cpdef str quote_path(str text)

@cython.locals(table=list, byte=cython.uchar)
cpdef str quote_query(str text)

@cython.locals(table=list, byte=cython.uchar)
cpdef str quote_query_bytes(bytes data)

cdef str quote_query_value(object value)

@cython.locals(out=list)
cpdef str encode_pairs(object pairs)

@cython.locals(pairs=list)
cpdef str encode_query(object values, bint ordered, object key)

cpdef str exact_str(object value)

cpdef str unquote(str text, str errors=*)
