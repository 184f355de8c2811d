"""itsdangerous' timed serializer for one secret, with the derived keys cached.

It signs and reads the same texts. A text that is not certainly valid (a wrong signature, an expired one, another
form) is passed to itsdangerous, which raises the error.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import zlib
from contextlib import suppress
from typing import Any

import itsdangerous.timed
from itsdangerous import HMACAlgorithm, Serializer, Signer, TimestampSigner, URLSafeTimedSerializer
from itsdangerous.encoding import want_bytes

from .._core.primitives.class_watch import StockFunctions, probe
from .._core.primitives.stock import StockGuard
from .._core.session.signature import SEPARATOR, Hmac, SigningKeys, decode, packed, sign, unsign

STOCK_FUNCTIONS = StockFunctions(
    (base64, "urlsafe_b64decode urlsafe_b64encode"),
    (hashlib, "sha1"),
    (hmac, "compare_digest new"),
    (time, "time"),
    (zlib, "compress decompress"),
    (itsdangerous.timed, "time"),
)
_STEPS: tuple[tuple[type, str], ...] = (
    (HMACAlgorithm, "__init__ get_signature verify_signature"),
    (Serializer, "dump_payload iter_unsigners load_payload"),
    (Signer, "__init__ unsign"),
    (TimestampSigner, "derive_key get_signature get_timestamp sign timestamp_to_datetime unsign verify_signature"),
)
STOCK_SERIALIZER = StockGuard(
    URLSafeTimedSerializer,
    ["dump_payload", "dumps", "iter_unsigners", "load_payload", "loads", "make_signer"],
    [(cls, name) for cls, names in _STEPS for name in names.split()],
)
"""What itsdangerous calls. Where one is replaced, as tests do with the clock, itsdangerous signs and reads."""


class CookieSerializer(URLSafeTimedSerializer):
    """A `URLSafeTimedSerializer` whose keys do not change. *digest* is the name of its HMAC's digest.

    ``digest=None`` leaves everything to itsdangerous.
    """

    def __init__(self, *args: Any, digest: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.digest = digest
        self.keys = self._derived_keys()

    def _derived_keys(self) -> SigningKeys:
        macs: list[Hmac] = []
        keys = SigningKeys(macs, URLSafeTimedSerializer, STOCK_SERIALIZER, STOCK_FUNCTIONS)
        stock = self.signer is URLSafeTimedSerializer.default_signer and self.is_text_serializer
        if self.digest is None or not stock:
            return keys
        signer = self.make_signer(self.salt)
        # Not every OpenSSL has every digest, and not every key is a text: itsdangerous fails where it uses one.
        with suppress(TypeError, ValueError):
            # The newest key first: it signs, and signed most of what comes back.
            macs += [Hmac(signer.derive_key(key), self.digest) for key in self.secret_keys[::-1]]
        return keys

    def __getstate__(self) -> dict[str, Any]:
        """What a copy or a pickle holds: all but the derived keys, which cannot be copied."""
        state = self.__dict__.copy()
        del state["keys"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.keys = self._derived_keys()

    @property
    def macs(self) -> list[Hmac]:
        """The keys, the newest first; an empty list where itsdangerous has to sign."""
        return self.keys.usable()

    def dumps(self, obj: Any, salt: str | bytes | None = None) -> Any:
        macs = self.macs
        if salt is not None:
            return super().dumps(obj, salt)
        if not macs:
            return super().dumps(obj)
        text = want_bytes(self.serializer.dumps(obj, **self.serializer_kwargs))
        # PARITY: of other values, as a mock gives them, itsdangerous tells what it needs.
        return sign(macs[0], packed(text)) if type(text) is bytes else super().dumps(obj)

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
        macs = self.macs
        if macs and salt is None and not return_timestamp:
            payload = unsign(macs, s, max_age)
            if payload is not None:
                if payload[:1] == SEPARATOR:
                    return self.load_payload(payload)
                try:
                    return self.serializer.loads(decode(payload).decode())
                except Exception:
                    # For itsdangerous' error.
                    return self.load_payload(payload)
        if salt is None and not return_timestamp:
            # As Flask calls it: a test may have replaced it.
            return super().loads(s, max_age=max_age)
        return super().loads(s, max_age, return_timestamp, salt)


probe(CookieSerializer, TimestampSigner, HMACAlgorithm)
