"""The router: the tree, the look-up of a path, and the building of URLs."""
