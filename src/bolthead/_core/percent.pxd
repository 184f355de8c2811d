from bolthead._core.native cimport unescape

cdef object _ASCII_RUN

cpdef str unquote(str text, str errors=*)
cpdef str unquote_plus(object text, object errors=*)
