"""bolthead measured beside Flask, Falcon, Bottle and a bare WSGI callable: ``python -m bench``."""
