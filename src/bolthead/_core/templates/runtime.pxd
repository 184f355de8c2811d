cimport cython

from bolthead._core.primitives.context_vars cimport attribute_or
from bolthead._core.primitives.objects cimport new_text

cdef object OwnFunction
cdef object MARK
cdef object CONTEXT
cdef object EVAL_CONTEXT
cdef object ENVIRONMENT

cpdef object text(object value)
cpdef object markup(object value)
@cython.locals(table=dict)
cpdef object attribute(object environment, object obj, object name)
cpdef object absent(object environment, object obj, object name)
cpdef object item(object environment, object obj, object argument)
@cython.locals(parent=dict, variables=dict)
cpdef object resolve(object context, object name)
cdef object wanted(object context, object obj, object loop_vars, object block_vars)
cpdef object stopped(object context)
@cython.locals(names=tuple, count=Py_ssize_t, given=Py_ssize_t, used=Py_ssize_t, arguments=list)
cdef list macro_arguments(object macro, tuple args, dict kwargs)
