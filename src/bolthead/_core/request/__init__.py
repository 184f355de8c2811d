"""A request's attributes and its body."""
