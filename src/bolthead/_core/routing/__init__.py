"""The router: the tree, the lookup of a path, and the building of URLs."""
