"""Serve ``import flask`` from bolthead: the same module objects under both names, nothing edited.

``install()`` does it for this process, before anything imported flask; ``python -m bolthead.as_flask`` does
it for a program and the Python processes that it starts::

    python -m bolthead.as_flask -m gunicorn app:app
    python -m bolthead.as_flask flask run
    python -m bolthead.as_flask script.py
"""

from __future__ import annotations

import ast
import dis
import importlib
import importlib.metadata
import os
import runpy
import shutil
import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.metadata import Distribution, DistributionFinder, MetadataPathFinder, PackageNotFoundError
from importlib.util import find_spec, spec_from_loader
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any, NoReturn

import bolthead

from ._flask_names import BACK, FRONT, Loader, has_flask_name, name_as_flask, our_name

VERSION = "3.1.3"
"""The Flask release whose behaviour bolthead has: the answer of ``importlib.metadata.version("flask")``."""

STARTUP = Path(__file__).with_name("_startup")
"""A directory for ``PYTHONPATH``: Python processes that find it there are installed into at startup."""
RESTARTED = "BOLTHEAD_AS_FLASK_RESTARTED"
"""The variable that is set while the process starts a second time; see `restart`."""
CUSTOM = ("sitecustomize", "usercustomize")
"""What Python imports at startup, if it is there."""

METADATA = Distribution.at(STARTUP / f"flask-{VERSION}.dist-info")
"""The metadata of Flask that ``importlib.metadata`` gets where Flask is not installed, or in another version."""

IMPORT_FROM = dis.opmap["IMPORT_FROM"]


SET_BY_IMPORT = frozenset(("__loader__", "__name__", "__package__", "__path__", "__spec__"))


class Handle(ModuleType):
    """A view of bolthead's module, for import hooks that get it while it is imported under Flask's name.

    Import hooks patch the attributes of the module that they get. So its only own attributes are those that an import
    sets; all others are the real module's.
    """

    def __getattribute__(self, name: str) -> Any:
        own = super().__getattribute__("__dict__")
        return own[name] if name in SET_BY_IMPORT and name in own else getattr(own["real"], name)

    def __setattr__(self, name: str, value: Any) -> None:
        own = super().__getattribute__("__dict__")
        if name in SET_BY_IMPORT:
            own[name] = value
        else:
            setattr(own["real"], name, value)

    def __delattr__(self, name: str) -> None:
        delattr(super().__getattribute__("__dict__")["real"], name)


def become(module: ModuleType, real: ModuleType) -> None:
    """Make a handle of *real* out of a new *module*, and *real* what is imported by its name."""
    sys.modules[module.__name__] = real
    vars(module)["real"] = real
    module.__class__ = Handle


class Alias:
    """A loader of bolthead's module under Flask's name.

    The import system sets ``__spec__`` of the module it is given. That one is new, and only a `Handle` of the real one,
    which stays as it is.
    """

    def __init__(self, spec: ModuleSpec) -> None:
        self.name = spec.name
        self.origin: Any = spec.loader

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        if self.name == BACK:
            # All of Werkzeug, as Flask loads it: there may be import hooks for it too.
            from werkzeug import run_simple  # noqa: F401
        real = importlib.import_module(self.name)
        # Load the lazy names, which Flask's module has from the start, as a star import does.
        getattr(real, "__all__", None)
        _explain(real)
        become(module, real)
        if self.name == BACK:
            for name in filter(has_flask_name, list(sys.modules)):
                name_as_flask(sys.modules[name])
            _import_submodules()

    def get_code(self, fullname: str) -> CodeType | None:
        code: CodeType | None = self.origin.get_code(self.name)
        return code

    def get_source(self, fullname: str) -> str | None:
        source: str | None = self.origin.get_source(self.name)
        return source

    def get_filename(self, fullname: str) -> str:
        return str(self.origin.get_filename(self.name))

    def is_package(self, fullname: str) -> bool:
        return bool(self.origin.is_package(self.name))

    def get_resource_reader(self, fullname: str) -> Any:
        reader = getattr(self.origin, "get_resource_reader", None)
        return reader(self.name) if reader else None


