"""Class-based views, signals and logging, on Flask and here."""

from __future__ import annotations

import io
import logging
import sys
from typing import Any

import pytest

from oracle import Framework, alike, both, shown

# Views ----------------------------------------------------------------------------------------------------


@alike
def test_view_function(fw: Framework) -> Any:
    class Page(fw.mod("views").View):  # type: ignore[name-defined, misc]
        """Words of the page."""

        methods = ["GET", "PUT"]
        provide_automatic_options = False

        def __init__(self, word: str = "default") -> None:
            self.word = word

        def dispatch_request(self, **values: Any) -> str:
            return f"{self.word} {values} {fw.request.method}"

    view = Page.as_view("page", word="given")
    app = fw.app()
    app.add_url_rule("/<x>", view_func=view)
    app.add_url_rule("/other/<x>", view_func=Page.as_view("other", "by position"))
    attributes = [view.__name__, view.__doc__, view.__module__, view.methods, view.provide_automatic_options]
    attributes += [view.view_class is Page]
    answers = [fw.get(app, path, method) for path in ("/1", "/other/2") for method in ("GET", "PUT", "OPTIONS", "POST")]

    class Other(Page):
        def dispatch_request(self, **values: Any) -> str:
            return "other class"

    view.view_class = Other
    return attributes, answers, fw.get(app, "/1")


@pytest.mark.parametrize("every", [True, False])
def test_instances(every: bool) -> None:
    def scenario(fw: Framework) -> Any:
        class Counter(fw.mod("views").View):  # type: ignore[name-defined, misc]
            init_every_request = every
            made = 0

            def __init__(self, start: int) -> None:
                type(self).made += 1
                self.count = start

            def dispatch_request(self) -> str:
                self.count += 1
                return str(self.count)

        app = fw.app()
        app.add_url_rule("/", view_func=Counter.as_view("counter", 5))
        early = Counter.made
        return early, [fw.get(app)[2] for _ in range(3)], Counter.made

    both(scenario)


@alike
def test_siblings_with_defaults(fw: Framework) -> Any:
    """A rule beside one whose defaults its values may be, whose alias or whose redirect it may be."""
    asked = []
    for redirects in (True, False):
        app = fw.app()
        app.url_map.redirect_defaults = redirects
        app.add_url_rule("/page/", "page", lambda page: f"{page}", defaults={"page": 1})
        app.add_url_rule("/page/<int:page>", "page", methods=["GET", "POST"])
        app.add_url_rule("/in/<a>/", "in", lambda a, b: f"{a} {b}", defaults={"b": "x"}, methods=["GET"])
        app.add_url_rule("/in/<a>/<b>", "in", methods=["GET", "PUT"])
        app.add_url_rule("/only/<a>", "in", build_only=True, defaults={"b": "y"})
        app.add_url_rule("/old/<a>/<b>", "in", alias=True)
        app.add_url_rule("/gone/<a>", "gone", redirect_to="in/<a>/x")
        paths = ["/page/", "/page/1", "/page/2", "/page/1?x=2", "/in/q/", "/in/q/x", "/in/q/y", "/in/q/é", "/old/q/y"]
        asked += [fw.get(app, path, method) for path in [*paths, "/gone/q"] for method in ("GET", "POST", "PUT")]
    return asked


@alike
def test_decorators(fw: Framework) -> Any:
    import functools

    calls: list[str] = []

    def note(label: str) -> Any:
        def decorator(function: Any) -> Any:
            calls.append(f"{label} decorates {function.__name__} of {function.__module__}")

            @functools.wraps(function)
            def inner(*args: Any, **kwargs: Any) -> Any:
                calls.append(label)
                return function(*args, **kwargs)

            return inner

        return decorator

    class Page(fw.mod("views").MethodView):  # type: ignore[name-defined, misc]
        decorators = [note("a"), note("b")]

        def get(self) -> str:
            return "got"

    app = fw.app()
    view = Page.as_view("page")
    app.add_url_rule("/", view_func=view)
    return fw.get(app), calls, view.__name__, view.view_class is Page, sorted(view.methods)


