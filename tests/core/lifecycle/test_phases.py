"""The phases by themselves; above all, that no hook is skipped together with the response it would see."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

import blinker
import flask
import pytest

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.lifecycle.phases"

SEE_THE_RESPONSE = {"after_request_funcs", "request_finished", "after_this_request", "session"}
"""What may see, change or replace the `Response` of a view's text. `can_skip_response` must look at each."""
DO_NOT = {
    # Run before the view, for an error, or without the response.
    "before_request_funcs", "teardown_request_funcs", "teardown_appcontext_funcs", "url_value_preprocessors",
    "url_default_functions", "template_context_processors", "shell_context_processors", "url_build_error_handlers",
    "error_handler_spec", "view_functions", "blueprints", "extensions", "config",
    "template_rendered", "before_render_template", "request_started", "request_tearing_down",
    "got_request_exception", "appcontext_tearing_down", "appcontext_pushed", "appcontext_popped", "message_flashed",
}  # fmt: skip


OF_ASGI = {
    "after_serving_funcs",
    "after_websocket_funcs",
    "before_serving_funcs",
    "before_websocket_funcs",
    "teardown_websocket_funcs",
    "while_serving_gens",
}
"""bolthead's own, which concern websockets and the server's life, and so no response to a request."""


def hooks_of(framework: Any) -> dict[str, Any]:
    """Every collection that an application registers functions in, and every signal, by name."""
    app = framework.Flask("site", root_path="/nowhere")
    found: dict[str, Any] = {
        name: value for name, value in vars(app).items() if isinstance(value, (dict, list)) and not name.startswith("_")
    }
    signals = getattr(framework, "signals", None) or framework.mod("signals")
    found |= {name: value for name, value in vars(signals).items() if isinstance(value, blinker.NamedSignal)}
    return found


def watcher(seen: list[str], name: str, cls: type) -> Callable[..., Any]:
    """A function for any hook that notes whether it is given a response, and returns one where it is."""

    def hook(*args: Any, **kwargs: Any) -> Any:
        given = [value for value in (*args, *kwargs.values()) if isinstance(value, cls)]
        if given:
            seen.append(name)
            return given[0]
        return {} if name == "template_context_processors" else None

    return hook


def register(app: Any, hooks: dict[str, Any], name: str, hook: Callable[..., Any]) -> None:
    place = getattr(app, name, None)
    if isinstance(hooks[name], blinker.NamedSignal):
        hooks[name].connect(hook, app)
    elif isinstance(place, list):
        place.append(hook)
    elif name == "error_handler_spec":
        place[None][None][ValueError] = hook
    elif name.endswith(("_funcs", "_preprocessors", "_functions", "_processors")) and name != "view_functions":
        place.setdefault(None, []).append(hook)


def test_every_hook_is_classified(load: Load) -> None:
    """A new collection or signal fails here until it is said whether it sees the response."""
    for framework in (flask, load("bolthead")):
        found = hooks_of(framework).keys()
        ours = set() if framework is flask else OF_ASGI
        assert found - SEE_THE_RESPONSE == DO_NOT | ours, "put the new one into one of the sets above"
        assert SEE_THE_RESPONSE - found == {"after_this_request", "session"}


def test_flask_shows_the_response_to_those_and_no_others() -> None:
    hooks, seen = hooks_of(flask), []
    app = flask.Flask("site", root_path="/nowhere")
    app.add_url_rule("/", "index", lambda: "text")
    watchers = {name: watcher(seen, name, flask.Response) for name in hooks}
    for name, hook in watchers.items():
        register(app, hooks, name, hook)
    assert app.test_client().get("/").data == b"text"
    assert set(seen) == SEE_THE_RESPONSE - {"after_this_request", "session"}


@pytest.mark.usefixtures("no_receivers")
@pytest.mark.parametrize("late", [False, True], ids=["before the first request", "after it"])
@pytest.mark.parametrize("name", sorted(SEE_THE_RESPONSE))
def test_no_response_is_skipped_that_is_seen(load: Load, name: str, late: bool) -> None:
    """`can_skip_response` says no, and the hook is called."""
    bolthead, module = load("bolthead"), load(NAME)
    app = bolthead.Flask("site", root_path="/nowhere")
    app.secret_key = "key"
    seen: list[str] = []
    skips: list[bool] = []
    hooks, hook = hooks_of(bolthead), watcher(seen, name, bolthead.Response)

    def view(active: str) -> str:
        if active == "yes" and name == "after_this_request":
            bolthead.after_this_request(hook)
        elif active == "yes" and name == "session":
            bolthead.session["n"] = 1
        ctx = load("bolthead.globals").request_ctx._get_current_object()
        skips.append(module.can_skip_response(app._plan, ctx))
        return "text"

    app.add_url_rule("/<active>", "view", view)
    if late:
        assert app.test_client().get("/no").data == b"text"
        assert skips == [True], "without a hook it is skipped; else the rest proves nothing"
    if name in hooks:
        register(app, hooks, name, hook)
    response = app.test_client().get("/yes")
    assert response.data == b"text" and skips[-1] is False
    assert "Set-Cookie" in response.headers if name == "session" else seen == [name]
    if isinstance(hooks.get(name), blinker.NamedSignal):
        hooks[name].disconnect(hook)


