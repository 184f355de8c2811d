"""itsdangerous' timed serializer for one secret, with the derived keys cached.

It signs and reads the same text. Whatever is not plainly right (a wrong signature, an old one, an odd form) is
handed to itsdangerous, which says what is wrong with it.
"""

from __future__ import annotations

from typing import Any

from itsdangerous import URLSafeTimedSerializer
from itsdangerous.encoding import want_bytes

from .._core.session.signature import SEPARATOR, Hmac, decode, packed, sign, unsign


class CookieSerializer(URLSafeTimedSerializer):
    """A `URLSafeTimedSerializer` whose keys do not change. *digest* is the name of its HMAC's digest.

    ``digest=None`` leaves everything to itsdangerous.
    """

    def __init__(self, *args: Any, digest: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.macs: list[Hmac] = []
        stock = self.signer is URLSafeTimedSerializer.default_signer and self.is_text_serializer
        if digest is None or not stock:
            return
        signer = self.make_signer(self.salt)
        try:
            # The newest key first: it signs, and signed most of what comes back.
            self.macs = [Hmac(signer.derive_key(key), digest) for key in self.secret_keys[::-1]]
        except ValueError:
            # Not every OpenSSL has every digest.
            return

    def dumps(self, obj: Any, salt: str | bytes | None = None) -> Any:
        if not self.macs or salt is not None:
            return super().dumps(obj, salt)
        return sign(self.macs[0], self.dump_payload(obj))

    def dump_payload(self, obj: Any) -> bytes:
        if not self.macs:
            return super().dump_payload(obj)
        return packed(want_bytes(self.serializer.dumps(obj, **self.serializer_kwargs)))

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
        if self.macs and salt is None and not return_timestamp:
            payload = unsign(self.macs, s, max_age)
            if payload is not None:
                if payload[:1] == SEPARATOR:
                    return self.load_payload(payload)
                try:
                    return self.serializer.loads(decode(payload).decode())
                except Exception:
                    # For the error's own words.
                    return self.load_payload(payload)
        return super().loads(s, max_age, return_timestamp, salt)
