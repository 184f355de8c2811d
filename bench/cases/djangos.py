"""The cases that Django serves, written as its documentation writes them.

Django keeps one configuration in a process and many of our applications live in one, so that each brings its own URLs:
the handler gives them to the request, which is Django's own hook for that. Of the middleware that a new project lists,
none is there; the case of hooks brings the hooks, and the session's case brings sessions, in signed cookies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import django
from django.conf import settings

from .asks import App
from .flasks import NOUNS, RULES
from .table import HERE, SECRET

if not settings.configured:
    settings.configure(
        SECRET_KEY=SECRET,
        ALLOWED_HOSTS=["localhost"],
        ROOT_URLCONF=(),
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        USE_TZ=True,
    )
    django.setup()

from django.core.handlers.wsgi import WSGIHandler
from django.http import (
    HttpResponse,
    HttpResponseForbidden,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.template import engines
from django.urls import path, re_path, reverse
from django.views.decorators.http import require_GET
from django.views.static import serve

Urls = tuple[Any, ...]
BUILDERS: dict[str, Callable[[], App]] = {}


class Handler(WSGIHandler):  # type: ignore[misc]
    """An application with URLs of its own."""

    def __init__(self, urls: Urls, middleware: tuple[Any, ...]) -> None:
        self.urls = urls
        settings.MIDDLEWARE = [f"{__name__}.{part.__name__}" if callable(part) else part for part in middleware]
        super().__init__()

    def resolve_request(self, request: Any) -> Any:
        request.urlconf = self.urls
        return super().resolve_request(request)


def case(key: str, *middleware: Any) -> Callable[[Callable[[], Urls]], None]:
    def enter(urls: Callable[[], Urls]) -> None:
        BUILDERS[key] = lambda: Handler(urls(), middleware)

    return enter


@case("string")
def string() -> Urls:
    return (path("", lambda request: HttpResponse("Hello, world!")),)


@case("json")
def json() -> Urls:
    def index(request: Any) -> Any:
        return JsonResponse({"message": "Hello, world!", "count": 3, "ok": True})

    return (path("", index),)


@case("int")
def integer() -> Urls:
    return (path("item/<int:id>", lambda request, id: HttpResponse(f"item {id}")),)


@case("query")
def query() -> Urls:
    def index(request: Any) -> Any:
        return HttpResponse(f"{request.GET['name']}, page {request.GET['page']}")

    return (path("", index),)


@case("headers")
def headers() -> Urls:
    def index(request: Any) -> Any:
        named = f"{request.headers['X-Request-Id']} {request.headers.get('Accept-Language')}"
        return HttpResponse(f"{named} {request.COOKIES['theme']}")

    return (path("", index),)


@case("form")
def form() -> Urls:
    def index(request: Any) -> Any:
        form = request.POST
        return HttpResponse(f"{form['name']} {form['mail']} {form['town']} {form['note']} {form['agree']}")

    return (path("", index),)


@case("json-body")
def json_body() -> Urls:
    from json import loads

    def index(request: Any) -> Any:
        things = loads(request.body)
        return JsonResponse({"count": len(things), "things": things})

    return (path("", index),)


@case("multipart")
def multipart() -> Urls:
    def index(request: Any) -> Any:
        upload = request.FILES["upload"]
        return HttpResponse(f"{len(request.POST)} {request.POST['field8']} {upload.name} {len(upload.read())}")

    return (path("", index),)


@case("session-write", "django.contrib.sessions.middleware.SessionMiddleware")
def session_write() -> Urls:
    def index(request: Any) -> Any:
        request.session["user"] = 7
        request.session["name"] = "Ada"
        return HttpResponse("welcome")

    return (path("", index),)


@case("template")
def template() -> Urls:
    text = (HERE / "templates" / "page.html").read_text().rstrip("\n")
    for jinja, own in (
        ("{{ url_for('index') }}", "{% url 'index' %}"),
        ("{{ url_for('show', id=row.id) }}", "{% url 'show' row.id %}"),
    ):
        text = text.replace(jinja, own)
    page = engines["django"].from_string(text)
    rows = [{"id": n, "name": f"row <{n}>", "note": f"note of {n}", "stock": n % 3 != 0} for n in range(20)]

    def index(request: Any) -> Any:
        return HttpResponse(page.render({"title": "Rows & more", "rows": rows}, request))

    return path("", index, name="index"), path("show/<int:id>", lambda request, id: HttpResponse(str(id)), name="show")


@case("url-for")
def url_for() -> Urls:
    def index(request: Any) -> Any:
        size = 0
        for n in range(25):
            size += len(reverse("show", args=[n])) + len(reverse("index", query={"page": n}))
        return HttpResponse(str(size))

    return path("", index, name="index"), path("show/<int:id>", lambda request, id: HttpResponse(str(id)), name="show")


@case("errors")
def errors() -> Urls:
    return (
        path("redirect", lambda request: HttpResponseRedirect("/elsewhere")),
        path("abort", require_GET(lambda request: HttpResponseForbidden())),
    )


@case("make-response")
def make_response() -> Urls:
    def index(request: Any) -> Any:
        response = HttpResponse("Hello, world!")
        response["X-Served-By"] = "bench"
        response.set_cookie("theme", "dark", max_age=3600, httponly=True)
        return response

    return (path("", index),)


@case("stream")
def stream() -> Urls:
    def lines() -> Iterator[str]:
        for n in range(5):
            yield f"line {n}\n"

    return (path("", lambda request: StreamingHttpResponse(lines(), content_type="text/plain")),)


@case("static")
def static() -> Urls:
    return (re_path("^static/(?P<path>.*)$", serve, {"document_root": HERE / "static"}),)


def first(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def middleware(request: Any) -> Any:
        request.user = "Ada"
        return get_response(request)

    return middleware


def second(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def middleware(request: Any) -> Any:
        request.basket = 3
        response = get_response(request)
        request.count = 1
        return response

    return middleware


@case("blueprint", first, second)
def blueprint() -> Urls:
    return (path("shop/basket", lambda request: HttpResponse(f"{request.user} has {request.basket}")),)


@case("rules")
def rules() -> Urls:
    def view(request: Any, **values: Any) -> Any:
        return HttpResponse(f"{values['owner']}/{values['repo']} {values['number']} {values['comment']}")

    return tuple(
        path(rule.format(noun=noun).removeprefix("/").replace("<owner>", "<str:owner>"), view)
        for noun in NOUNS
        for rule in RULES
    )


@case("async")
def asynchronous() -> Urls:
    async def index(request: Any) -> Any:
        return HttpResponse("Hello, world!")

    return (path("", index),)