@pytest.mark.parametrize("name", sorted(DO_NOT))
def test_the_others_do_not_matter(load: Load, name: str) -> None:
    """They are called although no response is made."""
    bolthead = load("bolthead")
    app = bolthead.Flask("site", root_path="/nowhere")
    app.add_url_rule("/", "index", lambda: "text")
    app.test_client().get("/")
    hooks = hooks_of(bolthead)
    hook = watcher([], name, bolthead.Response)
    register(app, hooks, name, hook)
    assert app._plan.may_skip_response
    assert app.test_client().get("/").data == b"text"
    if isinstance(hooks[name], blinker.NamedSignal):
        hooks[name].disconnect(hook)


def test_coroutine_functions(load: Load) -> None:
    is_async = load(NAME).is_async

    async def coroutine() -> None: ...

    async def generator() -> Any:
        yield

    class Callable_:
        async def __call__(self) -> None: ...

        async def method(self) -> None: ...

    marked = inspect.markcoroutinefunction(lambda: None) if hasattr(inspect, "markcoroutinefunction") else len
    for func in (
        coroutine, generator, Callable_(), Callable_().method, Callable_.method, functools.partial(coroutine), marked,
        len, lambda: None, functools.partial(len), type, None, 1,
    ):  # fmt: skip
        assert is_async(func) == inspect.iscoroutinefunction(func), func


def record(framework: Any) -> list[Any]:
    """Requests to a view of a nested blueprint, and to none, with two hooks of each kind on each level."""
    calls: list[Any] = []
    app = framework.Flask("site", root_path="/nowhere")
    outer = framework.Blueprint("outer", "site", root_path="/nowhere")
    inner = framework.Blueprint("inner", "site", root_path="/nowhere")
    for name, scope in (("app", app), ("outer", outer), ("inner", inner)):
        for nth in range(2):
            note = f"{name} {nth}"
            scope.url_value_preprocessor(lambda endpoint, values, note=note: calls.append((note, endpoint, values)))
            scope.before_request(lambda note=note: calls.append(("before", note)))
            scope.after_request(lambda response, note=note: (calls.append(("after", note)), response)[1])
            scope.teardown_request(lambda error, note=note: calls.append(("teardown", note, repr(error))))
    inner.add_url_rule("/<n>", "view", lambda n: n)
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    for path in ("/1", "/1/2"):
        calls.append(app.test_client().get(path).status)
    return calls


def test_the_order_of_hooks(load: Load) -> None:
    """By scope: before hooks from the application inwards, after and teardown hooks outwards, as in Flask."""
    assert record(load("bolthead")) == record(flask)


def test_a_before_hook_that_answers_ends_the_phase(load: Load) -> None:
    module, bolthead = load(NAME), load("bolthead")
    app = bolthead.Flask("site", root_path="/nowhere")
    app.before_request(lambda: "first")
    app.before_request(lambda: pytest.fail("the second is called"))
    plan = app._make_plan()
    with app.test_request_context():
        ctx = load("bolthead.globals").request_ctx._get_current_object()
        assert module.enter(plan, app, ctx) == module.preprocess(plan, app, ctx.request) == "first"


def test_the_plan_is_made_anew_after_a_change(load: Load) -> None:
    plan_of, bolthead = load(NAME).plan_of, load("bolthead")
    app = bolthead.Flask("site", root_path="/nowhere")
    first = plan_of(app)
    assert plan_of(app) is first
    app.make_response = lambda rv: None
    second = plan_of(app)
    assert second is not first and not second.inline_make_response and first.inline_make_response


def test_a_session_that_is_refreshed(load: Load) -> None:
    """Only a request with a session cookie, of an application that sends permanent sessions again."""
    refreshes, bolthead = load(NAME).refreshes_session, load("bolthead")
    lazy_environ = load("bolthead._core.request.scope").lazy_environ
    new_lazy_context = load("bolthead._core.lifecycle.contexts").new_lazy_context
    app = bolthead.Flask("site", root_path="/nowhere")
    plan = app._make_plan()
    plan.checked_raw_hosts[b"host"] = None
    for text, each, wanted in (
        ("session=x", True, True),
        ("other=x", True, False),
        ("session=x", False, False),
        ("", True, False),
    ):
        app.config["SESSION_REFRESH_EACH_REQUEST"] = each
        headers = [(b"host", b"host"), (b"cookie", text.encode())]
        lazy = lazy_environ(plan, {"type": "http", "method": "GET", "path": "/", "headers": headers}, False)
        for ctx in app.test_request_context("/", headers={"Cookie": text}), new_lazy_context(plan, app, lazy):
            assert bool(refreshes(plan, ctx)) is wanted