def _import_submodules() -> None:
    """Import under Flask's name each public module of ours that is loaded, so that the hooks for its import run.

    In Flask they run before any other module takes names from that one: what a hook replaces is what the others get.
    """
    public = {name: module for name, module in sys.modules.items() if f"{name}.".startswith(f"{BACK}.")}
    public = {name: module for name, module in public.items() if "._" not in name}
    held = {value for module in public.values() for value in vars(module).values() if isinstance(value, type)}
    classes = [cls for cls in held if (our_name(cls.__module__) or cls.__module__) in public]
    for name, module in public.items():
        if name == BACK:
            continue
        before = dict(vars(module))
        importlib.import_module(FRONT + name[len(BACK) :])
        for key, value in vars(module).items():
            old = before.get(key, value)
            if key.startswith("__") or old is value:
                continue
            if isinstance(old, (type, FunctionType)) and (our_name(old.__module__) or old.__module__) != name:
                continue  # This module has it from another one, and the others do not have it from here.
            for other in public.values():
                if vars(other).get(key) is old:
                    vars(other)[key] = value
            for cls in classes:
                for attribute in [attribute for attribute, had in vars(cls).items() if had is old]:
                    setattr(cls, attribute, value)


class Finder:
    """The meta path finder for ``flask``, its submodules, and its metadata."""

    @classmethod
    def find_spec(
        cls, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if has_flask_name(name):
            spec = PathFinder.find_spec(name, path)
            if spec is not None and type(spec.loader) is SourceFileLoader:
                spec.loader = Loader(name, spec.loader.path)
            return spec
        back = our_name(name)
        spec = find_spec(back) if back else None
        if spec is None:
            return None
        alias = spec_from_loader(name, Alias(spec), origin=spec.origin)  # type: ignore[arg-type]
        if alias is not None:
            alias.has_location = spec.has_location
            alias.submodule_search_locations = spec.submodule_search_locations
        return alias

    @classmethod
    def find_distributions(cls, context: DistributionFinder.Context | None = None) -> Iterable[Distribution]:
        context = context or DistributionFinder.Context()
        # A context with a path is a search of that path, on which this is not.
        if "path" in vars(context) or (context.name or FRONT).lower() != FRONT:
            return []
        wanted = DistributionFinder.Context(name=FRONT)
        present = next(iter(MetadataPathFinder.find_distributions(wanted)), None)
        return [] if present is not None and present.version == VERSION else [METADATA]


def install(*, children: bool = False) -> None:
    """Make every later ``import flask`` in this process bring bolthead.

    Call it before the first import of flask; afterwards it raises RuntimeError, since Flask's own classes
    would go on living beside these. A second call does nothing. With *children*, the environment is set so
    that Python processes started from here are installed into as well.
    """
    loaded = sys.modules.get(FRONT)
    if loaded is not None and loaded is not bolthead:
        raise RuntimeError(_too_late(loaded))
    if not installed():
        _add_finder()
        # At once: a test that restores `sys.modules` must not take away half of it.
        importlib.import_module(FRONT)
    if children:
        _set_path(str(STARTUP))


def installed() -> bool:
    """Whether ``import flask`` brings bolthead in this process."""
    return Finder in sys.meta_path


def _add_finder() -> None:
    # Before the path finder, which would find Flask itself; behind those of import hooks, which delegate to the finders
    # after them. If another finder still finds Flask, before all of them.
    path_finder = sys.meta_path.index(PathFinder) if PathFinder in sys.meta_path else 0
    for place in (path_finder, 0):
        sys.meta_path.insert(place, Finder)
        found = find_spec(FRONT)
        if found is not None and found.origin == bolthead.__file__:
            return
        sys.meta_path.remove(Finder)
    raise RuntimeError(
        f"bolthead.as_flask.install() has no effect: 'import flask' still finds {found}. "
        f"The finders of this process are {sys.meta_path}."
    )


def _set_path(*first: str) -> None:
    paths = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path and path not in first]
    os.environ["PYTHONPATH"] = os.pathsep.join([*first, *paths])


