from bolthead._core.lifecycle.records cimport Plan, RequestRecord

cpdef bint is_answer(Plan plan, object error) except -1
cpdef object routing_error(Plan plan, RequestRecord ctx)
