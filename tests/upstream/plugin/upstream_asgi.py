"""A pytest plugin by which the requests of Werkzeug's test client go through ``asgi_app``."""

from __future__ import annotations

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

    def run(app: Any, environ: Any, buffered: bool = False) -> Any:
        nonlocal loop
        if isinstance(app, Flask):
            loop = loop or Loop()
            app = as_wsgi(loop, app)
        return run_wsgi_app(app, environ, buffered=buffered)

    monkeypatch.setattr(werkzeug.test, "run_wsgi_app", run)
    yield
    if loop is not None:
        loop.close()
