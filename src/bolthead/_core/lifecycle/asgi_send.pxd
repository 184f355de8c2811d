cimport cython

from bolthead._core.primitives.context_vars cimport advance
from bolthead._core.response.asgi_messages cimport body_message, sent_body, sent_start, start_message
from bolthead._core.response.send cimport Stream, pairs_of_whole_body


cdef class Answer:
    cdef public object code
    cdef public object pairs
    cdef public object body
    cdef public object response
    cdef public bint is_async
    cdef public bint bodiless
    cdef public object start


@cython.locals(answer=Answer)
cpdef Answer new_answer(object code, object pairs, object body)
cpdef dict start_of(Answer answer)
cpdef object whole_answer(bint stock, object response, bint is_head)
@cython.locals(message=dict)
cpdef object transmit_whole(object send, dict start, bytes body)
