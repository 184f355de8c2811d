from bolthead._core.routing.tree cimport Leaf, Tree


cpdef Leaf lookup_static(Tree tree, str domain, str path, object method, bint websocket)
cpdef tuple lookup_tree(Tree tree, str domain, str path, object method, bint websocket)
