"""Pieces of a stream that follow each other so quickly that several are sent together."""

from __future__ import annotations


class Joined:
    """What was added is sent half a millisecond later at the latest, by a thread that does not need the interpreter.

    So the application may do whatever it likes meanwhile, as PEP 3333 asks for ("use a different thread to ensure
    that the block continues to be transmitted"). This version has no such thread and takes nothing.
    """

    __slots__ = ()

    def __init__(self, fd: int) -> None:
        pass

    def add(self, data: bytes, chunked: bool) -> bool:
        """Take a piece, *chunked* with what makes it a chunk of a body; False where it has to be sent by itself.

        That is so for a large one, and where the socket is full or the client has gone.
        """
        return False

    def end(self) -> bytes:
        """Send all that is left; what the socket does not take. OSError, also of what failed before."""
        return b""
