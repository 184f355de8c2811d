"""Texts signed as itsdangerous does: URL-safe base64, HMAC, and the three parts of a timed signature."""

from __future__ import annotations

import hashlib
import zlib
from binascii import a2b_base64, b2a_base64
from functools import lru_cache
from hmac import compare_digest
from time import time
from typing import Any

from ..primitives.class_watch import StockFunctions
from ..primitives.stock import StockGuard

SEPARATOR = b"."
PACKED_BELOW = 127
SIGNATURES_CACHED = 128
"""How many texts' packed forms are remembered, and how many cookies' texts."""
REMEMBERED_SIZE = 4096
"""The longest of these; a browser refuses longer cookies."""

TO_URL = bytes.maketrans(b"+/", b"-_")
FROM_URL = bytes.maketrans(b"-_", b"+/")
PADDING = (b"", b"===", b"==", b"=")
"""What a text needs at its end, by its length modulo 4."""

_stamps: list[tuple[int, bytes]] = [(0, b"")]
"""The last second of a signature, and its encoding. In a list, since without the GIL a variable of a compiled module
must not be assigned while another thread reads it."""


def encode(data: bytes) -> bytes:
    """URL-safe base64 without padding (RFC 4648, 5)."""
    return b2a_base64(data, newline=False).translate(TO_URL).rstrip(b"=")


def decode(text: bytes) -> bytes:
    """The opposite of `encode`. Raises binascii.Error."""
    return a2b_base64(text.translate(FROM_URL) + PADDING[len(text) % 4])


def packed_size(text: bytes) -> int:
    """``len(zlib.compress(text))`` for a text shorter than `PACKED_BELOW`.

    FAST (session-write): a compressor with 3 kB of tables instead of 256 kB, which cost more than all else in a
    session. With one block and a window that holds all of the text, it writes the same, less header and checksum.
    """
    packer = zlib.compressobj(-1, zlib.DEFLATED, -9, 1)
    return len(packer.compress(text)) + len(packer.flush()) + 6


def packed(text: bytes) -> bytes:
    """*text* as base64, compressed if that is shorter, which a leading dot marks.

    FAST (session-write): a permanent session is sent again with each answer, mostly unchanged.
    """
    return _remembered(text) if len(text) <= REMEMBERED_SIZE else pack(text)


def pack(text: bytes) -> bytes:
    """`packed`, without the cache."""
    size = len(text)
    if size >= PACKED_BELOW or packed_size(text) < size - 1:
        smaller = zlib.compress(text)
        if len(smaller) < size - 1:
            return SEPARATOR + encode(smaller)
    return encode(text)


_remembered = lru_cache(SIGNATURES_CACHED)(pack)


class Hmac:
    """HMAC (RFC 2104) with one key, which is hashed once. Raises ValueError for an unknown *digest*."""

    __slots__ = ("_inner", "_outer", "opened")

    def __init__(self, key: bytes, digest: str) -> None:
        block = hashlib.new(digest).block_size
        if len(key) > block:
            key = hashlib.new(digest, key).digest()
        key = key.ljust(block, b"\0")
        self._inner = hashlib.new(digest, bytes([byte ^ 0x36 for byte in key]))
        self._outer = hashlib.new(digest, bytes([byte ^ 0x5C for byte in key]))
        self.opened: dict[str, tuple[str, int]] = {}

    def digest(self, message: bytes) -> bytes:
        inner = self._inner.copy()
        inner.update(message)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()


class SigningKeys:
    """The keys of a serializer of the class *cls*, the newest first, as long as what itsdangerous calls is stock."""

    __slots__ = ("_cls", "_functions", "_guard", "_macs")

    def __init__(self, macs: list[Hmac], cls: Any, guard: StockGuard, functions: StockFunctions) -> None:
        self._macs = macs
        self._cls = cls
        self._guard = guard
        self._functions = functions

    def usable(self) -> list[Hmac]:
        """The keys; an empty list where itsdangerous has to sign."""
        if not self._macs:
            return []
        return self._macs if self._functions.unchanged() and self._guard.holds(self._cls) else []


def stamp(now: float) -> bytes:
    """The time of signing, encoded: whole seconds since the epoch."""
    second = int(now)
    last = _stamps[0]
    if last[0] != second:
        last = _stamps[0] = (second, encode(second.to_bytes((second.bit_length() + 7) // 8, "big")))
    return last[1]


def sign(mac: Hmac, payload: bytes) -> str:
    """PARITY: itsdangerous' own layout: payload, seconds since the epoch, HMAC of both."""
    value = payload + SEPARATOR + stamp(time())
    return (value + SEPARATOR + encode(mac.digest(value))).decode("ascii")


def unsign(macs: list[Hmac], text: Any, max_age: Any) -> bytes | None:
    """The payload of a text that one of *macs* signed in the last *max_age* seconds; None for any doubt."""
    found = verified(macs, text)
    return found[0] if found is not None and is_fresh(found[1], max_age) else None


def verified(macs: list[Hmac], text: Any) -> tuple[bytes, int] | None:
    """The payload of a text that one of *macs* signed, and when; None for any doubt."""
    try:
        data = text.encode("ascii") if isinstance(text, str) else text
        value, _, signature = data.rpartition(SEPARATOR)
        payload, _, signed_at = value.rpartition(SEPARATOR)
        given = decode(signature)
        for mac in macs:
            if compare_digest(given, mac.digest(value)):
                return (payload, int.from_bytes(decode(signed_at), "big")) if payload else None
    except Exception:
        # Malformed: itsdangerous raises the error.
        pass
    return None


def is_fresh(signed_at: int, max_age: Any) -> bool:
    age = int(time()) - signed_at
    return age >= 0 and (max_age is None or age <= max_age)


def unsigned_text(macs: list[Hmac], text: Any, max_age: Any) -> str | None:
    """The text that was `packed` in a payload, which is what `unsign` gives; None for any doubt.

    FAST (session-read): a browser sends the same cookie with request after request, so the last ones are remembered by
    the first of *macs*. Only a whole text that was verified is found again; its age is looked at each time.
    """
    if not macs or type(text) is not str:
        return None
    first = macs[0]
    opened = first.opened
    found = opened.get(text)
    if found is None:
        signed = verified(macs, text)
        if signed is None:
            return None
        payload = signed[0]
        try:
            data = zlib.decompress(decode(payload[1:])) if payload[:1] == SEPARATOR else decode(payload)
            found = (data.decode(), signed[1])
        except Exception:
            return None
        if len(text) <= REMEMBERED_SIZE and len(data) <= REMEMBERED_SIZE:
            if len(opened) >= SIGNATURES_CACHED:
                opened.clear()
            opened[text] = found
    return found[0] if is_fresh(found[1], max_age) else None
