"""itsdangerous' timed serializer for one secret, with what it derives each time kept.

It signs and reads the same text. Whatever is not plainly right (a wrong signature, an old one, an odd form) is
handed to itsdangerous, which says what is wrong with it.
"""

from __future__ import annotations

import hashlib
import zlib
from binascii import a2b_base64, b2a_base64
from hmac import compare_digest
from time import time
from typing import Any

from itsdangerous import URLSafeTimedSerializer
from itsdangerous.encoding import int_to_bytes, want_bytes

SEPARATOR = b"."
SMALL = 127


TO_URL = bytes.maketrans(b"+/", b"-_")
FROM_URL = bytes.maketrans(b"-_", b"+/")


def encode(data: bytes) -> bytes:
    """URL-safe base64 without padding (RFC 4648, 5)."""
    return b2a_base64(data, newline=False).translate(TO_URL).rstrip(b"=")


def decode(text: bytes) -> bytes:
    """The opposite of `encode`. Raises binascii.Error."""
    return a2b_base64(text.translate(FROM_URL) + b"=" * (-len(text) % 4))


def packed_size(text: bytes) -> int:
    """``len(zlib.compress(text))`` for a text shorter than `SMALL`.

    FAST: a compressor with 3 kB of tables instead of 256 kB, which cost more than all else in a session. With
    one block and a window that holds all of the text, it writes the same, less the header and checksum.
    """
    packer = zlib.compressobj(-1, zlib.DEFLATED, -9, 1)
    return len(packer.compress(text)) + len(packer.flush()) + 6


class Mac:
    """HMAC (RFC 2104) with one key, which is hashed once. Raises ValueError for an unknown *digest*."""

    def __init__(self, key: bytes, digest: str) -> None:
        block = hashlib.new(digest).block_size
        if len(key) > block:
            key = hashlib.new(digest, key).digest()
        key = key.ljust(block, b"\0")
        self._inner = hashlib.new(digest, bytes(byte ^ 0x36 for byte in key))
        self._outer = hashlib.new(digest, bytes(byte ^ 0x5C for byte in key))

    def digest(self, message: bytes) -> bytes:
        inner = self._inner.copy()
        inner.update(message)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()


class CookieSerializer(URLSafeTimedSerializer):
    """A `URLSafeTimedSerializer` whose keys do not change. *digest* is the name of its HMAC's digest.

    ``digest=None`` leaves everything to itsdangerous.
    """

    def __init__(self, *args: Any, digest: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._macs: list[Mac] = []
        stock = self.signer is URLSafeTimedSerializer.default_signer and self.is_text_serializer
        if digest is None or not stock:
            return
        signer = self.make_signer(self.salt)
        try:
            # The newest key first: it signs, and signed most of what comes back.
            self._macs = [Mac(signer.derive_key(key), digest) for key in self.secret_keys[::-1]]
        except ValueError:
            # Not every OpenSSL has every digest.
            return

    def dumps(self, obj: Any, salt: str | bytes | None = None) -> Any:
        if not self._macs or salt is not None:
            return super().dumps(obj, salt)
        # PARITY: itsdangerous' own layout: payload, seconds since the epoch, HMAC of both.
        value = self.dump_payload(obj) + SEPARATOR + encode(int_to_bytes(int(time())))
        signature = self._macs[0].digest(value)
        return (value + SEPARATOR + encode(signature)).decode("ascii")

    def dump_payload(self, obj: Any) -> bytes:
        if not self._macs:
            return super().dump_payload(obj)
        text = want_bytes(self.serializer.dumps(obj, **self.serializer_kwargs))
        if len(text) >= SMALL or packed_size(text) < len(text) - 1:
            packed = zlib.compress(text)
            if len(packed) < len(text) - 1:
                return SEPARATOR + encode(packed)
        return encode(text)

    def loads(  # type: ignore[override]
        self,
        s: str | bytes,
        max_age: int | None = None,
        return_timestamp: bool = False,
        salt: bytes | None = None,
    ) -> Any:
        """What `dumps` was given, if it was signed by one of the keys in the last *max_age* seconds.

        Raises BadSignature, SignatureExpired or BadPayload as itsdangerous does.
        """
        if self._macs and salt is None and not return_timestamp:
            payload = self._open(s, max_age)
            if payload is not None:
                if payload[:1] == SEPARATOR:
                    return self.load_payload(payload)
                try:
                    return self.serializer.loads(decode(payload).decode())
                except Exception:
                    # For the error's own words.
                    return self.load_payload(payload)
        return super().loads(s, max_age, return_timestamp, salt)

    def _open(self, s: str | bytes, max_age: int | None) -> bytes | None:
        """The payload of a text that is signed and not too old; None for any doubt."""
        try:
            text = s.encode("ascii") if isinstance(s, str) else s
            value, _, signature = text.rpartition(SEPARATOR)
            payload, _, stamp = value.rpartition(SEPARATOR)
            given = decode(signature)
            for mac in self._macs:
                if compare_digest(given, mac.digest(value)):
                    age = int(time()) - int.from_bytes(decode(stamp), "big")
                    return payload if payload and age >= 0 and (max_age is None or age <= max_age) else None
        except Exception:
            # Malformed somewhere: itsdangerous has the words for it.
            pass
        return None
