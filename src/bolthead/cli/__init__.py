"""The command line: ``bolthead run``, ``serve``, ``shell``, ``routes`` and the application's own commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click as click
from click.core import ParameterSource as ParameterSource
from werkzeug import run_simple as run_simple
from werkzeug.serving import is_running_from_reloader as is_running_from_reloader
from werkzeug.utils import import_string as import_string

from .._compat.lazy_modules import lazy_names
from ..globals import current_app as current_app
from ..helpers import get_debug_flag as get_debug_flag
from ..helpers import get_load_dotenv as get_load_dotenv
from .certs import CertParamType as CertParamType
from .certs import SeparatedPathType as SeparatedPathType
from .certs import _validate_key as _validate_key
from .commands import get_version as get_version
from .commands import routes_command as routes_command
from .commands import run_command as run_command
from .commands import shell_command as shell_command
from .commands import show_server_banner as show_server_banner
from .commands import version_option as version_option
from .groups import AppGroup as AppGroup
from .groups import BoltheadGroup
from .groups import F as F
from .groups import FlaskGroup as FlaskGroup
from .groups import ScriptInfo as ScriptInfo
from .groups import pass_script_info as pass_script_info
from .groups import with_appcontext as with_appcontext
from .locate import NoAppException as NoAppException
from .locate import find_app_by_string as find_app_by_string
from .locate import find_best_app as find_best_app
from .locate import load_dotenv as load_dotenv
from .locate import locate_app as locate_app
from .locate import prepare_import as prepare_import
from .serve import serve_command as serve_command

cli = BoltheadGroup(
    name="bolthead",
    help="""\
Run and look after an application.

Say which one with '--app' or the variable 'FLASK_APP'; without either, a file
'wsgi.py' or 'app.py' in the current folder is taken.
""",
)
# Of the command alone: a custom group, or an application, may have a command of that name.
cli.add_command(serve_command)


def main() -> None:
    """Run the command ``bolthead``, which ``python -m bolthead`` is too, on the arguments of the process.

    It does not return: the process ends with status 0, 1 for a failure, 2 for wrong arguments.
    """
    cli.main()


if not TYPE_CHECKING:
    # Flask's module has these names too; they are imported on first access.
    __getattr__ = lazy_names(
        vars(),
        {
            "ModuleType": "types:ModuleType",
            "ast": "ast",
            "cabc": "collections.abc",
            "importlib": "importlib",
            "inspect": "inspect",
            "itemgetter": "operator:itemgetter",
            "os": "os",
            "platform": "platform",
            "re": "re",
            "sys": "sys",
            "t": "typing",
            "traceback": "traceback",
            "update_wrapper": "functools:update_wrapper",
        },
    )