def restart() -> None:
    """Start this process anew if what Python runs at startup has imported Flask already.

    Monitoring tools do so, by a ``sitecustomize`` of theirs: the second time it comes after ours. To be called by a
    command, as its first act.
    """
    loaded = sys.modules.get(FRONT)
    custom = getattr(sys.modules.get("sitecustomize"), "__file__", None)
    if os.environ.pop(RESTARTED, None) or loaded is None or loaded is bolthead or custom is None:
        return
    # Modules stand in the order in which they were complete. What comes after was imported by the program itself, as by
    # tests that invoke a command.
    order = [*sys.modules]
    if order.index(FRONT) > max(order.index(name) for name in CUSTOM if name in sys.modules):
        return
    os.environ[RESTARTED] = "1"
    _set_path(str(STARTUP), os.path.dirname(custom))
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


# Messages for what goes wrong.


def _too_late(loaded: ModuleType) -> str:
    where = ", ".join(_importers()) or f"from {getattr(loaded, '__file__', None) or loaded!r}"
    return (
        f"bolthead.as_flask.install() was called too late: flask was already imported, {where}. "
        "Call install() before anything imports flask, or start the program with "
        "'python -m bolthead.as_flask'."
    )


def _importers(most: int = 3) -> list[str]:
    """The modules that imported flask, the likeliest first.

    Python moves a module to the end of sys.modules when its import is complete. So the modules that imported flask
    come after it, the first of them first, or before it while they are still being imported.
    """
    modules = list(sys.modules.items())
    place = [name for name, _ in modules].index(FRONT)
    found = []
    for name, module in modules[place + 1 :] + modules[:place][::-1]:
        path = getattr(module, "__file__", None)
        if our_name(name) or not isinstance(path, str) or not path.endswith(".py"):
            continue
        line = _import_line(path)
        if line is not None:
            found.append(f"by {name} ({path}, line {line})")
            if len(found) == most:
                break
    return found


