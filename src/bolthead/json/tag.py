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

from . import dumps, loads


class JSONTag:
    """One type: how to recognise, write and read it. ``key`` marks it; an empty key marks nothing."""

    __slots__ = ("serializer",)

    key: str = ""

    def __init__(self, serializer: TaggedJSONSerializer) -> None:
        self.serializer = serializer

    def check(self, value: t.Any) -> bool:
        """Whether this tag is for the value."""
        raise NotImplementedError

    def to_json(self, value: t.Any) -> t.Any:
        """The value as something JSON has; what is inside must be tagged in turn."""
        raise NotImplementedError

    def to_python(self, value: t.Any) -> t.Any:
        """The value again, from what :meth:`to_json` made; what is inside is untagged already."""
        raise NotImplementedError

    def tag(self, value: t.Any) -> dict[str, t.Any]:
        """The value, written and marked."""
        return {self.key: self.to_json(value)}


class TagDict(JSONTag):
    """A dict whose only key looks like a tag: the key gets two underscores more."""

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
    """Any other dict, unmarked."""

    __slots__ = ()

    def check(self, value: t.Any) -> bool:
        return isinstance(value, dict)

    def to_json(self, value: t.Any) -> t.Any:
        return {key: self.serializer.tag(inner) for key, inner in value.items()}

    tag = to_json


class TagTuple(JSONTag):
    """A tuple, written as a list."""

    __slots__ = ()
    key = " t"

    def check(self, value: t.Any) -> bool:
        return isinstance(value, tuple)

    def to_json(self, value: t.Any) -> t.Any:
        return [self.serializer.tag(item) for item in value]

    def to_python(self, value: t.Any) -> t.Any:
        return tuple(value)


class PassList(JSONTag):
    """A list, unmarked."""

    __slots__ = ()

    def check(self, value: t.Any) -> bool:
        return isinstance(value, list)

    def to_json(self, value: t.Any) -> t.Any:
        return [self.serializer.tag(item) for item in value]

    tag = to_json


class TagBytes(JSONTag):
    """Bytes, written in Base64."""

    __slots__ = ()
    key = " b"

    def check(self, value: t.Any) -> bool:
        return isinstance(value, bytes)

    def to_json(self, value: t.Any) -> t.Any:
        return b64encode(value).decode("ascii")

    def to_python(self, value: t.Any) -> t.Any:
        return b64decode(value)


class TagMarkup(JSONTag):
    """Anything with ``__html__``; it comes back as ``Markup``, whatever it was."""

    __slots__ = ()
    key = " m"

    def check(self, value: t.Any) -> bool:
        return callable(getattr(value, "__html__", None))

    def to_json(self, value: t.Any) -> t.Any:
        return str(value.__html__())

    def to_python(self, value: t.Any) -> t.Any:
        return Markup(value)


class TagUUID(JSONTag):
    """A UUID, written as its 32 hexadecimal digits."""

    __slots__ = ()
    key = " u"

    def check(self, value: t.Any) -> bool:
        return isinstance(value, UUID)

    def to_json(self, value: t.Any) -> t.Any:
        return value.hex

    def to_python(self, value: t.Any) -> t.Any:
        return UUID(value)


class TagDateTime(JSONTag):
    """A datetime, written as an HTTP date: in UTC, without fractions of a second."""

    __slots__ = ()
    key = " d"

    def check(self, value: t.Any) -> bool:
        return isinstance(value, datetime)

    def to_json(self, value: t.Any) -> t.Any:
        return http_date(value)

    def to_python(self, value: t.Any) -> t.Any:
        return parse_date(value)


class TaggedJSONSerializer:
    """A serializer with ``dumps`` and ``loads`` by tags, the first that fits. :meth:`register` adds types."""

    __slots__ = ("order", "tags")

    default_tags = [TagDict, PassDict, TagTuple, PassList, TagBytes, TagMarkup, TagUUID, TagDateTime]
    """The tag classes every serializer begins with, in order."""

    def __init__(self) -> None:
        self.tags: dict[str, JSONTag] = {}
        self.order: list[JSONTag] = []
        for cls in self.default_tags:
            self.register(cls)

    def register(self, tag_class: type[JSONTag], force: bool = False, index: int | None = None) -> None:
        """Add a tag, last or at ``index`` of the order; ``KeyError`` for a key in use, unless ``force``."""
        tag = tag_class(self)
        if tag.key:
            if tag.key in self.tags and not force:
                raise KeyError(f"Tag '{tag.key}' is already registered.")
            self.tags[tag.key] = tag
        self.order.insert(len(self.order) if index is None else index, tag)

    def tag(self, value: t.Any) -> t.Any:
        """The value as JSON can hold it: marked, or itself where no tag is for it."""
        for tag in self.order:
            if tag.check(value):
                return tag.tag(value)
        return value

    def untag(self, value: dict[str, t.Any]) -> t.Any:
        """The value of a marked dict, or the dict itself."""
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
        """Tag and write, without spaces."""
        tagged = self._tag_stock(value) if self._is_stock() else self.tag(value)
        return dumps(tagged, separators=(",", ":"))

    def loads(self, value: str) -> t.Any:
        """Read and untag."""
        read = loads(value)
        # FAST (session-write): keys that mark begin with a space; a text without one has no tags.
        if type(value) is str and '" ' not in value and "\\u" not in value and self._is_stock():
            return read
        return self._untag_scan(read)

    def _is_stock(self) -> bool:
        """Whether the tags are the default ones, so that the shortcuts for common types hold."""
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
_stock_order: list[JSONTag] = []
"""The tags of the last serializer that was found to have the default ones."""
UNTAGGED = frozenset((str, int, float, bool, type(None)))
"""Types whose exact instances no default tag is for."""
