cimport cython

cdef dict _NAMES

cdef bytes name_of(str name)

@cython.locals(headers=list, name=str, value=str)
cpdef dict start_message(object status, object pairs)
cpdef dict body_message(object body, bint more)
