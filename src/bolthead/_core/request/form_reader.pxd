cimport cython

from bolthead._core.http.headers cimport parse_options
from bolthead._core.primitives.bytes_search cimport is_literal
from bolthead._core.request.multipart cimport Scanner
from bolthead._core.request.spool cimport spooled, spooled_on_disk

cdef tuple _SPACE
cdef int DATA, EPILOGUE, NEED, PART


@cython.locals(lines=list, headers=list, line=bytes, text=str, colon=Py_ssize_t, at=Py_ssize_t, count=Py_ssize_t)
cpdef list split_headers(bytes block)

cdef bytes _SIMPLE_NAME

@cython.locals(start=Py_ssize_t, stop=Py_ssize_t)
cpdef object simple_field_name(bytes block)

@cython.locals(name=str, options=dict)
cpdef tuple describe(list headers)


cdef object _CHARSETS

cpdef object part_charset(object content_type)


cdef class FormReader:
    cdef object _open_file
    cdef object _charset_of
    cdef object _too_large
    cdef readonly list fields
    cdef readonly list files
    cdef readonly object stream
    cdef list _headers
    cdef object _name
    cdef object _filename
    cdef object _content_type
    cdef list _pieces
    cdef Py_ssize_t _size

    @cython.locals(parts=Py_ssize_t, found=int)
    cpdef object read(self, Scanner scanner, object read, object size, object most_bytes, object most_parts)
    cdef object _start(self, bytes block)
    cdef object _add(self, object data, object limit)
    @cython.locals(pieces=list, data=bytes)
    cdef object _finish(self)
    cpdef object drop(self)
