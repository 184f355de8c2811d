from bolthead._core.lifecycle.records cimport Plan, RequestRecord, request_of
from bolthead._core.primitives.objects cimport item_of

cpdef bint is_answer(Plan plan, object error) except -1
cpdef object routing_error(Plan plan, RequestRecord ctx)
