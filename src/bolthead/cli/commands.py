"""The commands ``run``, ``shell`` and ``routes``, and ``--version``."""

from __future__ import annotations

import os
import platform
import sys
import traceback
from collections.abc import Callable, Iterable
from functools import partial
from importlib import metadata
from typing import TYPE_CHECKING, Any, Literal

import click
from werkzeug import run_simple
from werkzeug.serving import is_running_from_reloader, load_ssl_context

from .. import _core
from ..globals import current_app
from ..helpers import get_debug_flag
from .build_notice import show_build_notice
from .certs import CertParamType, SeparatedPathType, _validate_key
from .groups import ScriptInfo, _debug_option, as_flask_option, pass_script_info, with_appcontext
from .locate import is_flask

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
    """Print the versions of Python, bolthead and Werkzeug and which build runs, and leave.

    The callback of ``--version``, with click's three arguments. Nothing happens while click only completes words.
    """
    if not value or ctx.resilient_parsing:
        return
    lines = [f"Python {platform.python_version()}"]
    if is_flask():
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
    """Print what is served and whether debug mode is on, once: the reloader's child keeps quiet.

    *app_import_path* is the name in the first line; None leaves that line out, as None for *debug* does the second.
    """
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
    "--asgi/--wsgi",
    default=None,
    help="Serve on an event loop, by uvicorn, or in threads.  [default: --asgi for an application with websockets,"
    " async views, or functions around the serving, where uvicorn is installed]",
)
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
    asgi: bool | None,
    cert: ssl.SSLContext | tuple[str, str | None] | Literal["adhoc"] | None,
    extra_files: list[str] | None,
    exclude_patterns: list[str] | None,
) -> None:
    """Run the development server.

    It is for development only: neither safe nor fast enough for production, for which 'serve' is. In debug mode
    it reloads changed code and shows errors in a debugger.
    """
    if not 0 <= port <= 65535:
        raise click.BadParameter(f"{port} is not in the range 0<=x<=65535.", param_hint="'--port' / '-p'")
    if isinstance(cert, tuple):
        _check_certificate(*cert)
    app = _load_for_run(info)
    debug = get_debug_flag()
    show_server_banner(debug, info.app_import_path)
    show_build_notice()
    if asgi is None:
        asgi = with_threads and _is_for_loop(app)
    elif asgi:
        _check_asgi(app, with_threads)
    run: Callable[..., None] = partial(run_simple, threaded=with_threads)
    if asgi:
        from .development import run_asgi as run
    run(
        host,
        port,
        app,
        use_reloader=debug if reload is None else reload,
        use_debugger=debug if debugger is None else debugger,
        ssl_context=cert,
        extra_files=extra_files,
        exclude_patterns=exclude_patterns,
    )


INSTALL_ASGI = "pip install 'bolthead[asgi]'"


def _is_for_loop(app: WSGIApplication) -> bool:
    """Whether *app* needs ASGI and can be served so. Prints, once, that it is, or what is missing."""
    from ..serving.choice import ASYNC_VIEWS, REASONS, WEBSOCKETS, needs_loop
    from .development import has_asgi_server

    reason = needs_loop(app)
    if not reason:
        return False
    can = has_asgi_server(reason == WEBSOCKETS)
    if not is_running_from_reloader():
        if can:
            click.echo(f" * Over ASGI, since the application has {REASONS[reason]}; '--wsgi' serves it otherwise")
        elif reason != ASYNC_VIEWS:
            click.secho(f" * The application has {REASONS[reason]}, for which: {INSTALL_ASGI}", fg="yellow", err=True)
    return can


def _check_asgi(app: WSGIApplication, with_threads: bool) -> None:
    """Refuse ``--asgi`` where it cannot work, before anything runs."""
    from .development import has_asgi_server

    if not with_threads:
        raise click.UsageError("'--without-threads' is for WSGI, and was given with '--asgi'.")
    if not has_asgi_server(getattr(app, "_has_websockets", False)):
        raise click.ClickException(f"'--asgi' needs a server: {INSTALL_ASGI}")


def _check_certificate(cert: str, key: str | None) -> None:
    """Refuse a pair that cannot be loaded; Werkzeug would end in a traceback, with its socket open."""
    try:
        load_ssl_context(cert, key)
    except OSError as error:
        raise click.ClickException(f"The certificate and key cannot be used: {error}") from None


run_command.params.insert(0, _debug_option)
run_command.params.append(as_flask_option())


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
