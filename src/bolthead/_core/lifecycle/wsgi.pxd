cimport cython

from bolthead._core.json.response_json cimport line_of
from bolthead._core.lifecycle.contexts cimport new_context, pop_request, preserve_contexts, push_request
from bolthead._core.lifecycle.phases cimport answer, can_skip_response, enter, finish, plan_of
from bolthead._core.lifecycle.records cimport Plan, RequestRecord
from bolthead._core.lifecycle.unhandled cimport is_answer, routing_error
from bolthead._core.primitives.bytes_search cimport utf8
from bolthead._core.primitives.context_vars cimport always_read
from bolthead._core.response.status cimport content_type_header

cdef object CALLED_BY_ASGI
cdef object PRESERVE

@cython.locals(just_matched=cython.bint)
cdef object dispatch(Plan plan, object app, RequestRecord ctx)
cpdef object full_dispatch(Plan plan, object app, RequestRecord ctx)

@cython.locals(plan=Plan)
cpdef object call_wsgi(object app, object environ, object start_response, tuple more)
cpdef object run_wsgi(object app, object environ, object start_response)
cdef object run(Plan plan, object app, object environ, object start_response)
