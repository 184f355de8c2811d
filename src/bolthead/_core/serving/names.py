"""The names of request headers as they are sent, and the variables in which they arrive; what response headers mean."""

from __future__ import annotations

import re

MANY = 1000
ORDINARY, LENGTH, DATE, CONNECTION, UPGRADE, HOP = range(6)
"""What a response header means to the server."""
NAME = re.compile(rb"[0-9A-Za-z-]+")


def key_of(name: bytes) -> str:
    """The variable in which a header of this name arrives."""
    key = name.decode("ascii").upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


COMMON = b"""Accept Accept-Encoding Accept-Language Authorization Cache-Control Connection Content-Length Content-Type
Cookie DNT Forwarded Host If-Modified-Since If-None-Match Origin Pragma Priority Range Referer Sec-CH-UA
Sec-CH-UA-Mobile Sec-CH-UA-Platform Sec-Fetch-Dest Sec-Fetch-Mode Sec-Fetch-Site Sec-Fetch-User
Upgrade-Insecure-Requests User-Agent Via X-CSRFToken X-Forwarded-For X-Forwarded-Host X-Forwarded-Port
X-Forwarded-Proto X-Real-IP X-Request-ID X-Requested-With"""
NAMES = {spelt: key_of(spelt) for name in COMMON.split() for spelt in (name, name.lower(), name.title())}
"""The keys of names as they were sent; those of other good names are added, as long as they are not many."""


def learn(name: bytes) -> str | None:
    """The key of a name that is not in ``NAMES``; None for one with more than letters, digits and hyphens."""
    if NAME.fullmatch(name) is None:
        return None
    key = key_of(name)
    if len(NAMES) < MANY:
        NAMES[name] = key
    return key
