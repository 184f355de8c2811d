cimport cython

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

    cpdef bytes digest(self, bytes message)


@cython.locals(last=tuple)
cdef bytes stamp(object now)
@cython.locals(value=bytes)
cpdef str sign(Hmac mac, bytes payload)
@cython.locals(data=bytes, value=bytes, signature=bytes, payload=bytes, signed_at=bytes, given=bytes, mac=Hmac)
cpdef object unsign(list macs, object text, object max_age)
