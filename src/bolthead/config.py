"""Configuration: a dict that fills itself from files, objects and the environment."""

from __future__ import annotations

import errno
import json
import os
import types
import typing as t
from datetime import timedelta

from werkzeug.datastructures import ImmutableDict
from werkzeug.utils import import_string

if t.TYPE_CHECKING:
    import typing_extensions as te

    from .sansio.app import App

T = t.TypeVar("T")

DEFAULTS = ImmutableDict(
    {
        "DEBUG": None,
        "TESTING": False,
        "PROPAGATE_EXCEPTIONS": None,
        "SECRET_KEY": None,
        "SECRET_KEY_FALLBACKS": None,
        "PERMANENT_SESSION_LIFETIME": timedelta(days=31),
        "USE_X_SENDFILE": False,
        "TRUSTED_HOSTS": None,
        "SERVER_NAME": None,
        "APPLICATION_ROOT": "/",
        "SESSION_COOKIE_NAME": "session",
        "SESSION_COOKIE_DOMAIN": None,
        "SESSION_COOKIE_PATH": None,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SECURE": False,
        "SESSION_COOKIE_PARTITIONED": False,
        "SESSION_COOKIE_SAMESITE": None,
        "SESSION_REFRESH_EACH_REQUEST": True,
        "MAX_CONTENT_LENGTH": None,
        "MAX_FORM_MEMORY_SIZE": 500_000,
        "MAX_FORM_PARTS": 1_000,
        "SEND_FILE_MAX_AGE_DEFAULT": None,
        "TRAP_BAD_REQUEST_ERRORS": None,
        "TRAP_HTTP_EXCEPTIONS": False,
        "EXPLAIN_TEMPLATE_LOADING": False,
        "PREFERRED_URL_SCHEME": "http",
        "TEMPLATES_AUTO_RELOAD": None,
        "MAX_COOKIE_SIZE": 4093,
        "PROVIDE_AUTOMATIC_OPTIONS": True,
    }
)
"""What an application's configuration begins with; documented in ``docs/reference/configuration.md``."""


class ConfigAttribute(t.Generic[T]):
    """An attribute of the application that lives in its config under *name*, as ``app.secret_key`` does.

    Reading gives the config's value, by *get_converter* if there is one; setting stores the value as it is. For a
    subclass of ``Flask``: ``region = ConfigAttribute[str]("REGION")``.
    """

    def __init__(self, name: str, get_converter: t.Callable[[t.Any], T] | None = None) -> None:
        self.__name__ = name
        self.get_converter = get_converter

    @t.overload
    def __get__(self, obj: None, owner: None) -> te.Self: ...

    @t.overload
    def __get__(self, obj: App, owner: type[App]) -> T: ...

    def __get__(self, obj: App | None, owner: type[App] | None = None) -> T | te.Self:
        if obj is None:
            return self
        value = obj.config[self.__name__]
        convert = self.get_converter
        return value if convert is None else convert(value)

    def __set__(self, obj: App, value: t.Any) -> None:
        obj.config[self.__name__] = value


