cimport cython

from bolthead._core.quoting cimport encode_pairs, quote_path

cdef int _QUOTED
cdef int _INTEGER


@cython.locals(pairs=list)
cpdef str encode_query(object values, bint ordered, object key)


@cython.final
cdef class Slot:
    cdef readonly str name
    cdef readonly int kind
    cdef readonly object to_url

    cdef object text(self, object value)


@cython.final
cdef class Plan:
    cdef readonly object rule
    cdef readonly list domain
    cdef readonly list path
    cdef readonly object encode
    cdef readonly object invalid
    cdef readonly object methods
    cdef readonly bint websocket
    cdef readonly dict defaults
    cdef readonly list required
    cdef readonly set known

    cpdef bint suits(self, dict values, object method) except -1

    @cython.locals(count=cython.Py_ssize_t, query=str)
    cpdef tuple fill(self, dict values, bint append_unknown)

    @cython.locals(known=set, unknown=dict)
    cdef str rest(self, dict values, bint append_unknown)


@cython.locals(texts=list, slot=Slot)
cdef str _fill(list parts, dict values)

@cython.locals(first=tuple, found=tuple)
cdef tuple _choose(list rules, dict values, object method, bint append_unknown, object server_name)

cdef bint _is_full(dict values) except -1
