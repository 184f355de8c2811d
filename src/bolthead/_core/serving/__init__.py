"""The hot path of the server's worker: a connection, the head of a request, its response, and their turns."""
