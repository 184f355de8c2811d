cimport cython

from bolthead._core.http.set_cookie cimport date_of
from bolthead._core.primitives.class_watch cimport StockFunctions
from bolthead._core.primitives.stock cimport StockGuard
from bolthead._core.primitives.objects cimport is_on, item_of, new, own_item
from bolthead._core.session.signature cimport Hmac, SigningKeys, packed, sign, unsigned_text
from bolthead._core.session.tagged cimport TaggedTexts

cdef StockFunctions COOKIE_FUNCTIONS

@cython.locals(width=cython.Py_ssize_t)
cdef object header(object headers, str name)
cpdef object vary_by_cookie(object response)
@cython.locals(frame=tuple)
cdef object cookie_text(object name, object value, object expires, tuple options)
cpdef object set_cookie(object response, object name, object value, object expires, tuple options, object limit)

cdef list macs_of(object serializer)


cdef class CookieSessions:
    cdef object interface
    cdef object cls
    cdef object mark
    cdef object multi_dicts
    cdef object response_class
    cdef StockGuard guard
    cdef StockGuard response_guard
    cdef dict module
    cdef TaggedTexts texts
    cdef bint stock_settings
    cdef list last
    cdef list life

    @cython.locals(last=tuple)
    cdef object serializer_of(self, object app)
    cpdef object open(self, object app, object request)
    @cython.locals(life=tuple)
    cdef object read(self, object app, object serializer, object cookie)
    cpdef object save(self, object app, object session, object response)
    @cython.locals(macs=list)
    cdef object write(self, object app, dict value)
    cdef object save_other(self, object app, object session, object response)
