"""From what a view returned to what a WSGI server takes."""
