cimport cython
from bolthead._core.jsonout cimport line_of
from bolthead._core.native cimport new

cdef object SENT
cdef dict STATUSES
cdef dict CONTENT_TYPES
cdef list SIZES
cdef Py_ssize_t KEPT_SIZES


cdef class Responses:
    cdef public object cls
    cdef public bint plain
    cdef public bint direct
    cdef public bint counted
    cdef public object code
    cdef public object content_type
    cdef public object status

    cpdef object text(self, bytes body)

    @cython.locals(pairs=list, size=cython.Py_ssize_t)
    cpdef object typed(self, bytes body, object content_type)

    @cython.locals(size=cython.Py_ssize_t)
    cpdef object send_text(self, bytes body, object content_type, object environ, object start_response)

    cpdef object make(self, object app, object request, object rv)
    cpdef object send(self, object response, object environ, object start_response)


cpdef str status_text(object code)
cpdef object content_type_of(object mimetype)

@cython.locals(code=object, pairs=list, body=bytes, allow=str)
cdef object from_error(object cls, object error, object environ)
cdef bint iterates(object kind, object error) except -1
cdef str length_of(bytes body)
cdef object assembled(object cls, object code, list pairs, object body)
@cython.locals(body=bytes, shown=str, pairs=list)
cpdef object redirection(object cls, object location, object code)
cdef object refined(object response, object status, object headers)
cdef object make_any(object cls, object app, object request, object rv)
cpdef object send(object response, object environ, object start_response)

@cython.locals(size=cython.Py_ssize_t, width=cython.Py_ssize_t, code=cython.long, counted=cython.bint, pairs=list, body=object, name=str, value=object)
cdef list plain_pairs(object response)

cdef object _END

@cython.final
@cython.freelist(8)
cdef class Stream:
    cdef object _body
    cdef object _items
    cdef object _response

@cython.locals(code=cython.long, bodiless=cython.bint, pairs=list)
cdef object send_other(object response, object environ, object start_response)
@cython.locals(pairs=list, pair=tuple, name=str)
cdef list wire_pairs(list found, long code, bint bodiless, bint correct)

@cython.locals(width=cython.Py_ssize_t)
cpdef object header(object headers, str name)
