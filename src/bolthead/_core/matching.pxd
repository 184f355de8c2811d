cimport cython

from bolthead._core.tree cimport Tree, route

cdef dict _METHODS

@cython.locals(text=str, name=object)
cdef tuple _find(Tree tree, object domain, object path, object method, bint websocket)

@cython.locals(tree=Tree)
cpdef tuple find(object self, object domain, object path, object method, object websocket)

@cython.locals(tree=Tree, found_as=tuple, code=cython.int)
cpdef tuple match(object self, object path_info=?, object method=?, object return_rule=?, object query_args=?, object websocket=?)