class Config(dict):  # type: ignore[type-arg]
    """The configuration of one application: a dict, with methods that fill it from files, objects and the environment.

    Relative file names are taken from ``root_path``. Every loader but ``from_prefixed_env`` and item assignment takes
    upper-case keys only and skips the others in silence. Later values replace earlier ones, so load defaults first::

        app.config.from_object("shop.defaults")
        app.config.from_prefixed_env("SHOP")
    """

    def __init__(self, root_path: str | os.PathLike[str], defaults: dict[str, t.Any] | None = None) -> None:
        super().__init__(defaults or {})
        self.root_path = root_path

    def from_envvar(self, variable_name: str, silent: bool = False) -> bool:
        """Load the Python file that an environment variable names, by :meth:`from_pyfile`, and return True.

        Raises RuntimeError for an unset or empty variable; with *silent* it returns False then, and for a file that is
        not there.
        """
        filename = os.environ.get(variable_name)
        if filename:
            return self.from_pyfile(filename, silent=silent)
        if silent:
            return False
        raise RuntimeError(
            f"The environment variable {variable_name!r} is not set and as such configuration could not be"
            " loaded. Set this variable and make it point to a configuration file"
        )

    def from_prefixed_env(self, prefix: str = "FLASK", *, loads: t.Callable[[str], t.Any] = json.loads) -> bool:
        """Take every environment variable that begins with ``prefix`` and an underscore.

        A value goes through ``loads`` and stays a string where that fails. ``A__B__C`` sets
        ``config["A"]["B"]["C"]``, making dicts as needed. Variables are taken in sorted order.
        """
        start = f"{prefix}_"
        for variable in sorted(name for name in os.environ if name.startswith(start)):
            value: t.Any = os.environ[variable]
            try:
                value = loads(value)
            except Exception:
                pass  # An ordinary string, not JSON.
            *path, last = variable.removeprefix(start).split("__")
            target: dict[str, t.Any] = self
            for part in path:
                if part not in target:
                    target[part] = {}
                target = target[part]
            target[last] = value
        return True

    def from_pyfile(self, filename: str | os.PathLike[str], silent: bool = False) -> bool:
        """Run a Python file and take its upper-case names. Returns True.

        *silent* turns a missing file (or a directory in its place) into False; any other error, one of the file's own
        code among them, is raised. The file is code: it must not be writable by others.
        """
        path = os.path.join(self.root_path, filename)
        module = types.ModuleType("config")
        module.__file__ = path
        try:
            with open(path, mode="rb") as file:
                exec(compile(file.read(), path, "exec"), module.__dict__)
        except OSError as error:
            if _forgiven(error, silent, errno.ENOTDIR):
                return False
            raise
        self.from_object(module)
        return True

    def from_object(self, obj: object | str) -> None:
        """Take the upper-case attributes of an object, or of what an import string such as ``"shop.settings"`` names.

        A class is read as it is; it is not instantiated, so its properties stay properties. ImportError for a name that
        cannot be imported.
        """
        source = import_string(obj) if isinstance(obj, str) else obj
        for key in dir(source):
            if key.isupper():
                self[key] = getattr(source, key)

    def from_file(
        self,
        filename: str | os.PathLike[str],
        load: t.Callable[[t.IO[t.Any]], t.Mapping[str, t.Any]],
        silent: bool = False,
        text: bool = True,
    ) -> bool:
        """Open a file, as text or as bytes, and take the mapping that ``load`` makes of it.

        ``from_file("settings.toml", load=tomllib.load, text=False)``. ``silent`` turns a missing file into ``False``;
        what ``load`` raises is raised.
        """
        path = os.path.join(self.root_path, filename)
        try:
            with open(path, "r" if text else "rb") as file:
                loaded = load(file)
        except OSError as error:
            if _forgiven(error, silent):
                return False
            raise
        return self.from_mapping(loaded)

    def from_mapping(self, mapping: t.Mapping[str, t.Any] | None = None, **kwargs: t.Any) -> bool:
        """Take the upper-case items of *mapping* and of the keyword arguments, which win. Always returns True.

        For an application factory's defaults, and for what a test sets: ``app.config.from_mapping(TESTING=True,
        DATABASE=":memory:")``.
        """
        merged: dict[str, t.Any] = {}
        if mapping is not None:
            merged.update(mapping)
        merged.update(kwargs)
        for key, value in merged.items():
            if key.isupper():
                self[key] = value  # Not update(): a subclass may have its own __setitem__.
        return True

    def get_namespace(self, namespace: str, lowercase: bool = True, trim_namespace: bool = True) -> dict[str, t.Any]:
        """The items whose key begins with *namespace*, as a new dict; by default without it and in lower case.

        ``get_namespace("MAIL_")`` makes keyword arguments of ``MAIL_HOST`` and ``MAIL_PORT``: *host* and *port*.
        *lowercase* and *trim_namespace* set to False leave keys as they are.
        """
        found: dict[str, t.Any] = {}
        for key, value in self.items():
            if key.startswith(namespace):
                short = key[len(namespace) :] if trim_namespace else key
                found[short.lower() if lowercase else short] = value
        return found

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {dict.__repr__(self)}>"


def _forgiven(error: OSError, silent: bool, *more: int) -> bool:
    """Whether a silent loader ignores this error; otherwise its text gets the name of the operation."""
    if silent and error.errno in (errno.ENOENT, errno.EISDIR, *more):
        return True
    error.strerror = f"Unable to load configuration file ({error.strerror})"
    return False
