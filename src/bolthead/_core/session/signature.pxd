cimport cython

from bolthead._core.primitives.class_watch cimport StockFunctions
from bolthead._core.primitives.stock cimport StockGuard

cdef list _stamps

cpdef bytes encode(bytes data)
cpdef bytes decode(bytes text)
cpdef bytes packed(bytes text)
@cython.locals(size=cython.Py_ssize_t)
cpdef bytes pack(bytes text)


@cython.final
cdef class Hmac:
    cdef object _inner
    cdef object _outer
    cdef readonly dict opened

    cpdef bytes digest(self, bytes message)


@cython.final
cdef class SigningKeys:
    cdef list _macs
    cdef object _cls
    cdef StockGuard _guard
    cdef StockFunctions _functions

    cpdef list usable(self)


@cython.locals(last=tuple)
cdef bytes stamp(object now)
@cython.locals(value=bytes)
cpdef str sign(Hmac mac, bytes payload)
@cython.locals(found=tuple)
cpdef object unsign(list macs, object text, object max_age)
@cython.locals(data=bytes, value=bytes, signature=bytes, payload=bytes, signed_at=bytes, given=bytes, mac=Hmac)
cdef tuple verified(list macs, object text)
cdef bint is_fresh(object signed_at, object max_age) except -1
@cython.locals(opened=dict, found=tuple, signed=tuple, payload=bytes, data=bytes, first=Hmac)
cpdef object unsigned_text(list macs, object text, object max_age)
