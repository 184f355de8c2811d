"""The cases: what each one asks, who can serve it, and how many times as fast as Flask it is meant to be."""
