"""The attributes of a request are properties to those who ask the class, as Werkzeug's are."""

from __future__ import annotations

import inspect
import pydoc
from typing import Any

import pytest
from werkzeug.utils import cached_property
from werkzeug.wrappers import Request as Base

import bolthead
from oracle import Framework, alike

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
