cimport cython

cdef dict STATUSES
cdef dict HTTP_STATUS_CODES
cdef dict CONTENT_TYPES
cdef dict ASGI_TYPES
cdef list LENGTHS
cdef Py_ssize_t LENGTHS_SIZE
cdef Py_ssize_t CONTENT_TYPES_SIZE

@cython.locals(known=tuple)
cpdef str status_text(object code)
cpdef object content_type_of(object mimetype)
cpdef tuple content_type_header(object mimetype)
cpdef tuple asgi_content_type(str content_type)

@cython.locals(size=cython.Py_ssize_t)
cpdef str length_of(bytes body)
