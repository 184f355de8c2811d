cimport cython

from bolthead._core.routing.tree cimport Leaf, Tree
from bolthead._core.primitives.objects cimport new
from bolthead._core.primitives.stock cimport StockGuard
from bolthead._core.routing.search cimport lookup_static, lookup_tree

cdef str _GET
cdef dict _METHODS
cdef StockGuard RULE


cdef class AdapterRecord:
    cdef public object map
    cdef public Tree tree
    cdef public bint stock
    cdef public object server_name
    cdef public object script_name
    cdef public object subdomain
    cdef public object url_scheme
    cdef public object path_info
    cdef public object default_method
    cdef public object query_args
    cdef public bint websocket


@cython.locals(length=cython.Py_ssize_t)
cpdef str with_one_slash(str path)

cdef object _method(object method)

cpdef object not_found_error(object allowed, object crossed)

cdef bint disagrees(object defaults, dict values) except -1
cpdef bint may_redirect(object map_, object rule, dict values, object method) except -1

@cython.locals(
    bound=AdapterRecord, tree=Tree, path=str, leaf=Leaf, is_websocket=cython.bint, arguments=dict, code=cython.int,
)
cpdef object match_or_error(
    object self, object path_info, object method, object return_rule, object query_args, object websocket
)
