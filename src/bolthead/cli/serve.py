"""The command ``serve``: the production server."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .. import _core
from ..helpers import get_debug_flag
from ..serving.binds import ServeError, parse_bind, require_gunicorn
from ..serving.early_exit import EarlyExit
from ..serving.options import Options, parse_seconds, parse_size
from .build_notice import show_build_notice
from .commands import _check_certificate, version_of
from .groups import ScriptInfo, as_flask_option, become_flask, pass_script_info
from .locate import NoAppException, is_flask, wsgi_callable

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def _validated(parse: Callable[[str], Any]) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """A callback that turns the ValueErrors of *parse* into usage errors."""

    def callback(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
        try:
            if param.multiple:
                return tuple(parse(text) for text in value)
            return None if value is None else parse(value)
        except ValueError as error:
            raise click.BadParameter(str(error), ctx, param) from None

    return callback


def _seconds(name: str, text: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    default = getattr(Options, name.replace("-", "_"))
    shown = f"{default:g}" if default else "no limit"
    return click.option(
        f"--{name}", metavar="SECONDS", callback=_validated(parse_seconds), default=None, show_default=shown, help=text
    )


@click.command("serve", short_help="Run the production server.")
@click.option(
    "--bind",
    "-b",
    multiple=True,
    metavar="HOST:PORT|unix:PATH|fd://N",
    callback=_validated(parse_bind),
    help="Where to listen; more than once for several places.  [default: 127.0.0.1:8000, or 0.0.0.0:$PORT]",
)
@click.option("--host", "-h", "bind_host", metavar="HOST", help="With --port, the same as --bind HOST:PORT.")
@click.option("--port", "-p", "bind_port", metavar="PORT", type=click.IntRange(1, 65535), help="See --host.")
@click.option(
    "--workers",
    "-w",
    type=click.IntRange(1),
    default=None,
    help="Processes that answer requests.  [default: $WEB_CONCURRENCY, or one per core]",
)
@click.option("--threads", "-t", type=click.IntRange(1, 1024), default=None, help="Threads in each.  [default: 8]")
@click.option(
    "--cert", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Serve HTTPS: the certificate."
)
@click.option(
    "--key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Serve HTTPS: the private key."
)
@click.option(
    "--asgi/--wsgi",
    default=None,
    help="Serve on an event loop, by gunicorn's ASGI worker, or in threads.  [default: --asgi for an application with"
    " websockets, async views, or functions around the serving]",
)
@click.option("--access-log/--no-access-log", default=None, help="Write a line for each request.")
@click.option("--access-json", is_flag=True, default=None, help="Write these lines as JSON objects.")
@click.option(
    "--request-id-header",
    metavar="NAME",
    default=None,
    help="A header of a trusted proxy that has the request's id; one is made where it has none.",
)
@click.option(
    "--max-body",
    metavar="SIZE",
    callback=_validated(parse_size),
    default=None,
    help="Answer 413 to larger request bodies; 0 for no limit.  [default: 16M]",
)
@_seconds("head-timeout", "How long a connection may take to send the head of its first request.")
@_seconds("body-timeout", "How long a body may pause, and take besides the time of 500 bytes a second.")
@_seconds("write-timeout", "How long a client may take nothing of a response.")
@_seconds("request-timeout", "Replace a worker whose view takes longer.")
@click.option("--keep-alive", type=click.IntRange(0), default=None, metavar="SECONDS", help="[default: 75]")
@click.option(
    "--connections",
    type=click.IntRange(1),
    default=None,
    help="Connections that each worker holds; beyond that the longest idle one is closed.  [default: 10000]",
)
@click.option("--max-requests", type=click.IntRange(0), default=None, help="Replace a worker after so many requests.")
@click.option("--max-requests-jitter", type=click.IntRange(0), default=None, help="And up to so many more, by chance.")
@click.option("--pid-file", type=click.Path(dir_okay=False, path_type=Path), help="Write the process id to this file.")
@click.option(
    "--stop-timeout",
    type=click.IntRange(1),
    default=None,
    metavar="SECONDS",
    help="How long requests may go on after TERM or INT.  [default: 30]",
)
@click.option("--admin-bind", metavar="HOST:PORT|unix:PATH", default=None, help="Answer /healthz and /metrics here.")
@click.option(
    "--config",
    "config_file",
    metavar="PATH|python:MODULE",
    default=None,
    help="A gunicorn configuration file, or a module.",
)
@click.option("--set", "overrides", multiple=True, metavar="NAME=VALUE", help="Any setting of gunicorn.")
@pass_script_info
def serve_command(info: ScriptInfo, /, cert: Path | None, key: Path | None, **given: Any) -> None:
    """Run the production server: gunicorn, with bolthead's worker, or its own for ASGI.

    It stops on TERM and INT after the requests in flight, and starts its workers anew on HUP.
    """
    # Until the arbiter has handlers of its own.
    early_exit = EarlyExit()
    signal.signal(signal.SIGTERM, early_exit)
    _leave_out_debug_flag(info)
    if (cert is None) != (key is None):
        raise click.UsageError("'--cert' and '--key' belong together: give both or neither.")
    host, port = given.pop("bind_host"), given.pop("bind_port")
    if host is not None or port is not None:
        if given["bind"]:
            raise click.UsageError("Give '--bind', or '--host' and '--port', not both.")
        shown = f"[{host}]" if host is not None and ":" in host else host or "127.0.0.1"
        try:
            given["bind"] = (parse_bind(f"{shown}:{port or 8000}"),)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="'--host'") from None
    pid_file = given["pid_file"]
    if pid_file is not None and not pid_file.absolute().parent.is_dir():
        raise click.BadParameter(f"The folder of {str(pid_file)!r} does not exist.", param_hint="'--pid-file'")
    if cert is not None:
        _check_certificate(str(cert), str(key))
        given.update(certfile=str(cert), keyfile=str(key))
    try:
        require_gunicorn()
        from ..serving.settings import settings_of

        # First, since gunicorn fails with less to say where WEB_CONCURRENCY is no number.
        settings = settings_of(given)
        from ..serving.application import Application

        load = _AppLoader(info, is_flask(), bool(given["asgi"]))
        kind: type[Application] = Application
        if given["asgi"]:
            from ..serving.asgi import AsgiApplication as kind
        application = kind(load, settings)
        application.serve(_complain_of_app, partial(_announce, info.app_import_path, early_exit))
    except (ServeError, ValueError) as error:
        raise click.ClickException(str(error)) from None


serve_command.params.append(as_flask_option())


def _leave_out_debug_flag(info: ScriptInfo) -> None:
    """Ignore ``FLASK_DEBUG`` of a ``.env`` or ``.flaskenv``: those are for development, this is production."""
    if info._debug_by_default_file:
        if get_debug_flag():
            tip = " * FLASK_DEBUG in '.env' or '.flaskenv' does not count here. Set it in the environment to have it."
            click.secho(tip, fg="yellow", err=True)
        del os.environ["FLASK_DEBUG"]


@dataclass
class _AppLoader:
    """Loads the application in a worker, which need not have inherited what this process set up."""

    info: ScriptInfo
    as_flask: bool
    asgi: bool

    def __call__(self) -> WSGIApplication:
        if self.as_flask and not is_flask():
            become_flask()
        try:
            return self.info.load_app()
        except NoAppException as error:
            if self.asgi:
                raise
            return wsgi_callable(error)


def _complain_of_app(error: BaseException) -> None:
    if isinstance(error, click.ClickException):
        error.show()
    else:
        # An error of the application itself: its author needs the traceback.
        click.secho("".join(traceback.format_exception(error)), err=True, fg="red", nl=False)


def _announce(app_import_path: str | None, early_exit: EarlyExit, arbiter: Any) -> None:
    early_exit.close()
    if early_exit.asked:
        # The application, preloaded, has made nothing of it.
        arbiter.SIG_QUEUE.put_nowait(signal.SIGTERM)
    if app_import_path is not None:
        click.echo(f" * Serving Flask app '{app_import_path}'")
    build = "compiled" if _core.build_name() == "compiled" else "pure Python"
    click.echo(f" * bolthead {version_of('bolthead')}, {build} build, on gunicorn {version_of('gunicorn')}")
    places = ", ".join(map(str, arbiter.LISTENERS)) or ", ".join(arbiter.cfg.bind)
    if arbiter.app.note:
        click.echo(f" * {arbiter.app.note}")
    workers = "1 worker" if arbiter.cfg.workers == 1 else f"{arbiter.cfg.workers} workers"
    click.echo(f" * Running on {places} with {workers} (Press CTRL+C to quit)")
    show_build_notice()
    if get_debug_flag():
        click.secho(" * Debug mode is on: errors are not caught for the visitor. Switch it off.", fg="yellow")
    sys.stdout.flush()
