cimport cython
from bolthead._core.native cimport Watch, new
from bolthead._core.result cimport content_type_of
from bolthead._core.setcookie cimport date_of

cdef dict _marks
cdef dict _watches

@cython.locals(watch=Watch)
cpdef bint untouched(object cls) except -1
cpdef object inside(object directory, object path)
@cython.locals(dot=cython.Py_ssize_t)
cpdef tuple type_of(str name)
cpdef tuple marks_of(object path, object mtime, object size)
cpdef bint has_it(object environ, object etag, object modified) except -1
@cython.locals(pairs=list)
cpdef object plain(object cls, object environ, object path, object mimetype, object as_attachment, object name, object max_age)
