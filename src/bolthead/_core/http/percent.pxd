from bolthead._core.native cimport unescape

cdef object _ASCII_RUN

cpdef str unquote(str text, str errors=*)
