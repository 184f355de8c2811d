"""One file: settings, models, views, URLs. As its own entries, without middleware, and with its own models."""

from __future__ import annotations

from random import randint
from typing import Any
from urllib.parse import urlsplit

import django
from django.conf import settings

from . import work

PARTS = urlsplit(work.URL)
settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": PARTS.path[1:],
            "USER": PARTS.username,
            "HOST": PARTS.hostname,
            "PORT": PARTS.port,
            "CONN_MAX_AGE": None,
        }
    },
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    USE_TZ=True,
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import models  # noqa: E402
from django.http import HttpRequest, HttpResponse, JsonResponse  # noqa: E402
from django.template import engines  # noqa: E402
from django.urls import path  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402


class World(models.Model):
    id = models.IntegerField(primary_key=True)
    randomnumber = models.IntegerField()

    class Meta:
        app_label = "bench"
        db_table = "world"

    def shown(self) -> dict[str, int]:
        return {"id": self.id, "randomNumber": self.randomnumber}


class Fortune(models.Model):
    id = models.IntegerField(primary_key=True)
    message = models.CharField(max_length=2048)

    class Meta:
        app_label = "bench"
        db_table = "fortune"


PAGE = engines["django"].from_string(
    """<!DOCTYPE html>
<html>
<head><title>Fortunes</title></head>
<body>
<table>
<tr><th>id</th><th>message</th></tr>
{% for fortune in fortunes %}<tr><td>{{ fortune.id }}</td><td>{{ fortune.message }}</td></tr>
{% endfor %}</table>
</body>
</html>
"""
)


def listed(worlds: list[Any]) -> JsonResponse:
    return JsonResponse(worlds, safe=False)


def some(count: int) -> list[World]:
    return [World.objects.get(id=randint(1, work.ROWS)) for _ in range(count)]


def plaintext(request: HttpRequest) -> HttpResponse:
    return HttpResponse("Hello, World!", content_type="text/plain")


def hello(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"message": "Hello, World!"})


def db(request: HttpRequest) -> JsonResponse:
    return JsonResponse(some(1)[0].shown())


def queries(request: HttpRequest) -> JsonResponse:
    return listed([each.shown() for each in some(work.clamp(request.GET.get("queries")))])


def updates(request: HttpRequest) -> JsonResponse:
    worlds = sorted(some(work.clamp(request.GET.get("queries"))), key=lambda each: each.id)
    for each in worlds:
        each.randomnumber = randint(1, work.ROWS)
    World.objects.bulk_update(list({each.id: each for each in worlds}.values()), ["randomnumber"])
    return listed([each.shown() for each in worlds])


def cached_queries(request: HttpRequest) -> JsonResponse:
    return listed(work.cached(work.clamp(request.GET.get("count"))))


def fortunes(request: HttpRequest) -> HttpResponse:
    rows = [*Fortune.objects.all(), Fortune(id=work.MORE[0], message=work.MORE[1])]
    return HttpResponse(PAGE.render({"fortunes": sorted(rows, key=lambda row: row.message)}))


def index(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")


def user(request: HttpRequest, id: int) -> HttpResponse:
    return HttpResponse(str(id))


@csrf_exempt
def create(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")


def pipeline(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


@csrf_exempt
def baseline(request: HttpRequest) -> HttpResponse:
    chunked = "HTTP_TRANSFER_ENCODING" in request.META
    body = request.META["wsgi.input"].read() if chunked else request.body
    return HttpResponse(work.total(request.GET.dict(), body), content_type="text/plain")


def items(request: HttpRequest, count: int) -> JsonResponse:
    return JsonResponse(work.items(count, int(request.GET.get("m", 1))))


urlpatterns = [
    path("plaintext", plaintext),
    path("json", hello),
    path("db", db),
    path("queries", queries),
    path("updates", updates),
    path("cached-queries", cached_queries),
    path("fortunes", fortunes),
    path("", index),
    path("user/<int:id>", user),
    path("user", create),
    path("pipeline", pipeline),
    path("baseline11", baseline),
    path("json/<int:count>", items),
]
app = get_wsgi_application()
