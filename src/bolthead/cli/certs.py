"""The option types of ``run``: certificates, keys and lists of paths."""

from __future__ import annotations

from typing import Any

import click
from werkzeug.utils import import_string


class CertParamType(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """The type of ``--cert``: a file, the word ``adhoc``, or the import name of an :class:`ssl.SSLContext`.

    For a command of your own that starts a development server: ``click.option("--cert", type=CertParamType())``.
    """

    name = "path"

    def __init__(self) -> None:
        self.path_type = click.Path(exists=True, dir_okay=False, resolve_path=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """*value* as an absolute path, as ``"adhoc"``, or as the ``SSLContext`` that it names.

        BadParameter for anything else, for ``adhoc`` without the package cryptography, and where Python has no ``ssl``.
        """
        try:
            import ssl
        except ImportError:
            problem = 'Using "--cert" requires Python to be compiled with SSL support.'
            raise click.BadParameter(problem, ctx, param) from None

        try:
            return self.path_type(value, param, ctx)
        except click.BadParameter as no_file:
            # PARITY: the name is lowered before the import as well, as in Flask.
            name = click.STRING(value, param, ctx).lower()
            if name == "adhoc":
                _need_cryptography(ctx, param)
                return name
            context = import_string(name, silent=True)
            if isinstance(context, ssl.SSLContext):
                return context
            raise no_file


def _need_cryptography(ctx: click.Context | None, param: click.Parameter | None) -> None:
    try:
        import cryptography  # noqa: F401
    except ImportError:
        problem = "Using ad-hoc certificates requires the cryptography library."
        raise click.BadParameter(problem, ctx, param) from None


def _is_context(cert: object) -> bool:
    try:
        import ssl
    except ImportError:
        return False
    return isinstance(cert, ssl.SSLContext)


def _validate_key(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """Pair ``--key`` with ``--cert``, whose parameter becomes ``(cert, key)`` where both are files."""
    cert = ctx.params.get("cert")
    adhoc = cert == "adhoc"
    context = _is_context(cert)

    problem = None
    if value is None:
        if cert and not adhoc and not context:
            problem = 'Required when using "--cert".'
    elif adhoc:
        problem = 'When "--cert" is "adhoc", "--key" is not used.'
    elif context:
        problem = 'When "--cert" is an SSLContext object, "--key" is not used.'
    elif not cert:
        problem = '"--cert" must also be specified.'
    else:
        ctx.params["cert"] = cert, value

    if problem is not None:
        raise click.BadParameter(problem, ctx, param)
    return value


class SeparatedPathType(click.Path):
    """Several paths in one value, separated as in ``PATH``; each is checked as :class:`click.Path` would.

    The type of ``run --extra-files`` and ``--exclude-patterns``; the separator is ``:``, on Windows ``;``.
    """

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The paths of *value*, a list of strings: split at the separator, each checked.

        BadParameter for the first that the check refuses, with ``exists=True`` a file that is missing.
        """
        check = super().convert
        return [check(item, param, ctx) for item in self.split_envvar_value(value)]
