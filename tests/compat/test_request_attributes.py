"""The attributes of a request are properties to those who ask the class, as Werkzeug's are."""

from __future__ import annotations

import inspect
import itertools
import pydoc
from typing import Any

import pytest
from werkzeug.utils import cached_property
from werkzeug.wrappers import Request as Base

import bolthead
from oracle import Framework, alike
from samples import some

PROPERTIES = sorted(name for name, value in inspect.getmembers(Base) if isinstance(value, property))
COMPUTED_ONCE = [name for name in PROPERTIES if isinstance(getattr(Base, name), cached_property)]


def test_the_list_is_whole() -> None:
    assert {"args", "form", "files", "cookies", "url", "host", "accept_mimetypes"} <= set(COMPUTED_ONCE)


@pytest.mark.parametrize("name", PROPERTIES)
def test_of_a_class(name: str) -> None:
    @alike
    def scenario(fw: Framework) -> Any:
        found = getattr(fw.Request, name)
        return (
            *(isinstance(found, property), callable(found.fget), found.fset is None, found.fdel is None),
            *(getattr(found, "__name__", None), bool(found.__doc__), found.__get__(None, fw.Request) is found),
            inspect.isabstract(found),
        )

    scenario()
    found = getattr(bolthead.Request, name)
    if found.__doc__:
        assert found.__doc__.strip().splitlines()[0] in pydoc.render_doc(found, renderer=pydoc.plaintext)


@pytest.mark.parametrize("name", COMPUTED_ONCE)
@pytest.mark.parametrize("way", ["fget", "__get__", "__get__ with the class"])
def test_a_subclass_asks_the_property(name: str, way: str) -> None:
    @alike
    def scenario(fw: Framework) -> Any:
        base = getattr(fw.Request, name)

        asked = []

        def own(self: Any) -> Any:
            asked.append(name)
            if way == "fget":
                return base.fget(self)
            return base.__get__(self) if way == "__get__" else base.__get__(self, type(self))

        app = fw.app()
        app.request_class = type("Own", (fw.Request,), {name: cached_property(own, name)})
        with app.test_request_context("/a?b=c", data=b"{}", headers={"Cookie": "k=v"}):
            found = getattr(fw.request, name)
            return found if isinstance(found, str | int | None | dict | bytes) else bool(found), asked[:1]

    scenario()


@alike
def test_a_cookie_of_a_subclass(fw: Framework) -> Any:
    """OctoPrint reads its cookies so."""

    class Own(fw.Request):  # type: ignore[misc, name-defined]
        @cached_property
        def cookies(self) -> Any:
            return {key.upper(): value for key, value in fw.Request.cookies.__get__(self).items()}

        @property
        def url(self) -> str:
            return str(fw.Request.url.fget(self).upper())

    app = fw.app()
    app.request_class = Own
    app.add_url_rule("/", "view", lambda: f"{fw.request.cookies['K']} {fw.request.url}")
    client = app.test_client()
    client.set_cookie("k", "v")
    return client.get("/").text


@pytest.mark.parametrize("name", ["form", "files"])
@alike
def test_a_form_that_loading_does_not_set(fw: Framework, name: str) -> Any:
    """It would be loaded again and again, which must end with an error, and not with the process."""
    app = fw.app()

    class Own(fw.Request):  # type: ignore[misc, name-defined]
        def _load_form_data(self) -> None:
            pass

    def read(request: Any) -> str:
        try:
            return repr(getattr(request, name))
        except RecursionError:
            return "RecursionError"

    def deleted(method: str) -> str:
        with app.test_request_context(method=method, data={"a": "b"}):
            assert fw.request.form
            delattr(fw.request._get_current_object(), name)
            return read(fw.request)

    own = Own(app.test_request_context(data={"a": "b"}, method="POST").request.environ)
    return read(own), deleted("POST") if name == "files" else "", read(own)


def names() -> list[str]:
    with FLASK.app().test_request_context() as ctx:
        found = {*dir(ctx.request), *vars(ctx.request)}
    # An attribute of the class here; what the context itself uses when it ends; each framework's own.
    own = {"shallow", "close", "environ", "url_rule", "stream", "form_data_parser_class", "json_module"}
    return sorted(name for name in found - own if not name.startswith("_"))


FLASK, OURS = Framework("flask"), Framework("bolthead")
NAMES = names()
FILLED = [name for name in NAMES if isinstance(getattr(OURS.Request, name, None), property)]
BY_CONSTRUCTOR = {*("method", "scheme", "server", "root_path", "path", "query_string", "headers", "remote_addr")}
BY_CONSTRUCTOR.add("cookies")
ORDERS = [order for length in (1, 2, 3, 4) for order in itertools.product(("get", "set", "del"), repeat=length)]


def same(name: str, order: tuple[str, ...]) -> tuple[str, ...]:
    """As much of *order* as has the same results: see the rows about `del` in ``docs/as_flask.md``."""
    there = False
    for step, what in enumerate(order):
        if what == "del":
            if not there and name in FILLED:
                return order[:step]
            if name in BY_CONSTRUCTOR or name == "files":
                return order[: step + 1]
        there = what != "del"
    return order


@pytest.mark.parametrize("dispatched", [True, False], ids=["in a view", "in a context"])
@pytest.mark.parametrize("name", NAMES)
@alike
def test_read_set_and_deleted_in_every_order(fw: Framework, name: str, dispatched: bool) -> Any:
    app = fw.app()

    def run(order: tuple[str, ...]) -> list[Any]:
        request, found = fw.request._get_current_object(), []
        steps = {
            "get": lambda: fw.plain(repr(getattr(request, name))),
            "set": lambda: setattr(request, name, ()),
            "del": lambda: delattr(request, name),
        }
        for what in order:
            try:
                found.append(steps[what]())
            except Exception as error:
                found.append((type(error).__name__, fw.plain(str(error))))
        return found

    app.add_url_rule("/<int:n>", "view", None, methods=["POST"])
    sent = {"method": "POST", "data": {"c": "d"}, "headers": {"Cookie": "k=v", "X": "y"}}
    found: list[Any] = []
    for order in some(sorted({same(name, order) for order in ORDERS} - {()}), name, dispatched):
        if dispatched:
            app.view_functions["view"] = lambda n, order=order: str(found.append(run(order)))
            app.test_client().open("/5?a=b", **sent)
        else:
            with app.test_request_context("/5?a=b", **sent):
                found.append(run(order))
    return found
