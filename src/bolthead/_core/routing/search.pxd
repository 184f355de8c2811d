from bolthead._core.tree cimport Leaf, Tree


cpdef Leaf exact(Tree tree, str domain, str path, object method, bint websocket)
cpdef tuple search(Tree tree, str domain, str path, object method, bint websocket)
cpdef tuple route(Tree tree, str domain, str path, object method, bint websocket)
