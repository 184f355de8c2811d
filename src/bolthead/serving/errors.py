"""Error responses of the server itself."""

from __future__ import annotations


def page(status: str) -> bytes:
    text = f"{status.partition(' ')[2]}\n".encode()
    head = (
        f"HTTP/1.1 {status}\r\nConnection: close\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\nContent-Length: {len(text)}\r\n\r\n"
    )
    return head.encode() + text


TOO_LARGE = page("413 Request Entity Too Large")
TIMED_OUT = page("408 Request Timeout")


class Captured:
    """Takes what gunicorn writes to a socket."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def sendall(self, data: bytes) -> None:
        self.pieces.append(data)

    send = sendall

    def gettimeout(self) -> float:
        return 0.0

    def content(self) -> bytes:
        return b"".join(self.pieces)
