"""JSON that keeps Python types, for sessions: a value JSON has no type for becomes a dict of one tagged key.

``(1, b"x")`` is written ``{" t":[1,{" b":"eA=="}]}``. Dates lose what is below a second.
"""

from __future__ import annotations

import typing as t
from base64 import b64decode, b64encode
from datetime import datetime
from uuid import UUID

from markupsafe import Markup
from werkzeug.http import http_date, parse_date

from .._core.primitives.class_watch import probe
from .._core.primitives.stock import StockGuard
from . import dumps, loads


class JSONTag:
    """One type of Python that JSON has not: how a value is recognised, written and read again.

    A subclass sets ``key``, a short text that marks such values, and writes three methods. An empty key marks nothing.
    `TaggedJSONSerializer.register` takes the class::

        class TagPath(JSONTag):
            __slots__ = ()
            key = " p"

            def check(self, value):
                return isinstance(value, PurePath)

            def to_json(self, value):
                return str(value)

            def to_python(self, value):
                return PurePath(value)
    """

    __slots__ = ("serializer",)

    key: str = ""

    def __init__(self, serializer: TaggedJSONSerializer) -> None:
        self.serializer = serializer

    def check(self, value: t.Any) -> bool:
        """Whether this tag is for *value*. The tags are asked in their order, and the first that says yes writes it.

        So a tag for a subclass of dict or list has to come before `TagDict` and its like: register it with ``index=0``.
        """
        raise NotImplementedError

    def to_json(self, value: t.Any) -> t.Any:
        """*value* as something that JSON has: a string, a number, a list, a dict.

        Values inside it must be tagged in turn, by ``self.serializer.tag(inner)``, if they may be of a type with a tag.
        """
        raise NotImplementedError

    def to_python(self, value: t.Any) -> t.Any:
        """The value again, from *value*, which is what :meth:`to_json` made. What is inside it is untagged already.

        It runs on what a client sent, after the signature was checked.
        """
        raise NotImplementedError

    def tag(self, value: t.Any) -> dict[str, t.Any]:
        """*value*, written by :meth:`to_json` and marked: a dict with ``key`` as its only key.

        A tag that marks nothing, such as `PassList`, returns what `to_json` made.
        """
        return {self.key: self.to_json(value)}


class TagDict(JSONTag):
    """A dict whose only key looks like a tag: the key is written with two underscores more.

    ``{" t": 1}`` becomes ``{" di": {" t__": 1}}``, so that no dict of the application is taken for a marked value.
    """

    __slots__ = ()
    key = " di"

    def check(self, value: t.Any) -> bool:
        return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in self.serializer.tags

    def to_json(self, value: t.Any) -> t.Any:
        key = next(iter(value))
        return {f"{key}__": self.serializer.tag(value[key])}

    def to_python(self, value: t.Any) -> t.Any:
        key = next(iter(value))
        return {key[:-2]: value[key]}


class PassDict(JSONTag):
    """Any other dict: an object of JSON, unmarked.

    Its values are tagged in turn; its keys are left to JSON, which makes strings of numbers, booleans and None.
    """

    __slots__ = ()

    def check(self, value: t.Any) -> bool:
        return isinstance(value, dict)

    def to_json(self, value: t.Any) -> t.Any:
        return {key: self.serializer.tag(inner) for key, inner in value.items()}

    tag = to_json


class TagTuple(JSONTag):
    """A tuple, written as a marked list, ``{" t": [1, 2]}``, since JSON has one kind of sequence.

    Its items are tagged in turn. A named tuple comes back as a tuple without names.
    """

    __slots__ = ()
    key = " t"

    def check(self, value: t.Any) -> bool:
        return isinstance(value, tuple)

    def to_json(self, value: t.Any) -> t.Any:
        return [self.serializer.tag(item) for item in value]

    def to_python(self, value: t.Any) -> t.Any:
        return tuple(value)


class PassList(JSONTag):
    """A list: an array of JSON, unmarked, whose items are tagged in turn. Subclasses come back as plain lists."""

    __slots__ = ()

    def check(self, value: t.Any) -> bool:
        return isinstance(value, list)

    def to_json(self, value: t.Any) -> t.Any:
        return [self.serializer.tag(item) for item in value]

    tag = to_json


class TagBytes(JSONTag):
    """Bytes, marked and written in Base64 (RFC 4648), a third longer than they are: ``b"x"`` is ``{" b": "eA=="}``."""

    __slots__ = ()
    key = " b"

    def check(self, value: t.Any) -> bool:
        return isinstance(value, bytes)

    def to_json(self, value: t.Any) -> t.Any:
        return b64encode(value).decode("ascii")

    def to_python(self, value: t.Any) -> t.Any:
        return b64decode(value)


class TagMarkup(JSONTag):
    """Anything with a method ``__html__``, marked and written as the text that it returns.

    It comes back as ``markupsafe.Markup``, whatever class it was of, so that a template does not escape it a second
    time.
    """

    __slots__ = ()
    key = " m"

    def check(self, value: t.Any) -> bool:
        return callable(getattr(value, "__html__", None))

    def to_json(self, value: t.Any) -> t.Any:
        return str(value.__html__())

    def to_python(self, value: t.Any) -> t.Any:
        return Markup(value)


class TagUUID(JSONTag):
    """A ``uuid.UUID``, marked and written as its 32 hexadecimal digits without hyphens, in lower case."""

    __slots__ = ()
    key = " u"

    def check(self, value: t.Any) -> bool:
        return isinstance(value, UUID)

    def to_json(self, value: t.Any) -> t.Any:
        return value.hex

    def to_python(self, value: t.Any) -> t.Any:
        return UUID(value)


