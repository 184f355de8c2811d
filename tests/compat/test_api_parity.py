"""Every public name of Flask is here: same kind, same signature, same default.

The installed Flask is the yardstick. What differs on purpose stands in ``EXCEPT``, with its reason.
"""

from __future__ import annotations

import importlib
import inspect
import types
import typing as t

import pytest

MODULES = ["app", "blueprints", "cli", "config", "ctx", "debughelpers", "globals", "helpers", "json"]
MODULES += ["json.provider", "json.tag", "logging", "sansio.app", "sansio.blueprints", "sansio.scaffold"]
MODULES += ["sessions", "signals", "templating", "testing", "typing", "views", "wrappers"]
MODULES.insert(0, "")  # The package itself.

# Names with one underscore that extensions or Flask's own tests use.
PRIVATE = {
    "app": {"_make_timedelta", "_sentinel", "_cv_app", "_cv_request", "_url_quote"},
    "cli": {"_validate_key"},
    "ctx": {"_AppCtxGlobals", "_sentinel"},
    "debughelpers": {"_dump_loader_info"},
    "globals": {"_cv_app", "_cv_request", "_no_app_msg", "_no_req_msg"},
    "helpers": {"_cv_request", "_prepare_send_file_kwargs", "_split_blueprint_path", "_wz_abort", "_wz_redirect"},
    "json.provider": {"_default"},
    "sansio.app": {"_make_timedelta", "_split_blueprint_path", "_wz_redirect"},
    "sansio.blueprints": {"_sentinel"},
    "sansio.scaffold": {"_endpoint_from_view_func", "_find_package_path", "_sentinel"},
    "signals": {"_signals"},
    "templating": {"_default_template_ctx_processor", "_render", "_stream", "_cv_app"},
    "testing": {"_get_werkzeug_version"},
}

EXCEPT: dict[tuple[str, str], str] = {
    ("ctx", "_AppCtxGlobals.__setattr__"): "object's own; subclasses have it, which may have descriptors",
    ("ctx", "_cv_tokens"): "the contexts are records with their own way of being pushed twice",
}
"""(module, dotted name) → why it is not as in Flask."""


def where(module: str) -> tuple[types.ModuleType, types.ModuleType]:
    suffix = f".{module}" if module else ""
    return importlib.import_module(f"flask{suffix}"), importlib.import_module(f"bolthead{suffix}")


def home(value: t.Any) -> str:
    return str(getattr(value, "__module__", None) or "")


def is_flasks(value: t.Any) -> bool:
    return home(value).split(".")[0] == "flask"


def public(module: types.ModuleType, name: str) -> list[str]:
    """A module's own names, and those of Flask's that it passes on; not what it imports from others."""
    found = []
    for key, value in vars(module).items():
        if key.startswith("_") or isinstance(value, types.ModuleType):
            continue
        if inspect.isclass(value) or inspect.isroutine(value):
            if not is_flasks(value):
                continue
        elif key in {"annotations", "TYPE_CHECKING"}:
            continue
        found.append(key)
    return found + sorted(PRIVATE.get(name, ()))


def default(value: t.Any) -> t.Any:
    """A default in a form that the two frameworks can share."""
    if value is inspect.Parameter.empty:
        return "(required)"
    if type(value) is object:
        return "(sentinel)"
    if inspect.isclass(value) or inspect.isroutine(value):
        return f"{home(value).replace('flask', 'bolthead', 1)}.{value.__qualname__}"
    if is_flasks(type(value)) or home(type(value)).startswith("bolthead"):
        return type(value).__name__
    return value


def shape(function: t.Any) -> list[tuple[str, str, t.Any]] | None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    return [(p.name, p.kind.name, default(p.default)) for p in signature.parameters.values()]


def kind(cls: type, name: str) -> str:
    """What sort of attribute this is, as far as a user can tell."""
    value = inspect.getattr_static(cls, name)
    if type(value).__name__ == "_StockEnvironment":
        value = getattr(cls, name)  # Ours is imported when looked at.
    if isinstance(value, (staticmethod, classmethod)):
        return type(value).__name__
    if isinstance(value, property):
        return "property"
    if inspect.isroutine(value):
        return "method"
    if inspect.isclass(value):
        return "class"
    return type(value).__name__


NAMES = [
    (module, name) for module in MODULES for name in public(where(module)[0], module) if (module, name) not in EXCEPT
]


def test_the_list_is_not_empty() -> None:
    assert len(NAMES) > 250
    assert {name for module, name in NAMES if not module} >= {"Flask", "Blueprint", "request", "jsonify"}