@alike
def test_methods_collected(fw: Framework) -> Any:
    base = fw.mod("views").MethodView

    class Reads(base):  # type: ignore[valid-type, misc]
        def get(self) -> str:
            return "get"

        def head(self) -> Any:
            return "", 200, {"X-Head": "own"}

    class Writes(base):  # type: ignore[valid-type, misc]
        def post(self) -> str:
            return "post"

        def propfind(self) -> str:
            return "not collected"

    class Both(Reads, Writes):
        def delete(self) -> str:
            return "delete"

    class Fixed(Both):
        methods = ["get", "propfind"]

    class Below(Fixed):
        def patch(self) -> str:
            return "patch"

    class Mixin:
        def options(self) -> str:
            return "options"

        def trace(self) -> str:
            return "trace"

    class Mixed(Mixin, Writes):
        pass

    class Empty(base):  # type: ignore[valid-type, misc]
        pass

    class Named(base):  # type: ignore[valid-type, misc]
        methods = None

        def get(self) -> str:
            return "get"

    classes = [Reads, Writes, Both, Fixed, Below, Mixed, Empty, Named]
    app = fw.app()
    app.testing = True
    answers: list[Any] = []
    for cls in classes:
        app.add_url_rule(f"/{cls.__name__}", view_func=cls.as_view(cls.__name__))
    for cls in classes:
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"):
            try:
                answers.append(fw.get(app, f"/{cls.__name__}", method))
            except Exception as error:
                answers.append((type(error).__name__, str(error)))
    return [sorted(cls.methods or ()) for cls in classes], base.methods, answers


@alike
def test_views_that_are_wrong(fw: Framework) -> Any:
    views = fw.mod("views")
    app = fw.app()
    app.testing = True

    class Lacking(views.View):  # type: ignore[name-defined, misc]
        pass

    class Listed(views.MethodView):  # type: ignore[name-defined, misc]
        methods = ["PUT"]

    app.add_url_rule("/l", view_func=Lacking.as_view("l"))
    app.add_url_rule("/m", view_func=Listed.as_view("m"))
    app.add_url_rule("/n", view_func=Lacking.as_view("n", 1, a=2))
    return [
        fw.error(fw.get, app, "/l"),
        fw.error(fw.get, app, "/m", "PUT"),
        fw.error(fw.get, app, "/n"),
        fw.error(Lacking.as_view),
        fw.error(Lacking().dispatch_request),
        sorted(views.http_method_funcs),
    ]


@alike
def test_coroutine_views(fw: Framework) -> Any:
    views = fw.mod("views")

    class Page(views.View):  # type: ignore[name-defined, misc]
        async def dispatch_request(self) -> str:
            return f"async {fw.request.path}"

    class Kept(Page):
        init_every_request = False

    class Methods(views.MethodView):  # type: ignore[name-defined, misc]
        async def get(self) -> str:
            return f"async {fw.request.method}"

    app = fw.app()
    for cls in (Page, Kept, Methods):
        app.add_url_rule(f"/{cls.__name__}", view_func=cls.as_view(cls.__name__))
    return [fw.get(app, f"/{name}") for name in ("Page", "Kept", "Methods")]


# Signals --------------------------------------------------------------------------------------------------

SIGNALS = ["template_rendered", "before_render_template", "request_started", "request_finished"]
SIGNALS += ["request_tearing_down", "got_request_exception", "appcontext_tearing_down", "appcontext_pushed"]
SIGNALS += ["appcontext_popped", "message_flashed"]


@alike
def test_names_of_signals(fw: Framework) -> Any:
    module = fw.mod("signals")
    return [(getattr(module, name).name, getattr(fw, name) is getattr(module, name)) for name in SIGNALS]


@pytest.mark.parametrize("path", ["/", "/fail", "/none", "/handled", "/early"])
@pytest.mark.parametrize("coroutines", [False, True])
def test_order_of_signals(path: str, coroutines: bool) -> None:
    def scenario(fw: Framework) -> Any:
        app, calls = fw.app(), []
        app.logger.disabled = True

        def receiver(name: str) -> Any:
            def note(sender: Any, extra: dict[str, Any]) -> None:
                shown_values = {key: type(value).__name__ for key, value in sorted(extra.items())}
                context = fw.mod("ctx").has_request_context(), fw.mod("ctx").has_app_context()
                calls.append((name, sender is app, shown_values, context))

            def receive(sender: Any, **extra: Any) -> None:
                note(sender, extra)

            async def receive_later(sender: Any, **extra: Any) -> None:
                note(sender, extra)

            return receive_later if coroutines else receive

        kept = [receiver(name) for name in SIGNALS]
        for name, function in zip(SIGNALS, kept, strict=True):
            getattr(fw, name).connect(function, app)
        app.before_request(lambda: calls.append("before") or ("early" if fw.request.path == "/early" else None))
        app.after_request(lambda response: calls.append("after") or response)
        app.teardown_request(lambda exc: calls.append("teardown"))
        app.teardown_appcontext(lambda exc: calls.append("teardown app"))
        app.errorhandler(KeyError)(lambda e: "handled")

        def index() -> Any:
            fw.flash("x")
            return fw.render_template_string("{{ 1 }}")

        app.add_url_rule("/", "index", index)
        app.add_url_rule("/fail", "fail", lambda: 1 / 0)
        app.add_url_rule("/handled", "handled", lambda: {}["x"])
        answer = fw.get(app, path)
        app.logger.disabled = False
        return answer, calls

    both(scenario)


