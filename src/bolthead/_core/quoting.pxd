cimport cython

cdef list _PATH
cdef list _QUERY

@cython.locals(table=list, byte=cython.int, data=bytes)
cpdef str quote_path(object text)

@cython.locals(table=list, byte=cython.int)
cpdef str quote_query(object text)

@cython.locals(table=list, byte=cython.int)
cpdef str quote_query_bytes(bytes data)

@cython.locals(out=list, name=str, text=str)
cpdef str encode_pairs(object pairs)
