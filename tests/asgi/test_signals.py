"""Async receivers of signals: called as Flask calls them, over ASGI on the server's loop."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable
from typing import Any

import flask
import pytest

import bolthead

SIGNALS = [
    *("appcontext_pushed", "request_started", "before_render_template", "template_rendered", "message_flashed"),
    *("got_request_exception", "request_finished", "request_tearing_down", "appcontext_tearing_down"),
    "appcontext_popped",
]


async def turn() -> None:
    await asyncio.sleep(0)


def render(fw: Any) -> Any:
    fw.flash("flashed")
    return fw.render_template_string("rendered")


def fail(fw: Any) -> Any:
    raise KeyError("failed")


VIEWS: dict[str, Callable[[Any], Any]] = {"text": lambda fw: "text", "render": render, "fail": fail}


def site(fw: Any, kinds: tuple[str, ...], of_view: str) -> tuple[Any, list[Any]]:
    """An application with one receiver for each of *kinds*, to every signal; what they see, and their loops."""
    app = fw.Flask("site_under_test", root_path="/nowhere")
    app.secret_key = "key"
    app.logger.disabled = True
    log: list[Any] = []
    app.receivers = []
    for name, (number, kind) in itertools.product(SIGNALS, enumerate(kinds)):
        if (name, kind, of_view) == ("message_flashed", "sync", "async") and "async" in kinds:
            # Where an async one raises, this one would be called or not, by the order of addresses.
            continue

        def note(sender: Any, name: str = name, number: int = number, **given: Any) -> None:
            if fw.has_request_context():
                fw.g.seen = fw.g.get("seen", 0) + 1
            asked = [type(value).__name__ for _, value in sorted(given.items())]
            log.append((name, number, asked, fw.has_app_context() and fw.g.get("seen"), fw.has_request_context()))

        async def note_later(sender: Any, note: Any = note, **given: Any) -> None:
            app.loops.add(asyncio.get_running_loop())
            await turn()
            note(sender, **given)

        receiver = note if kind == "sync" else note_later
        app.receivers.append(receiver)
        getattr(fw, name).connect(receiver, app)
    app.loops = set()
    for path, view in VIEWS.items():

        def called(view: Any = view) -> Any:
            return view(fw)

        async def awaited(view: Any = view) -> Any:
            await turn()
            try:
                return view(fw)
            except RuntimeError as error:
                return repr(error)

        app.add_url_rule(f"/{path}", path, called if of_view == "sync" else awaited)
    return app, log


def comparable(log: list[Any]) -> Any:
    """Which were called for what, and the contexts then; blinker calls the receivers of one signal in any order."""
    called = [sorted(entry[:3] for entry in group) for _, group in itertools.groupby(log, key=lambda entry: entry[0])]
    return called, [entry[3:] for entry in log]


@pytest.mark.parametrize("of_view", ["sync", "async"])
@pytest.mark.parametrize("kinds", [("async",), ("sync", "sync"), ("sync", "async", "async")], ids="-".join)
@pytest.mark.parametrize("path", [*VIEWS, "nowhere"])
def test_they_are_called_as_in_flask(path: str, kinds: tuple[str, ...], of_view: str) -> None:
    """Over ASGI too; a signal sent by a function that is called on a loop has Flask's error for an async receiver."""
    outcomes = []
    for fw in (flask, bolthead):
        app, log = site(fw, kinds, of_view)
        response = app.test_client().get(f"/{path}")
        outcomes.append((response.status_code, response.text, comparable(log)))
    app, log = site(bolthead, kinds, of_view)

    async def main() -> Any:
        response = await app.async_test_client().get(f"/{path}")
        assert app.loops == ({asyncio.get_running_loop()} if "async" in kinds else set())
        return response.status_code, response.text, comparable(log)

    outcomes.append(asyncio.run(main()))
    assert outcomes[0] == outcomes[1] == outcomes[2]
    assert len(log) >= 6 * len(kinds)


def test_a_signal_of_the_applications_own() -> None:
    """As blinker has it: awaited with ``send_async``, refused by ``send`` without a wrapper."""
    from blinker import Signal

    ordered = Signal()
    app = bolthead.Flask("site_under_test", root_path="/nowhere")
    seen: list[Any] = []

    @ordered.connect
    async def receive(sender: Any, **given: Any) -> str:
        await turn()
        seen.append((bolthead.request.path, given, threading.current_thread() is threading.main_thread()))
        return "received"

    @app.get("/async")
    async def view() -> Any:
        [(_, answer)] = await ordered.send_async(app, number=1)
        return answer

    @app.get("/refused")
    async def refused() -> Any:
        with pytest.raises(RuntimeError, match="Cannot send to a coroutine function"):
            ordered.send(app)
        return "refused"

    @app.get("/wrapped")
    def wrapped() -> Any:
        [(_, answer)] = ordered.send(app, _async_wrapper=app.ensure_sync, number=2)
        return answer

    async def main() -> list[str]:
        client = app.async_test_client()
        return [(await client.get(path)).text for path in ("/async", "/refused", "/wrapped")]

    assert asyncio.run(main()) == ["received", "refused", "received"]
    assert seen == [("/async", {"number": 1}, True), ("/wrapped", {"number": 2}, True)]
