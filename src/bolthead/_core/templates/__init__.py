"""The runtime between a compiled Jinja template and its objects."""
