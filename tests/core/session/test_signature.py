"""The session's serializer against itsdangerous': the same text, the same objects, the same errors."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import zlib
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import BadData, URLSafeTimedSerializer

from bolthead._compat import itsdangerous_serializer
from bolthead._core.session import signature
from bolthead.json.tag import TaggedJSONSerializer

NOW = 1_800_000_000
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.tuples(st.text()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def pair(keys: list[str | bytes], digest: str = "sha1") -> tuple[URLSafeTimedSerializer, URLSafeTimedSerializer]:
    options = {"key_derivation": "hmac", "digest_method": getattr(hashlib, digest)}
    serializer = TaggedJSONSerializer()
    theirs = URLSafeTimedSerializer(keys, salt="cookie", serializer=serializer, signer_kwargs=options)
    ours = itsdangerous_serializer.CookieSerializer(
        list(keys), salt="cookie", serializer=serializer, signer_kwargs=options, digest=digest
    )
    return ours, theirs


def outcome(call: Any, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
    with mock.patch("time.time", lambda: NOW), mock.patch.object(signature, "time", lambda: NOW):
        try:
            return ("returns", call(*args, **kwargs))
        except BadData as error:
            return (type(error), str(error))


@given(JSON, st.sampled_from(["sha1", "sha256"]))
def test_same_text_both_ways(value: Any, digest: str) -> None:
    ours, theirs = pair(["old", b"new"], digest)
    text = outcome(ours.dumps, value)
    assert text == outcome(theirs.dumps, value)
    for reader in (ours, theirs):
        assert outcome(reader.loads, text[1], max_age=10) == ("returns", value)


@given(JSON, st.data())
def test_same_answer_to_a_changed_text(value: Any, data: st.DataObject) -> None:
    ours, theirs = pair(["old", "new"])
    text = str(outcome(theirs.dumps, value)[1])
    where = data.draw(st.integers(0, len(text)))
    changed = data.draw(
        st.sampled_from(
            [
                text[:where],
                text[where:],
                text[:where] + "." + text[where:],
                text[:where] + data.draw(st.text(max_size=2)) + text[where + 1 :],
                "",
                ".",
                "..",
                text.replace(".", "\u2024"),
            ]
        )
    )
    assert outcome(ours.loads, changed, max_age=10) == outcome(theirs.loads, changed, max_age=10)


@given(st.integers(-5, 20), st.none() | st.integers(0, 12))
def test_age(age: int, max_age: int | None) -> None:
    ours, theirs = pair(["key"])
    with mock.patch("time.time", lambda: NOW - age):
        text = theirs.dumps([1])
    assert outcome(ours.loads, text, max_age=max_age) == outcome(theirs.loads, text, max_age=max_age)


@given(st.data(), st.lists(st.sampled_from(["key", "old", "other"]), min_size=1, unique=True))
def test_remembered_cookies(data: st.DataObject, keys: list[str]) -> None:
    """A cookie that was read is read again, of any size, packed or not; a changed or old one is not."""
    macs = pair(keys)[0].macs
    for _ in range(data.draw(st.integers(1, 4))):
        value = data.draw(st.text(max_size=30)) * data.draw(st.sampled_from([1, 10, 500]))
        with mock.patch("time.time", lambda: NOW):
            text = pair([data.draw(st.sampled_from(["key", "old", "stranger"]))])[1].dumps(value)
        where = data.draw(st.integers(0, len(text) - 1))
        for asked in (text, text, text[:where] + data.draw(st.sampled_from("aB.")) + text[where + 1 :], text):
            for now, max_age in ((NOW, None), (NOW, 0), (NOW + 5, 5), (NOW + 6, 5), (NOW - 1, None)):
                with mock.patch.object(signature, "time", lambda now=now: now):
                    payload = signature.unsign(macs, asked, max_age)
                    found = signature.unsigned_text(macs, asked, max_age)
                assert (found is None) == (payload is None)
                assert found is None or json.loads(found) == value
        assert len(macs[0].opened) <= signature.SIGNATURES_CACHED


def test_fallback_keys() -> None:
    """CVE-2025-47278: the newest key signs; all of them are read."""
    newest, _ = pair(["older", "old", "new"])
    for key, read in (("new", True), ("old", True), ("older", True), ("stranger", False)):
        text = pair([key])[1].dumps("x")
        with mock.patch("time.time", lambda: NOW):
            if read:
                assert newest.loads(text) == "x"
            else:
                with pytest.raises(BadData):
                    newest.loads(text)
    assert pair(["new"])[1].loads(newest.dumps("x")) == "x"


@given(st.binary(max_size=200), st.binary(max_size=80), st.sampled_from(["sha1", "sha256", "md5"]))
def test_mac(key: bytes, message: bytes, digest: str) -> None:
    mac = signature.Hmac(key, digest)
    expected = hmac.digest(key, message, digest)
    assert mac.digest(message) == expected == mac.digest(message)


def test_packed_size() -> None:
    rnd = random.Random(1)
    for _ in range(3000):
        alphabet = rnd.choice([b"a", b"ab", b'{"_fresh":true,12}', bytes(range(256))])
        text = bytes(rnd.choice(alphabet) for _ in range(rnd.randrange(signature.PACKED_BELOW)))
        text = rnd.choice([text, (text[: rnd.randrange(1, 20)] * 30)[: len(text)]])
        assert signature.packed_size(text) == len(zlib.compress(text)), text


def test_other_signers_are_left_alone() -> None:
    class Other(URLSafeTimedSerializer.default_signer):  # type: ignore[name-defined, misc]
        def get_signature(self, value: Any) -> bytes:
            return b"signature"

    ours = itsdangerous_serializer.CookieSerializer(["key"], signer=Other, digest="sha1")
    assert ours.dumps(1).endswith(".signature")
    assert (
        itsdangerous_serializer.CookieSerializer(["key"], digest="no such digest").loads(
            URLSafeTimedSerializer(["key"]).dumps(1)
        )
        == 1
    )