@pytest.mark.parametrize(("module", "name"), NAMES, ids=[f"{m}:{n}" for m, n in NAMES])
def test_name(module: str, name: str) -> None:
    theirs, ours = where(module)
    wanted = getattr(theirs, name)
    found = getattr(ours, name)
    if inspect.isclass(wanted):
        assert inspect.isclass(found)
        assert found.__name__ == wanted.__name__
    elif inspect.isroutine(wanted):
        assert inspect.isroutine(found)
        assert shape(found) == shape(wanted)
        assert inspect.iscoroutinefunction(found) == inspect.iscoroutinefunction(wanted)


CLASSES = sorted(
    {
        (value.__module__.partition(".")[2], value.__name__)
        for module in MODULES
        for value in vars(where(module)[0]).values()
        if inspect.isclass(value) and is_flasks(value)
    }
)

# Attributes of the machinery of Python, not of Flask.
SKIPPED = {"__module__", "__doc__", "__dict__", "__weakref__", "__annotations__", "__parameters__"} | {
    "__orig_bases__", "__firstlineno__", "__static_attributes__", "__slotnames__", "__abstractmethods__",
    "_abc_impl", "__match_args__",
}  # fmt: skip


def members(cls: type) -> list[str]:
    """What Flask's classes in the MRO define; private names too, since subclasses override those as well."""
    return sorted({name for base in cls.__mro__ if is_flasks(base) for name in vars(base)} - SKIPPED)


MEMBERS = [
    (m, c, name) for m, c in CLASSES for name in members(getattr(where(m)[0], c)) if (m, f"{c}.{name}") not in EXCEPT
]


@pytest.mark.parametrize(("module", "cls", "name"), MEMBERS, ids=[f"{m}:{c}.{n}" for m, c, n in MEMBERS])
def test_member(module: str, cls: str, name: str) -> None:
    theirs, ours = where(module)
    wanted, found = getattr(theirs, cls), getattr(ours, cls)
    assert hasattr(found, name)
    assert kind(found, name) == kind(wanted, name)
    if kind(wanted, name) in {"method", "staticmethod", "classmethod"}:
        assert shape(getattr(found, name)) == shape(getattr(wanted, name))
    elif name != "__slots__" and isinstance(
        getattr(wanted, name), (str, int, bool, float, tuple, frozenset, type(None))
    ):
        assert getattr(found, name) == getattr(wanted, name)


@pytest.mark.parametrize(("module", "cls"), CLASSES, ids=[f"{m}:{c}" for m, c in CLASSES])
def test_constructor_and_bases(module: str, cls: str) -> None:
    theirs, ours = where(module)
    wanted, found = getattr(theirs, cls), getattr(ours, cls)
    assert shape(found) == shape(wanted)
    # Whatever a class of Flask is a subclass of, ours is: Flask's own classes by name, others in person.
    ours_by_name = {base.__name__ for base in found.__mro__}
    for base in wanted.__mro__:
        if is_flasks(base):
            assert base.__name__ in ours_by_name
        else:
            assert issubclass(found, base)


def live_objects(package: str) -> dict[str, t.Any]:
    import_module = importlib.import_module
    flask = import_module(package)
    app = flask.Flask("somewhere", root_path="/nowhere", instance_path="/nowhere/instance")
    blueprint = flask.Blueprint("part", "somewhere", root_path="/nowhere")
    return {
        "app": app,
        "blueprint": blueprint,
        "state": import_module(f"{package}.sansio.blueprints").BlueprintSetupState(blueprint, app, {}, True),
        "client": app.test_client(),
        "runner": app.test_cli_runner(),
        "config": app.config,
        "json": app.json,
        "script_info": import_module(f"{package}.cli").ScriptInfo(),
        "loader": app.create_global_jinja_loader(),
        "request_context": app.test_request_context(),
        "app_context": app.app_context(),
    }


@pytest.mark.parametrize("name", list(live_objects("flask")))
def test_instances_have_the_same_attributes(name: str) -> None:
    theirs, ours = live_objects("flask")[name], live_objects("bolthead")[name]
    wanted = {key: type(value).__name__ for key, value in vars(theirs).items() if ("ctx", key) not in EXCEPT}
    assert {key: type(getattr(ours, key)).__name__ for key in wanted if hasattr(ours, key)} == wanted


def test_default_config() -> None:
    import flask

    import bolthead

    assert dict(bolthead.Flask.default_config) == dict(flask.Flask.default_config)
    assert list(bolthead.Flask.default_config) == list(flask.Flask.default_config)


def test_command_line_options() -> None:
    """The commands take the options and arguments that Flask's take, with the same defaults."""
    import flask.cli

    import bolthead.cli

    for name in ("run_command", "shell_command", "routes_command"):
        theirs, ours = getattr(flask.cli, name), getattr(bolthead.cli, name)
        assert ours.name == theirs.name
        known = {param.name: param for param in ours.params}
        for param in theirs.params:
            assert known[param.name].opts == param.opts
            assert known[param.name].secondary_opts == param.secondary_opts
            assert type(known[param.name].type).__name__ == type(param.type).__name__
