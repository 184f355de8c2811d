cimport cython

from bolthead._core.primitives.objects cimport add_pairs, bare_dict, own_item
from bolthead._core.http.url_encoding cimport unquote


@cython.locals(
    pairs=list, size=Py_ssize_t, start=Py_ssize_t, stop=Py_ssize_t, equals=Py_ssize_t, escape=Py_ssize_t,
    name=str, value=str,
)
cdef list _pairs(str text, object errors)

cpdef list parse_pairs(object text, object errors=*)

cpdef object multi_dict(object cls, list pairs, object multi_dicts)
