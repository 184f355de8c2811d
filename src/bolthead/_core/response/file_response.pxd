cimport cython

from bolthead._core.primitives.class_watch cimport StockFunctions
from bolthead._core.primitives.context_vars cimport var_get
from bolthead._core.primitives.stock cimport Shipped
from bolthead._core.primitives.system cimport close_file, open_cached
from bolthead._core.http.set_cookie cimport date_of
from bolthead._core.response.bare cimport bare_response
from bolthead._core.response.status cimport content_type_header

cdef Shipped shipped
cdef StockFunctions FILE_FUNCTIONS

cdef dict _validators

@cython.final
cdef class OpenFile:
    cdef int _fd
    cdef object _file
    cdef object _path

cdef frozenset OPTIONS
cdef bint IS_POSIX

cpdef object joined_folder(object root, object folder)

cpdef object simple_join(object directory, object path)
cdef dict TABLES

cpdef str ending_of(str name, bint safe)
cpdef tuple type_of(str name, str ending)
cpdef tuple validators_of(object path, object mtime, object size)
cpdef bint is_current(object environ, object etag, object modified) except -1
cpdef object path_text(object path)
cpdef object from_directory(object directory, object path, dict options)
cpdef object from_path(
    object path, object mimetype, object as_attachment, object name, object max_age, bint inside
)
@cython.locals(pairs=list)
cdef list headers_of(
    object path, object name, bint safe, str ending, object mimetype, object as_attachment, object max_age,
    object size, tuple validators
)
cdef bint serves_whole(object cls, object environ) except -1
@cython.locals(pairs=list, safe=bint, opened=OpenFile, cached=tuple, validators=tuple)
cpdef object file_response(
    object cls, object environ, object path, object mimetype, object as_attachment, object name, object max_age,
    bint inside=*
)