class TagDateTime(JSONTag):
    """A datetime, marked and written as an HTTP date (RFC 9110, 5.6.7), which is in UTC and ends with seconds.

    It comes back aware, in UTC, without the fraction of its second; one without a time zone is taken for UTC.
    """

    __slots__ = ()
    key = " d"

    def check(self, value: t.Any) -> bool:
        return isinstance(value, datetime)

    def to_json(self, value: t.Any) -> t.Any:
        return http_date(value)

    def to_python(self, value: t.Any) -> t.Any:
        return parse_date(value)


class TaggedJSONSerializer:
    """Writes and reads JSON that keeps tuples, bytes, ``Markup``, UUIDs and datetimes, by one `JSONTag` for each type.

    What sessions are written with. :meth:`register` adds types of your own, on the interface's serializer::

        app.session_interface.serializer.register(TagPath, index=0)

    ``order`` has the tags in the order in which they are asked, ``tags`` those that mark, by their keys.
    """

    __slots__ = ("order", "tags")

    default_tags = [TagDict, PassDict, TagTuple, PassList, TagBytes, TagMarkup, TagUUID, TagDateTime]
    """The tag classes every serializer begins with, in order."""

    def __init__(self) -> None:
        self.tags: dict[str, JSONTag] = {}
        self.order: list[JSONTag] = []
        for cls in self.default_tags:
            self.register(cls)

    def register(self, tag_class: type[JSONTag], force: bool = False, index: int | None = None) -> None:
        """Add an instance of *tag_class*, last in the order of tags, or at *index* of it.

        A tag for a subclass of a type that has one must come before it, ``index=0``. KeyError for a key that another
        tag has, unless *force*, which replaces it.
        """
        tag = tag_class(self)
        if tag.key:
            if tag.key in self.tags and not force:
                raise KeyError(f"Tag '{tag.key}' is already registered.")
            self.tags[tag.key] = tag
        self.order.insert(len(self.order) if index is None else index, tag)

    def tag(self, value: t.Any) -> t.Any:
        """*value* as JSON can hold it: marked by the first tag whose `check` is true, or itself where none is.

        :meth:`dumps` does this for the whole value, and tags do it for what is inside theirs.
        """
        for tag in self.order:
            if tag.check(value):
                return tag.tag(value)
        return value

    def untag(self, value: dict[str, t.Any]) -> t.Any:
        """The value that a marked dict stands for, by its tag's `to_python`; any other dict as it is.

        A dict is marked if it has one key and that key is a registered tag's. It does not look inside: :meth:`loads`
        goes from the innermost value out.
        """
        if len(value) == 1:
            ((key, inner),) = value.items()
            if key in self.tags:
                return self.tags[key].to_python(inner)
        return value

    def _untag_scan(self, value: t.Any) -> t.Any:
        """:meth:`untag`, from the inside out."""
        if isinstance(value, dict):
            return self.untag({key: self._untag_scan(inner) for key, inner in value.items()})
        if isinstance(value, list):
            return [self._untag_scan(item) for item in value]
        return value

    def dumps(self, value: t.Any) -> str:
        """*value* as a text of JSON without spaces, with its special types marked.

        Written by the current application's provider, so that what the provider's ``default`` converts is converted
        here too, without a way back. TypeError for the rest.
        """
        tagged = self._tag_stock(value) if self._is_stock() else self.tag(value)
        return dumps(tagged, separators=(",", ":"))

    def loads(self, value: str) -> t.Any:
        """The value of a text that :meth:`dumps` has made: read as JSON, then untagged from the inside out.

        ValueError for what is no JSON, and what a tag's `to_python` raises for content that does not fit it.
        """
        read = loads(value)
        # FAST (session-write): keys that mark begin with a space; a text without one has no tags.
        if type(value) is str and '" ' not in value and "\\u" not in value and self._is_stock():
            return read
        return self._untag_scan(read)

    def _is_stock(self) -> bool:
        """Whether the tags are the default ones as shipped, so that the shortcuts for common types hold."""
        return self._has_default_tags() and TAGS.holds(TaggedJSONSerializer)

    def _has_default_tags(self) -> bool:
        global _stock_order
        order = self.order
        # FAST (session-read): identical to the list that was checked last.
        if order == _stock_order:
            return True
        if [type(tag) for tag in order] != STOCK:
            return False
        _stock_order = order[:]
        return True

    def _tag_stock(self, value: t.Any) -> t.Any:
        """:meth:`tag`, by the exact type where that decides it."""
        kind = type(value)
        if kind in UNTAGGED:
            return value
        if kind is dict and (len(value) != 1 or next(iter(value)) not in self.tags):
            for inner in value.values():
                if type(inner) not in UNTAGGED:
                    break
            else:
                return value
            return {key: self._tag_stock(inner) for key, inner in value.items()}
        if kind is list:
            return [self._tag_stock(item) for item in value]
        return self.tag(value)


STOCK: list[type[JSONTag]] = TaggedJSONSerializer.default_tags[:]
# FAST (session-write): a change of one of its bases is one of this class, so that only it is looked at.
_every_tag = type("EveryTag", tuple(STOCK), {"__slots__": ()})
probe(_every_tag)
TAG_STEPS = [(cls, name) for cls in (*STOCK, _every_tag) for name in ("check", "tag", "to_json", "to_python")]
TAGS = StockGuard(TaggedJSONSerializer, (), TAG_STEPS)
_stock_order: list[JSONTag] = []
"""The tags of the last serializer that was found to have the default ones."""
UNTAGGED = frozenset((str, int, float, bool, type(None)))
"""Types whose exact instances no default tag is for."""
