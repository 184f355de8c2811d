from bolthead._core.records cimport Plan, RequestRecord

cpdef bint is_answer(Plan plan, object error) except -1
cpdef object unrouted(Plan plan, RequestRecord ctx)
