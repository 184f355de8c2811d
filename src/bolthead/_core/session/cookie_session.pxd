cimport cython

from bolthead._core.native cimport Watch, new, own_item
from bolthead._core.result cimport header
from bolthead._core.signed cimport decode, unsign

cdef tuple _last_date

cpdef object vary_by_cookie(object response)
@cython.locals(frame=tuple)
cdef object cookie_text(object name, object value, object expires, tuple options)
cpdef object set_cookie(object response, object name, object value, object expires, tuple options, object limit)
@cython.locals(last=tuple)
cdef str date_text(object moment)


cdef class CookieSessions:
    cdef object interface
    cdef object cls
    cdef object init
    cdef object mark
    cdef object plain
    cdef object response_class
    cdef Watch watch
    cdef tuple last
    cdef tuple life

    @cython.locals(last=tuple)
    cdef object serializer_of(self, object app)
    cpdef object open(self, object app, object request)
    @cython.locals(life=tuple)
    cdef object read(self, object app, object serializer, object cookie)
    cpdef object save(self, object app, object session, object response)
    cdef object save_other(self, object app, object session, object response)
