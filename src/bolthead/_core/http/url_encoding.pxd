cimport cython

from bolthead._core.native cimport unsafe

cdef list _PATH
cdef list _QUERY

@cython.locals(table=list, byte=cython.uchar)
cpdef str quote_path(str text)

@cython.locals(table=list, byte=cython.uchar)
cpdef str quote_query(str text)

@cython.locals(table=list, byte=cython.uchar)
cpdef str quote_query_bytes(bytes data)

@cython.locals(out=list, name=str, text=str)
cpdef str encode_pairs(object pairs)

cpdef str plain_str(object value)