def _import_line(path: str) -> int | None:
    try:
        source = Path(path).read_bytes()
        if FRONT.encode() not in source:
            return None
        tree = ast.parse(source)
    except (OSError, SyntaxError, ValueError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [item.name for item in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        else:
            continue
        if any(our_name(name) for name in names):
            return node.lineno
    return None


def _explain(module: ModuleType) -> None:
    """Give *module* a ``__getattr__`` that makes ``from flask.x import name`` explain a missing name."""
    names = vars(module)
    older: Callable[[str], Any] | None = names.get("__getattr__")
    if getattr(older, "explains", False):
        return

    def explain(name: str) -> Any:
        if module is bolthead and name == "__version__":
            return _flask_version()
        if older is not None:
            try:
                return older(name)
            except AttributeError:
                pass
        front = FRONT + module.__name__[len(BACK) :]
        caller = sys._getframe(1)
        if _imports(caller) and not _half_made(module, name):
            raise ImportError(_no_such_name(front, name, caller.f_globals, caller.f_lineno), name=front)
        raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

    explain.explains = True  # type: ignore[attr-defined]
    explain.__name__ = explain.__qualname__ = "__getattr__"
    names["__getattr__"] = explain


def _flask_version() -> str:
    warnings.warn(
        "flask.__version__ is deprecated and gone in Flask 3.2: ask importlib.metadata.version('flask')",
        DeprecationWarning,
        stacklevel=3,
    )
    return importlib.metadata.version(FRONT)


def _imports(frame: FrameType) -> bool:
    """Whether *frame* executes ``from … import name``: anywhere else a missing name is an AttributeError."""
    code = frame.f_code.co_code
    return 0 <= frame.f_lasti < len(code) and code[frame.f_lasti] == IMPORT_FROM


def _half_made(module: ModuleType, name: str) -> bool:
    """Whether *module* is still being imported, or the name is a submodule that ``import`` finds by itself."""
    return getattr(module.__spec__, "_initializing", False) or f"{module.__name__}.{name}" in sys.modules


def _no_such_name(front: str, name: str, importer: dict[str, Any], line: int) -> str:
    who = importer.get("__name__", "?")
    distribution = _distribution_of(str(who))
    if distribution:
        advice = f"Look for a release of {distribution} that supports Flask {VERSION}"
    else:
        advice = f"The importing code was written for another Flask than {VERSION}"
    why = "private names like this are not part of it" if name.startswith("_") else "there it does not exist"
    return (
        f"cannot import name {name!r} from {front!r}: bolthead stands in for Flask {VERSION}, and {why}. "
        f"Imported by {who} ({importer.get('__file__', '?')}, line {line}). {advice}."
    )


def _distribution_of(name: str) -> str | None:
    """The installed distribution that *name*'s top-level package belongs to, as "Name version"."""
    top = name.partition(".")[0]
    try:
        found = importlib.metadata.packages_distributions().get(top, [])
        return f"{found[0]} {importlib.metadata.version(found[0])}" if found else None
    except (PackageNotFoundError, OSError, ValueError):
        return None


# The command.

USAGE = "usage: python -m bolthead.as_flask [-m MODULE | SCRIPT] ARGS..."


def main(args: Sequence[str]) -> None:
    """Run a module, a script, or a program found on PATH, with flask served from bolthead."""
    if args[:1] in (["-h"], ["--help"]):
        print(f"{USAGE}\n\n{__doc__}")
        return
    if not args or (args[0].startswith("-") and (args[0] != "-m" or len(args) == 1)):
        _fail(USAGE)
    restart()
    install(children=True)
    if args[0] == "-m":
        _run_module(args[1], args[2:])
    else:
        _run_script(args[0], args[1:])


def _fail(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    raise SystemExit(2)


def _run_module(name: str, args: Sequence[str]) -> None:
    # runpy puts the module's path in argv[0], as `python -m` does.
    sys.argv[:] = [name, *args]
    try:
        known = find_spec(name) is not None
    except (ImportError, ValueError):
        known = False
    if not known:
        _fail(f"python -m bolthead.as_flask: No module named {name}")
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def _run_script(script: str, args: Sequence[str]) -> None:
    if script == FRONT and not os.path.exists(script):
        # The command `flask`, which also works where Flask and its script are not installed.
        return _run_module(FRONT, args)
    # Beside this interpreter before PATH, which may have programs of another environment.
    beside = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)])
    path = script if os.path.exists(script) else shutil.which(script, path=beside)
    if path is None:
        _fail(
            f"python -m bolthead.as_flask: {script!r} is no file and no program on PATH. "
            f"For a module say: python -m bolthead.as_flask -m {script}"
        )
    if os.path.isfile(path) and not _is_python(path):
        # A program that embeds Python (uWSGI): it reads PYTHONPATH.
        os.execv(path, [script, *args])
    sys.argv[:] = [path, *args]
    if os.path.isfile(path) and not getattr(sys.flags, "safe_path", False):
        # What `python SCRIPT` has first on the path is the script's directory, and not the current one.
        sys.path[0] = os.path.dirname(os.path.abspath(path))
    runpy.run_path(path, run_name="__main__")


def _is_python(path: str) -> bool:
    if path.endswith((".py", ".pyw", ".pyc", ".pyz", ".zip")) or not os.access(path, os.X_OK):
        return True
    with open(path, "rb") as file:
        head = file.read(512)
    # pip writes '#!/bin/sh' with a second line for Python where the interpreter's path is long.
    return head.startswith(b"#!") and b"python" in b"".join(head.splitlines()[:2])


if __name__ == "__main__":
    # The module's state must live in one place, and __main__ is a copy.
    from bolthead.as_flask import main as _main

    _main(sys.argv[1:])
