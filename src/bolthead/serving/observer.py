"""What is told about each request: gunicorn's hooks and access log."""

from __future__ import annotations

from datetime import timedelta
from typing import Any


class RequestView:
    """A request as gunicorn's hooks and log formats know one."""

    def __init__(self, environ: dict[str, Any]) -> None:
        self.environ = environ
        self.method = environ["REQUEST_METHOD"]
        self.uri = environ["RAW_URI"]
        self.path = self.uri.partition("?")[0]
        self.query = environ["QUERY_STRING"]
        self.version = (1, int(environ["SERVER_PROTOCOL"][-1]))
        self.scheme = environ["wsgi.url_scheme"]
        self.body = environ.get("wsgi.input")

    @property
    def headers(self) -> list[tuple[str, str]]:
        found = [(key[5:].replace("_", "-"), value) for key, value in self.environ.items() if key.startswith("HTTP_")]
        for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            if key in self.environ:
                found.append((key.replace("_", "-"), self.environ[key]))
        return found


class Observer:
    """Calls the hooks that were set, and writes the access log."""

    def __init__(self, worker: Any, hooks: bool, access: bool) -> None:
        self.worker = worker
        self.hooks = hooks
        self.access = access

    def begin(self, request: Any, environ: dict[str, Any]) -> None:
        if self.hooks:
            self.worker.cfg.pre_request(self.worker, request.exact or RequestView(environ))

    def end(self, request: Any, environ: dict[str, Any], response: Any, seconds: float) -> None:
        view = request.exact or RequestView(environ)
        if self.access:
            self.worker.log.access(response, view, environ, timedelta(seconds=seconds))
        if self.hooks:
            try:
                self.worker.cfg.post_request(self.worker, view, environ, response)
            except Exception:
                self.worker.log.exception("Exception in post_request hook")


def make_observer(worker: Any) -> Observer | None:
    settings = worker.cfg.settings
    hooks = any(settings[name].get() is not settings[name].default for name in ("pre_request", "post_request"))
    access = worker.log.access_log_enabled or bool(worker.cfg.statsd_host)
    return Observer(worker, hooks, access) if hooks or access else None
