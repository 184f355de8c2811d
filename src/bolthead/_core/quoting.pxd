cimport cython

cdef list _PATH
cdef list _QUERY
cdef bytes _SAFE

@cython.locals(letter=cython.Py_UCS4)
cdef bint _is_safe(str text) except -1

@cython.locals(table=list, byte=cython.uchar, data=bytes)
cpdef str quote_path(str text)

@cython.locals(table=list, byte=cython.uchar)
cpdef str quote_query(str text)

@cython.locals(table=list, byte=cython.uchar)
cpdef str quote_query_bytes(bytes data)

@cython.locals(out=list, name=str, text=str)
cpdef str encode_pairs(object pairs)

cpdef str plain_str(object value)
