"""The body of a JSON response against the provider's own ``response``."""

from __future__ import annotations

import datetime
import decimal
import itertools
import uuid
from collections.abc import Callable
from types import ModuleType
from typing import Any

import flask
import pytest

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.json.response_json"

VALUES: list[Any] = [
    {}, [], {"b": 1, "a": [True, None, 1.5, "é\n"]}, [{"a": {}}], {"when": datetime.date(2024, 1, 2)},
    [decimal.Decimal("1.50"), uuid.UUID(int=1)], {1: 2}, {"a": object()}, {1: 1, "b": 2},
]  # fmt: skip


def apps(load: Load) -> list[Any]:
    return [fw.Flask("site", root_path="/nowhere") for fw in (flask, load("bolthead"))]


def outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:
        return type(error), str(error).split(" at 0x")[0]


def test_the_line_is_the_providers_response(load: Load) -> None:
    line_of = load(NAME).line_of
    written = 0
    for compact, debug, ascii_only, sort in itertools.product([None, True, False], *[[True, False]] * 3):
        oracle, app = apps(load)
        for each in (oracle, app):
            each.debug = debug
            each.json.compact, each.json.ensure_ascii, each.json.sort_keys = compact, ascii_only, sort
        for value in VALUES:
            with oracle.app_context():
                wanted = outcome(lambda: oracle.json.response(value).get_data())  # noqa: B023
            with app.app_context():
                found = outcome(lambda: line_of(app.json, app, value))  # noqa: B023
                own = outcome(lambda: app.json.response(value).get_data())  # noqa: B023
            indented = compact is False or (compact is None and debug)
            assert (found is None) == indented, "only indented JSON is left to the provider"
            assert own == wanted
            if found is not None:
                written += 1
                assert found == wanted, value
    assert written


def test_what_hands_over_to_the_provider(load: Load) -> None:
    line_of, provider_class = load(NAME).line_of, load("bolthead.json.provider").DefaultJSONProvider
    app = apps(load)[1]
    for name in ("response", "dumps", "_prepare_response_obj"):
        child: Any = type("Child", (provider_class,), {name: lambda *args, **kwargs: None})
        assert line_of(child(app), app, {}) is None, name
        provider = provider_class(app)
        setattr(provider, name, None)
        assert line_of(provider, app, {}) is None, name
    provider = provider_class(app)
    provider.mimetype = None
    assert line_of(provider, app, {}) is None
    assert line_of(provider_class(app), app, {}) == b"{}\n"


@pytest.mark.parametrize("name", ["default", "ensure_ascii", "sort_keys"])
def test_the_writer_follows_the_providers_attributes(load: Load, name: str) -> None:
    writer_of, app = load(NAME).writer_of, apps(load)[1]
    first = writer_of(app.json, True)
    assert writer_of(app.json, True) is first
    assert writer_of(app.json, False) is not first
    first = writer_of(app.json, True)
    setattr(app.json, name, (lambda value: "x") if name == "default" else False)
    changed = writer_of(app.json, True)
    assert changed is not first
    assert (
        changed.line({"b": set(), "a": "é"} if name == "default" else {"b": 1, "a": "é"})
        == {
            "default": b'{"a":"\\u00e9","b":"x"}\n',
            "ensure_ascii": '{"a":"é","b":1}\n'.encode(),
            "sort_keys": b'{"b":1,"a":"\\u00e9"}\n',
        }[name]
    )
