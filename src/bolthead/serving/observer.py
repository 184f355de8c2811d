"""What is told about each request: gunicorn's hooks, the access log, and the metrics."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from gunicorn.glogging import Logger

from .access_log import Atoms, as_json, give_id


class RequestView:
    """A request as gunicorn's hooks and loggers know one."""

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
    """Calls the hooks that were set, writes the access log, and counts."""

    def __init__(self, worker: Any, hooks: bool, access: bool) -> None:
        self.worker = worker
        self.cfg = worker.cfg
        self.log = worker.log
        self.hooks = hooks
        self.access = access
        self.metrics = worker.metrics
        options = worker.options
        self.json = options.access_json
        self.id_header = options.request_id_header
        self.ids = bool(self.json or self.id_header)
        kind = type(worker.log)
        self.own_format = kind.access is Logger.access and kind.atoms is Logger.atoms
        """Whether the logger is gunicorn's, so that lines may be made without its help."""

    def begin(self, connection: Any, request: Any, environ: dict[str, Any]) -> None:
        if self.ids:
            give_id(environ, self.id_header, connection.trusted)
        if self.hooks:
            self.cfg.pre_request(self.worker, request.exact or RequestView(environ))

    def end(self, request: Any, environ: dict[str, Any], response: Any, seconds: float) -> None:
        if self.metrics is not None:
            self.metrics.count(response.code or 500, seconds)
        if self.access:
            try:
                self._write(request, environ, response, seconds)
            except Exception:
                self.log.exception("Error in the access log")
        if self.hooks:
            try:
                self.cfg.post_request(self.worker, request.exact or RequestView(environ), environ, response)
            except Exception:
                self.log.exception("Exception in post_request hook")

    def _write(self, request: Any, environ: dict[str, Any], response: Any, seconds: float) -> None:
        log = self.log
        if self.json:
            log.access_log.info("%s", as_json(environ, response, seconds))
        elif self.own_format:
            log.access_log.info(self.cfg.access_log_format, Atoms(log, environ, response, seconds))
        else:
            log.access(response, request.exact or RequestView(environ), environ, timedelta(seconds=seconds))


def make_observer(worker: Any) -> Observer | None:
    """The observer for a worker's settings; None where there is nothing to tell."""
    settings = worker.cfg.settings
    hooks = any(settings[name].get() is not settings[name].default for name in ("pre_request", "post_request"))
    access = worker.log.access_log_enabled or bool(worker.cfg.statsd_host)
    wanted = hooks or access or worker.metrics is not None or bool(worker.options.request_id_header)
    return Observer(worker, hooks, access) if wanted else None
