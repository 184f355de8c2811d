cimport cython

from bolthead._core.lifecycle.contexts cimport (
    fill_request_context, forget_push, has_known_host,
)
from bolthead._core.lifecycle.records cimport AppRecord, Plan, RequestRecord
from bolthead._core.primitives.context_vars cimport Binding, nothing_is_set, variables_of
from bolthead._core.request.scope cimport LazyEnviron

cdef object NOT_CREATED
cdef Py_ssize_t POOLED

@cython.locals(binding=Binding)
cpdef Binding take(Plan plan, LazyEnviron lazy)
@cython.locals(ctx=RequestRecord, outer=AppRecord)
cpdef object use(Binding binding, LazyEnviron lazy)
@cython.locals(outer=AppRecord)
cpdef Binding leave(RequestRecord ctx, object context, Binding binding)
@cython.locals(first=Binding, count=Py_ssize_t, outer=AppRecord)
cpdef object put_back(Plan plan, object app, Binding binding)
