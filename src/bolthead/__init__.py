"""Flask's own programming model on a compiled core.

The package is lazy: the first access to a public name loads the framework and sets its names. So a subpackage that does
not need the framework, such as the server, can be imported without it.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from . import json as json
    from .app import Flask as Flask
    from .blueprints import Blueprint as Blueprint
    from .config import Config as Config
    from .ctx import after_this_request as after_this_request
    from .ctx import copy_current_request_context as copy_current_request_context
    from .ctx import has_app_context as has_app_context
    from .ctx import has_request_context as has_request_context
    from .globals import current_app as current_app
    from .globals import g as g
    from .globals import request as request
    from .globals import session as session
    from .globals import websocket as websocket
    from .helpers import abort as abort
    from .helpers import flash as flash
    from .helpers import get_flashed_messages as get_flashed_messages
    from .helpers import get_template_attribute as get_template_attribute
    from .helpers import make_response as make_response
    from .helpers import redirect as redirect
    from .helpers import send_file as send_file
    from .helpers import send_from_directory as send_from_directory
    from .helpers import stream_with_context as stream_with_context
    from .helpers import url_for as url_for
    from .json import jsonify as jsonify
    from .signals import appcontext_popped as appcontext_popped
    from .signals import appcontext_pushed as appcontext_pushed
    from .signals import appcontext_tearing_down as appcontext_tearing_down
    from .signals import before_render_template as before_render_template
    from .signals import got_request_exception as got_request_exception
    from .signals import message_flashed as message_flashed
    from .signals import request_finished as request_finished
    from .signals import request_started as request_started
    from .signals import request_tearing_down as request_tearing_down
    from .signals import template_rendered as template_rendered
    from .templating import render_template as render_template
    from .templating import render_template_string as render_template_string
    from .templating import stream_template as stream_template
    from .templating import stream_template_string as stream_template_string
    from .wrappers import Request as Request
    from .wrappers import Response as Response
else:
    _NAMES = {
        "app": ["Flask"],
        "config": ["Config"],
        "ctx": ["after_this_request", "copy_current_request_context", "has_app_context", "has_request_context"],
        "globals": ["current_app", "g", "request", "session", "websocket"],
        "helpers": [
            "abort",
            "flash",
            "get_flashed_messages",
            "get_template_attribute",
            "make_response",
            "redirect",
            "send_file",
            "send_from_directory",
            "stream_with_context",
            "url_for",
        ],
        "json": ["jsonify"],
        "signals": [
            "appcontext_popped",
            "appcontext_pushed",
            "appcontext_tearing_down",
            "before_render_template",
            "got_request_exception",
            "message_flashed",
            "request_finished",
            "request_started",
            "request_tearing_down",
            "template_rendered",
        ],
        "wrappers": ["Request", "Response"],
    }
    """The public names, by the module that defines them."""
    _OPTIONAL = {
        "Blueprint": "blueprints",
        "render_template": "templating",
        "render_template_string": "templating",
        "stream_template": "templating",
        "stream_template_string": "templating",
    }
    """Names loaded one by one, and their modules: an application may have no blueprints, or no templates."""
    _SUBMODULES = [
        "app",
        "blueprints",
        "cli",
        "config",
        "ctx",
        "globals",
        "helpers",
        "json",
        "logging",
        "sansio",
        "sessions",
        "signals",
        "templating",
        "typing",
        "wrappers",
    ]
    """The submodules that ``import flask`` loads: extensions use ``flask.cli.AppGroup`` without importing it."""
    _ours = vars()  # Not `globals()`: here that is a module of ours.

    def _load() -> None:
        from importlib import import_module

        # Before any other import of Werkzeug: see its docstring.
        from ._compat import import_werkzeug  # noqa: F401

        for module, names in _NAMES.items():
            loaded = import_module(f".{module}", __name__)
            _ours.update({name: getattr(loaded, name) for name in names})

    def _load_all() -> None:
        """Load everything that is there after ``import flask``."""
        _load()
        for name in (*_OPTIONAL, *_SUBMODULES):
            __getattr__(name)

    def __getattr__(name: str) -> t.Any:
        if name in _SUBMODULES or name in _OPTIONAL:
            from importlib import import_module

            from ._compat import import_werkzeug  # noqa: F401

            if name in _SUBMODULES:
                return import_module(f".{name}", __name__)
            value = _ours[name] = getattr(import_module(f".{_OPTIONAL[name]}", __name__), name)
            return value
        if any(name in names for names in _NAMES.values()):
            _load()
            return _ours[name]
        if name == "__version__":
            from importlib.metadata import version

            return version("bolthead")
        if name == "__all__":
            # A star import reads `__all__` first. Without it, it takes the module's names, which must all be loaded.
            _load_all()
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*_ours, *_SUBMODULES, *_OPTIONAL, *(name for names in _NAMES.values() for name in names)})
