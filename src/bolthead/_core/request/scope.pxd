cimport cython

from bolthead._core.primitives.bytes_search cimport ScopeValues

cdef dict _KEYS
cdef dict _BASE

cdef str key_of(object name)

cpdef dict environ_of(dict scope)
cdef bytes _bytes(object value)
@cython.locals(environ=dict, key=str, value=bytes, count=cython.Py_ssize_t)
cdef dict _environ_of(dict scope, object headers)
cdef str _exact(object text)
@cython.locals(path=str, root=str)
cdef object fill_path(dict environ, dict scope)
cdef tuple without_authority(str path, object raw)
cdef str below(str path, str root)
cdef str as_latin_1(str path, object raw)
cdef object fill_peers(dict environ, dict scope)
cpdef bint has_body(dict environ) except -1


cdef class LazyEnviron(ScopeValues):
    cdef readonly object plan
    cdef readonly dict scope
    cdef readonly str cookies
    cdef readonly bint websocket
    cdef readonly dict environ

    cpdef dict fill(self, object request)

@cython.locals(cookie=bytes, lazy=LazyEnviron)
cpdef LazyEnviron lazy_environ(object plan, dict scope, bint websocket)
