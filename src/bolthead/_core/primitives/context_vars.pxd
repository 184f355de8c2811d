cimport cython
from cpython.object cimport PyObject


cdef extern from *:
    """
    /* What a proxy looks up: a variable, or an attribute of what it holds, all borrowed. *tag* and *field* remember an
       attribute that is a field of a record, so a function of C, by the version tag of the class, which names one state
       of it and of its bases. */
    typedef struct {PyObject *var; PyObject *attr; PyGetSetDef *field; unsigned int tag;} bolthead_source;
    """
    ctypedef struct bolthead_source:
        PyObject *var
        PyObject *attr
        unsigned int tag


@cython.final
cdef class _ContextValue:
    cdef object _var
    cdef object _attr
    cdef object _message
    cdef bolthead_source _source


cpdef object context_value(object var, object attr, object message)
cpdef object current(object proxy)
cpdef object set_attribute(object proxy, object name, object value)
cpdef object attribute_or(object obj, object name, object default)
cpdef object always_read(object obj, object name)
cpdef object only_raises(object hook)
cpdef object forward_slots(object cls)
cpdef object var_get(object var, object nothing)
cpdef object var_set(object var, object value)
cpdef object var_reset(object var, object token)
cpdef object resume(object context, object coroutine, object value)
cpdef object advance(object awaitable)


cdef class Beginning:
    cdef bint begin_here(self) except -1


cpdef bint begin_in(object context, Beginning beginning) except -1
cpdef object copy_of(object context)
cpdef object variables_of(object context)
cpdef bint nothing_is_set() except -1


@cython.final
cdef class Binding:
    cdef readonly object context
    cdef readonly object variables
    cdef readonly object outer
    cdef readonly object outer_token
    cdef dict outer_dict
    cdef readonly object inner
    cdef readonly object inner_token
    cdef dict inner_dict
    cdef public Binding next
    cdef public Py_ssize_t count

    cpdef bint is_free(self) except -1
