"""What ``bolthead serve`` was told, as gunicorn's settings and the worker's options."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from .binds import parse_bind
from .options import Options

DEFAULT_MAX_BODY = 16 * 1024 * 1024

SETTINGS = {
    "workers": "workers",
    "threads": "threads",
    "certfile": "certfile",
    "keyfile": "keyfile",
    "keep_alive": "keepalive",
    "connections": "worker_connections",
    "max_requests": "max_requests",
    "max_requests_jitter": "max_requests_jitter",
    "pid_file": "pidfile",
    "stop_timeout": "graceful_timeout",
}
"""Options of the command, and the gunicorn setting that each is."""


@dataclass
class Settings:
    """How to serve: gunicorn's settings in the order in which they count, and the worker's options."""

    defaults: dict[str, Any]
    given: dict[str, Any] = field(default_factory=dict)
    config: str | None = None
    """A gunicorn configuration file; it counts for more than the defaults, and for less than what was given."""
    overrides: tuple[str, ...] = ()
    """``NAME=VALUE`` for any setting of gunicorn; these count most."""
    options: Options = field(default_factory=Options)
    asgi: bool | None = None
    """Over ASGI or WSGI; None where the application decides."""
    named: frozenset[str] = frozenset()
    """The options of the command that were given."""


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def defaults(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """gunicorn's settings where nothing else is said: those of a public site, not of a first try."""
    concurrency = environ.get("WEB_CONCURRENCY", "0")
    if not (concurrency.isascii() and concurrency.isdigit()):
        raise ValueError(f"WEB_CONCURRENCY={concurrency!r} is not a number of workers.")
    port = environ.get("PORT")
    return {
        "bind": f"0.0.0.0:{port}" if port else "127.0.0.1:8000",
        "workers": int(concurrency) or cores(),
        "threads": 8,
        "keepalive": 75,
        "worker_connections": 10_000,
        "graceful_timeout": 30,
        "backlog": 2048,
        "control_socket_disable": True,
    }


def settings_of(given: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings for the options of the command; an option that is None was not given."""
    settings = {SETTINGS[name]: value for name, value in given.items() if name in SETTINGS and value is not None}
    if "pidfile" in settings:
        settings["pidfile"] = str(settings["pidfile"])
    if given.get("bind"):
        settings["bind"] = [bind.setting() for bind in given["bind"]]
    if given.get("access_log") or given.get("access_json"):
        settings["accesslog"] = "-"
    own = {item.name: given[item.name] for item in fields(Options) if given.get(item.name) is not None}
    own.setdefault("max_body", DEFAULT_MAX_BODY)
    if "admin_bind" in own:
        parse_bind(own["admin_bind"])
    return Settings(
        defaults(environ),
        settings,
        given.get("config_file"),
        tuple(given.get("overrides") or ()),
        Options(**own),
        given.get("asgi"),
        frozenset(name for name, value in given.items() if value is not None),
    )
