"""The commands: ``run``, ``serve``, ``shell``, ``routes``, and ``--version``."""

from __future__ import annotations

import os
import platform
import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
from werkzeug import run_simple
from werkzeug.serving import is_running_from_reloader, load_ssl_context

from .. import _core
from ..globals import current_app
from ..helpers import get_debug_flag
from ..serving.binds import ServeError, parse_bind, require_gunicorn
from ..serving.options import Options, parse_seconds, parse_size
from .build_notice import show_build_notice
from .certs import CertParamType, SeparatedPathType, _validate_key
from .groups import ScriptInfo, _debug_option, as_flask_option, become_flask, pass_script_info, with_appcontext
from .locate import NoAppException, prog_name, wsgi_callable

if TYPE_CHECKING:
    import ssl

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from werkzeug.routing import Rule


UNSTATED_METHODS = frozenset({"HEAD", "OPTIONS"})


def version_of(name: str) -> str:
    """The installed version of a distribution, or ``unknown`` for a source tree that is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "unknown"


def describe_build() -> str:
    """Which build runs, and how many modules are compiled, in one line."""
    compiled = sum(_core.modules().values())
    return f"{_core.build_name()} build, {compiled} compiled modules" if compiled else "pure Python build"


def get_version(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Print the versions and the build, and leave; the callback of ``--version``."""
    if not value or ctx.resilient_parsing:
        return
    lines = [f"Python {platform.python_version()}"]
    if prog_name() == "flask":
        lines.append(f"Flask {version_of('flask')}")
    lines.append(f"bolthead {version_of('bolthead')}, {describe_build()}")
    lines.append(f"Werkzeug {version_of('werkzeug')}")
    click.echo("\n".join(lines), color=ctx.color)
    show_build_notice()
    ctx.exit()


version_option = click.Option(
    ["--version"],
    help="Show the versions, and which build runs.",
    expose_value=False,
    callback=get_version,
    is_flag=True,
    is_eager=True,
)


def show_server_banner(debug: bool, app_import_path: str | None) -> None:
    """Say what is served, once: the reloader's child keeps quiet. ``None`` leaves a line out."""
    if is_running_from_reloader():
        return
    if app_import_path is not None:
        click.echo(f" * Serving Flask app '{app_import_path}'")
    if debug is not None:
        click.echo(f" * Debug mode: {'on' if debug else 'off'}")


def _load_for_run(info: ScriptInfo) -> WSGIApplication:
    """The application; under the reloader a broken one becomes one that raises: the next edit may mend it."""
    try:
        return info.load_app()
    except Exception as error:
        if not is_running_from_reloader():
            raise error from None
        traceback.print_exc()
        problem = error

    def broken(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        raise problem from None

    return broken


@click.command("run", short_help="Run a development server.")
@click.option("--host", "-h", default="127.0.0.1", help="The address to listen on.")
@click.option("--port", "-p", default=5000, help="The port to listen on.")
@click.option(
    "--cert",
    type=CertParamType(),
    help="Serve HTTPS with this certificate: a file, 'adhoc', or the import name of an SSLContext.",
    is_eager=True,
)
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True),
    callback=_validate_key,
    expose_value=False,
    help="The key that belongs to the certificate's file.",
)
@click.option(
    "--reload/--no-reload",
    default=None,
    help="Start again when a source file changes. On in debug mode unless said otherwise.",
)
@click.option(
    "--debugger/--no-debugger",
    default=None,
    help="Show errors in the interactive debugger. On in debug mode unless said otherwise.",
)
@click.option("--with-threads/--without-threads", default=True, help="Answer each request in its own thread.")
@click.option(
    "--extra-files",
    default=None,
    type=SeparatedPathType(),
    help=f"More files that the reloader watches, separated by {os.path.pathsep!r}.",
)
@click.option(
    "--exclude-patterns",
    default=None,
    type=SeparatedPathType(),
    help=f"Files that the reloader ignores, as fnmatch patterns separated by {os.path.pathsep!r}.",
)
@pass_script_info
def run_command(
    info: ScriptInfo,
    host: str,
    port: int,
    reload: bool,
    debugger: bool,
    with_threads: bool,
    cert: ssl.SSLContext | tuple[str, str | None] | Literal["adhoc"] | None,
    extra_files: list[str] | None,
    exclude_patterns: list[str] | None,
) -> None:
    """Run the development server.

    It is made for the desk, neither safe nor quick enough for the world outside: 'serve' is. In debug mode it
    reloads changed code and shows errors in a debugger.
    """
    if not 0 <= port <= 65535:
        raise click.BadParameter(f"{port} is not in the range 0<=x<=65535.", param_hint="'--port' / '-p'")
    if isinstance(cert, tuple):
        _check_certificate(*cert)
    app = _load_for_run(info)
    debug = get_debug_flag()
    show_server_banner(debug, info.app_import_path)
    show_build_notice()
    run_simple(
        host,
        port,
        app,
        use_reloader=debug if reload is None else reload,
        use_debugger=debug if debugger is None else debugger,
        threaded=with_threads,
        ssl_context=cert,
        extra_files=extra_files,
        exclude_patterns=exclude_patterns,
    )


