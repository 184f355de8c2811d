cimport cython

from bolthead._core.primitives.bytes_search cimport join
from bolthead._core.primitives.objects cimport bare

cdef tuple TEMPLATE_STEPS

@cython.locals(own=dict, maps=list)
cpdef bint is_stock(object template) except -1
@cython.locals(own=dict, maps=list, keys=set)
cdef object new_context(object template, dict parent, bint joined)
cdef bint all_text(dict variables) except -1
@cython.locals(own=dict, shared=dict, parent=dict)
cpdef object render(object template, dict variables)
@cython.locals(values=dict, parent=dict)
cpdef object included(object template, object context, dict local_variables)
cpdef object jinja_included(object template, object context, dict local_variables)
cpdef object default_module(object template, object context)
cpdef object jinja_default_module(object template, object context)
@cython.locals(mapping=dict)
cpdef object get_template(object environment, object name, object parent)
cpdef object jinja_get_template(object environment, object name, object parent)
