"""Contexts made, pushed and popped; matching without an adapter against matching with one."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType, ModuleType
from typing import Any

import pytest

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.lifecycle.contexts"


def environ(path: str = "/", method: str = "GET", **more: Any) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "HTTP_HOST": "localhost",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        **more,
    }


def site(load: Load, **config: Any) -> Any:
    app = load("bolthead").Flask("site", root_path="/nowhere")
    app.config.update(config)
    app.add_url_rule("/", "index", lambda: "")
    app.add_url_rule("/item/<int:n>", "item", lambda n: "", methods=["GET", "PUT"])
    app.add_url_rule("/folder/", "folder", lambda: "")
    app.add_url_rule("/é/<path:rest>", "path", lambda rest: "")
    app.add_url_rule("/socket", "socket", lambda: "", websocket=True)
    return app


def test_a_context_for_a_host_seen_before(load: Load) -> None:
    """Its adapter, which checks the host, was made once: with the first request that named it."""
    module, app = load(NAME), site(load)
    plan = app._make_plan()
    not_created = load("bolthead._core.lifecycle.records").NOT_CREATED
    assert module.new_context(plan, app, environ())._adapter is not not_created
    ctx = module.new_context(plan, app, environ())
    assert type(ctx) is load("bolthead.ctx").RequestContext and type(ctx.request) is app.request_class
    assert ctx._adapter is not_created
    assert vars(ctx.request)["environ"]["werkzeug.request"] is ctx.request


def test_a_context_that_only_the_application_makes(load: Load) -> None:
    module, app = load(NAME), site(load)
    plan = app._make_plan()
    made = app.request_context(environ())
    asked: list[Any] = []
    app.request_context = lambda given: asked.append(given) or made
    plan.checked_hosts["localhost"] = None
    others = [environ(HTTP_HOST="other"), environ(HTTP_HOST=1), MappingProxyType(environ())]
    for other in others:
        assert module.new_context(plan, app, other) is made
    assert asked == others
    assert module.new_context(plan, app, environ()) is not made
    app.config["TRUSTED_HOSTS"] = ["localhost"]
    assert module.new_context(plan, app, environ()) is made, "the host has to be checked each time"
    app.config["TRUSTED_HOSTS"] = None
    plan.inline_request_context = False
    assert module.new_context(plan, app, environ()) is made


def test_a_refused_host_is_not_remembered_and_others_are_bounded(load: Load) -> None:
    module, app = load(NAME), site(load)
    plan = app._make_plan()
    module.remember_host(plan, app.request_context(environ(HTTP_HOST=".test")), environ(HTTP_HOST=".test"))
    assert not plan.checked_hosts and not plan.checked_raw_hosts
    for number in range(module.HOSTS + 50):
        given = environ(HTTP_HOST=f"h{number}.test")
        module.remember_host(plan, app.request_context(given), given)
    assert len(plan.checked_hosts) == len(plan.checked_raw_hosts) == module.HOSTS


def test_the_host_of_a_lazy_environ_is_one_that_the_application_has_checked(load: Load) -> None:
    module, app = load(NAME), site(load)
    lazy_environ = load("bolthead._core.request.scope").lazy_environ
    plan = app._make_plan()
    hosts = ["localhost", "localhost:80", "b\xfccher.test", ".test", "other"]
    for host in hosts[:-1]:
        given = environ(HTTP_HOST=host)
        module.remember_host(plan, app.request_context(given), given)
    made = []
    for host in hosts:
        headers = [(b"host", host.encode("latin-1"))]
        scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
        made.append(module.new_lazy_context(plan, app, lazy_environ(plan, scope, False)) is not None)
    assert made == [True, True, False, False, False], "beyond ASCII the environ is made at once"


@pytest.mark.parametrize("method", ["GET", "HEAD", "put", "POST", "OPTIONS"])
@pytest.mark.parametrize("scheme", ["http", "https", "ws"])
@pytest.mark.parametrize(
    "path",
    ["/", "", "//", "/item/3", "//item/3", "/item/x", "/folder", "/folder/", "/Ã©/a/b", "/Ã/x", "/socket", "/none"],
)
def test_matching_is_the_adapters(load: Load, path: str, scheme: str, method: str) -> None:
    module, app = load(NAME), site(load)
    plan = app._make_plan()
    plan.checked_hosts["localhost"] = None
    outcomes = []
    for make in (module.new_context(plan, app, environ(path, method, **{"wsgi.url_scheme": scheme})), None):
        ctx = make or app.request_context(environ(path, method, **{"wsgi.url_scheme": scheme}))
        with ctx:
            request, error = ctx.request, ctx.request.routing_exception
            outcomes.append(
                (
                    request.endpoint,
                    request.view_args,
                    type(error).__name__,
                    sorted(getattr(error, "valid_methods", None) or ()),
                    getattr(error, "new_url", None),
                )
            )
    assert outcomes[0] == outcomes[1]


def test_nested_pushes(load: Load) -> None:
    """Each pop undoes one push; teardown runs with the last one."""
    bolthead, app = load("bolthead"), site(load)
    calls: list[Any] = []
    app.teardown_request(lambda exc: calls.append(("request", exc)))
    app.teardown_appcontext(lambda exc: calls.append(("app", exc)))
    for ctx, wanted in ((app.app_context(), ["app"]), (app.request_context(environ()), ["request", "app"])):
        calls.clear()
        error = ValueError()
        for _ in range(3):
            ctx.push()
        for _ in range(2):
            ctx.pop()
            assert bolthead.current_app and not calls
        ctx.pop(error)
        assert calls == [(name, error) for name in wanted]
        assert not bolthead.has_app_context() and not bolthead.has_request_context()


def test_pops_that_do_not_fit(load: Load) -> None:
    app = site(load)
    for make in (app.app_context, lambda: app.request_context(environ())):
        with pytest.raises(LookupError):
            make().pop()
        outer, inner = make(), make()
        outer.push()
        inner.push()
        with pytest.raises(AssertionError, match="Popped wrong (app|request) context"):
            outer.pop()
        assert not load("bolthead").has_app_context()


def test_signals_of_the_application_context(load: Load) -> None:
    app, signals = site(load), load("bolthead.signals")
    seen: list[str] = []
    receivers = {}
    for name in ("appcontext_pushed", "appcontext_tearing_down", "appcontext_popped"):
        receivers[name] = lambda sender, name=name, **rest: seen.append(name)
        getattr(signals, name).connect(receivers[name], app)
    with app.app_context(), app.request_context(environ()):
        assert seen == ["appcontext_pushed"], "the request uses the context that is there"
    assert seen == ["appcontext_pushed", "appcontext_tearing_down", "appcontext_popped"]