def _check_certificate(cert: str, key: str | None) -> None:
    """Werkzeug would find out with its socket open, and end in a traceback."""
    try:
        load_ssl_context(cert, key)
    except OSError as error:
        raise click.ClickException(f"The certificate and key cannot be used: {error}") from None


run_command.params.insert(0, _debug_option)
run_command.params.append(as_flask_option())


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
@_seconds("body-timeout", "How long a body may pause.")
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
    type=click.Path(exists=True, dir_okay=False),
    default=None,
    help="A gunicorn configuration file.",
)
@click.option("--set", "overrides", multiple=True, metavar="NAME=VALUE", help="Any setting of gunicorn.")
@pass_script_info
def serve_command(info: ScriptInfo, /, cert: Path | None, key: Path | None, **given: Any) -> None:
    """Run the production server: gunicorn, with bolthead's worker, or its own for ASGI.

    It stops on TERM and INT after the requests in flight, and starts its workers anew on HUP.
    """
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
        from ..serving.application import Application
        from ..serving.plan import plan_of

        load = _AppLoader(info, prog_name() == "flask", bool(given["asgi"]))
        kind: type[Application] = Application
        if given["asgi"]:
            from ..serving.asgi import AsgiApplication as kind
        application = kind(load, plan_of(given))
        application.serve(_complain_of_app, partial(_announce, info.app_import_path))
    except (ServeError, ValueError) as error:
        raise click.ClickException(str(error)) from None


serve_command.params.append(as_flask_option())


def _leave_out_debug_flag(info: ScriptInfo) -> None:
    """A file that lies beside the code for the desk does not switch debug mode on where the world looks."""
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
        if self.as_flask and prog_name() != "flask":
            become_flask()
        try:
            return self.info.load_app()
        except NoAppException as error:
            if self.asgi:
                raise
            return wsgi_callable(error)


def _complain_of_app(error: Exception) -> None:
    if isinstance(error, click.ClickException):
        error.show()
    else:
        # The application's own mistake: its author needs the whole of it.
        click.secho("".join(traceback.format_exception(error)), err=True, fg="red", nl=False)


def _announce(app_import_path: str | None, arbiter: Any) -> None:
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


@click.command("shell", short_help="Run a shell in the app context.")
@with_appcontext
def shell_command() -> None:
    """Open a Python shell inside the application's context.

    Its names are those of the application's shell context processors, after PYTHONSTARTUP has run.
    """
    import code

    names: dict[str, Any] = {}
    startup = os.environ.get("PYTHONSTARTUP")
    if startup and os.path.isfile(startup):
        with open(startup) as file:
            exec(compile(file.read(), startup, "exec"), names)
    names.update(current_app.make_shell_context())

    hook = getattr(sys, "__interactivehook__", None)
    if hook is not None:
        _complete_from(names)
        hook()
    banner = (
        f"Python {sys.version} on {sys.platform}\nApp: {current_app.import_name}\nInstance: {current_app.instance_path}"
    )
    code.interact(banner=banner, local=names)


def _complete_from(names: dict[str, Any]) -> None:
    """Tab completion over the shell's names; left alone it would complete those of our ``__main__``."""
    try:
        import readline
        from rlcompleter import Completer
    except ImportError:
        return
    readline.set_completer(Completer(names).complete)


def _route_table(
    rules: list[Rule], all_methods: bool, host_matching: bool
) -> tuple[list[str], list[str], list[list[str]]]:
    """Sort keys, headings and rows; a domain column only where some rule has one."""

    def domain(rule: Rule) -> str:
        return (rule.host if host_matching else rule.subdomain) or ""

    hidden = frozenset() if all_methods else UNSTATED_METHODS
    keys, headings = ["endpoint", "methods"], ["Endpoint", "Methods"]
    with_domain = any(map(domain, rules))
    if with_domain:
        keys.append("domain")
        headings.append("Host" if host_matching else "Subdomain")
    keys.append("rule")
    headings.append("Rule")

    rows = []
    for rule in rules:
        methods = ", ".join(sorted((rule.methods or set()) - hidden))
        rows.append([rule.endpoint, methods, *([domain(rule)] if with_domain else []), rule.rule])
    return keys, headings, rows


@click.command("routes", short_help="Show the routes for the app.")
@click.option(
    "--sort",
    "-s",
    type=click.Choice(("endpoint", "methods", "domain", "rule", "match")),
    default="endpoint",
    help="The column to sort by; 'match' is the order in which requests are matched.",
)
@click.option("--all-methods", is_flag=True, help="Show HEAD and OPTIONS too.")
@with_appcontext
def routes_command(sort: str, all_methods: bool) -> None:
    """List the routes with their endpoints and methods."""
    url_map = current_app.url_map
    rules = list(url_map.iter_rules())
    if not rules:
        click.echo("No routes were registered.")
        return

    keys, headings, rows = _route_table(rules, all_methods, url_map.host_matching)
    if sort in keys:
        column = keys.index(sort)
        rows.sort(key=lambda row: row[column])

    widths = [max(map(len, cells)) for cells in zip(headings, *rows, strict=True)]
    for row in (headings, ["-" * width for width in widths], *rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
