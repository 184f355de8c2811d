"""A pytest plugin by which the requests of Werkzeug's test client go through ``asgi_app``."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import werkzeug.test

from bolthead import Flask
from over_asgi import Loop, as_wsgi

run_wsgi_app = werkzeug.test.run_wsgi_app


@pytest.fixture(autouse=True)
def _requests_over_asgi(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    loop: Loop | None = None
    apps: list[Flask] = []

    def run(app: Any, environ: Any, buffered: bool = False) -> Any:
        nonlocal loop
        if isinstance(app, Flask):
            loop = loop or Loop()
            apps.append(app)
            app = as_wsgi(loop, app)
        return run_wsgi_app(app, environ, buffered=buffered)

    monkeypatch.setattr(werkzeug.test, "run_wsgi_app", run)
    yield
    if loop is not None:
        loop.close()
    end_threads(apps)


def end_threads(apps: list[Flask]) -> None:
    """Wait for the threads of *apps*, which would end when these are collected.

    greenlet 3.5 crashes where a thread ends in the midst of a collection and left an unfinished greenlet among what is
    collected: it asks the collector who refers to the thread's main greenlet, is told that nobody does, and frees it.
    """
    for app in apps:
        vars(app).pop("_asgi_pool", None)
    for thread in threading.enumerate():
        if "-asgi_" in thread.name:
            thread.join(10)