@alike
def test_receiver_that_changes_the_response(fw: Framework) -> Any:
    app = fw.app()
    app.add_url_rule("/", "index", lambda: "x")

    def change(sender: Any, response: Any) -> None:
        response.headers["X-Signal"] = "1"

    with fw.request_finished.connected_to(change, app):
        first = fw.get(app)
    return first, fw.get(app)


@alike
def test_receiver_that_fails(fw: Framework) -> Any:
    app = fw.app()
    app.testing = True
    app.add_url_rule("/", "index", lambda: "x")

    def fail(sender: Any, **extra: Any) -> None:
        raise ValueError("receiver")

    found = []
    for name in ("request_started", "request_finished", "request_tearing_down", "appcontext_pushed"):
        with getattr(fw, name).connected_to(fail, app):
            found.append((name, fw.error(fw.get, app)))
    return found


# Logging --------------------------------------------------------------------------------------------------


@alike
def test_logger(fw: Framework) -> Any:
    module = fw.mod("logging")
    logger = logging.getLogger("site_under_test")
    app = fw.app()
    found: list[Any] = [app.logger is logger, logger.level, logger.handlers == [module.default_handler]]
    again = fw.app()
    found += [again.logger is logger, len(logger.handlers)]
    logger.handlers.clear()
    debugging = fw.app()
    debugging.debug = True
    found += [debugging.logger.level, len(logger.handlers)]
    logger.handlers.clear()
    logger.setLevel(logging.ERROR)
    found += [debugging.logger.level, fw.app().logger.level, module.default_handler.formatter._fmt]
    return found


@alike
def test_handlers_on_the_way(fw: Framework) -> Any:
    has = fw.mod("logging").has_level_handler
    parent, child = logging.getLogger("site_under_test.p"), logging.getLogger("site_under_test.p.c")
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers[:] = []
    root.setLevel(logging.WARNING)
    found = []
    handler = logging.StreamHandler(io.StringIO())
    try:
        for where in (None, child, parent, root):
            for handler_level in (logging.NOTSET, logging.WARNING, logging.ERROR):
                for propagate in (True, False):
                    handler.setLevel(handler_level)
                    child.propagate = propagate
                    if where is not None:
                        where.addHandler(handler)
                    found.append((has(child), has(parent), has(root)))
                    if where is not None:
                        where.removeHandler(handler)
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        child.propagate = True
    return found


@alike
def test_stream_of_errors(fw: Framework, monkeypatch: pytest.MonkeyPatch) -> Any:
    stream, of_server = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    app = fw.app()
    proxy = fw.mod("logging").wsgi_errors_stream
    with app.test_request_context(errors_stream=of_server):
        inside = proxy._get_current_object() is of_server
    app.add_url_rule("/", "index", lambda: app.logger.error("of %s", "view") or "")
    logger = logging.getLogger("site_under_test")
    logger.propagate = False
    logger.handlers[:] = [fw.mod("logging").default_handler]
    fw.get(app, errors_stream=of_server)
    app.logger.error("outside")
    lines = [text.partition("] ")[2] for text in (of_server.getvalue(), stream.getvalue())]
    return inside, proxy._get_current_object() is stream, lines


@alike
def test_unhandled_exception_on_the_stream(fw: Framework) -> Any:
    of_server = io.StringIO()
    app = fw.app()
    app.add_url_rule("/x", "x", lambda: 1 / 0)
    logger = logging.getLogger("site_under_test")
    logger.propagate = False
    logger.handlers[:] = [fw.mod("logging").default_handler]
    answer = fw.get(app, "/x?a=1", errors_stream=of_server)
    lines = of_server.getvalue().splitlines()
    return answer, lines[0].partition("] ")[2], lines[1], lines[-1]


@alike
def test_shown_by_a_client(fw: Framework) -> Any:
    app = fw.app()
    app.add_url_rule("/", "x", lambda: "x")
    return shown(app.test_client().get("/"))
