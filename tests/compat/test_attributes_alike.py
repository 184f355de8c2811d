"""Every attribute of what Flask's users hold in hand: read, set, deleted, copied and shown as on Flask.

`LISTED` and `DELETED` have what ``docs/as_flask.md`` lists, whose rows are tested by test_differences.py.
"""

from __future__ import annotations

import contextvars
import copy
import io
import itertools
import pickle
import re
import weakref
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder

from oracle import FRAMEWORKS, Framework
from samples import some

Make = Callable[[Framework], Any]


def site(fw: Framework) -> Any:
    app = fw.app()
    app.add_url_rule("/", "index", lambda: "x")
    app.add_url_rule("/u/<int:a>", "u", lambda a: "x")
    return app


def used_site(fw: Framework) -> Any:
    app = site(fw)
    app.test_client().get("/")
    assert app.jinja_env and app.logger
    return app


def part(fw: Framework, registered: bool = False) -> Any:
    made = fw.blueprint()
    made.add_url_rule("/", "index", lambda: "x")
    if registered:
        site(fw).register_blueprint(made)
    return made


def pushed(context: Any) -> Any:
    context.push()
    return context


def request(fw: Framework, used: bool = False, **options: Any) -> Any:
    made = site(fw).request_class(EnvironBuilder("/u/1?a=b", **options).get_environ())
    for name in ("args", "form", "files", "values", "cookies", "headers", "data", "method", "url", "host") * used:
        getattr(made, name)
    return made


def current(fw: Framework) -> Any:
    context = pushed(site(fw).test_request_context("/u/1?a=b", method="POST", data={"f": "g"}))
    return context.request


def seen(fw: Framework, of: str, path: str = "/") -> Any:
    """The response or session of a request to a view."""
    app, found = site(fw), []

    def note(answer: Any) -> Any:
        if of == "session":
            fw.session["a"] = 1
        found.append(answer if of == "response" else fw.session._get_current_object())
        return answer

    app.after_request(note)
    app.add_url_rule("/made", "made", lambda: fw.Response("x"))
    app.add_url_rule("/json", "json", lambda: {"a": 1})
    app.add_url_rule("/file", "file", lambda: fw.send_file(io.BytesIO(b"x"), "text/plain"))
    app.test_client().get(path)
    return found[0]


def state(fw: Framework) -> Any:
    found: list[Any] = []
    blueprint = part(fw)
    blueprint.record(found.append)
    site(fw).register_blueprint(blueprint)
    return found[0]


def rule(fw: Framework, bound: bool = False) -> Any:
    made = fw.Flask.url_rule_class("/a/<int:b>", endpoint="e", methods=["GET"])
    if bound:
        fw.Flask.url_map_class([made]).update()
    return made


def rules(fw: Framework) -> Any:
    return fw.Flask.url_map_class([rule(fw)])


def converter(fw: Framework, name: str, *args: str) -> Any:
    return rules(fw).converters[name](rules(fw), *args)


def namespace(fw: Framework) -> Any:
    made = fw.mod("ctx")._AppCtxGlobals()
    made.a = 1
    return made


MADE: dict[str, Make] = {
    "app": site,
    "used app": used_site,
    "blueprint": part,
    "registered blueprint": lambda fw: part(fw, registered=True),
    "setup state": state,
    "config": lambda fw: site(fw).config,
    "app context": lambda fw: site(fw).app_context(),
    "pushed app context": lambda fw: pushed(site(fw).app_context()),
    "request context": lambda fw: site(fw).test_request_context("/u/1"),
    "pushed request context": lambda fw: pushed(site(fw).test_request_context("/u/1")),
    "g": lambda fw: fw.mod("ctx")._AppCtxGlobals(),
    "used g": namespace,
    "request": request,
    "used request": lambda fw: request(fw, used=True),
    "request with a form": lambda fw: request(fw, method="POST", data={"f": "g"}),
    "used request with a form": lambda fw: request(fw, used=True, method="POST", data={"f": "g"}),
    "request with JSON": lambda fw: request(fw, method="POST", json={"f": "g"}),
    "current request": current,
    "response": lambda fw: fw.Response("x"),
    "empty response": lambda fw: fw.Response(),
    "streamed response": lambda fw: fw.Response(iter(["a"])),
    "response of a view": lambda fw: seen(fw, "response", "/made"),
    "response of a text": lambda fw: seen(fw, "response"),
    "response of a dict": lambda fw: seen(fw, "response", "/json"),
    "response of a file": lambda fw: seen(fw, "response", "/file"),
    "session": lambda fw: seen(fw, "session"),
    "new session": lambda fw: fw.mod("sessions").SecureCookieSession(),
    "null session": lambda fw: fw.mod("sessions").NullSession(),
    "session interface": lambda fw: fw.mod("sessions").SecureCookieSessionInterface(),
    "base of session interfaces": lambda fw: fw.mod("sessions").SessionInterface(),
    "rule": rule,
    "bound rule": lambda fw: rule(fw, bound=True),
    "map": rules,
    "empty map": lambda fw: fw.Flask.url_map_class(),
    "adapter": lambda fw: rules(fw).bind("host"),
    **{name: lambda fw, name=name: converter(fw, name) for name in ("default", "int", "float", "path", "uuid")},
    "any": lambda fw: converter(fw, "any", "a", "b"),
    "client": lambda fw: site(fw).test_client(),
    "used client": lambda fw: site(fw).test_client().get("/").request and site(fw).test_client(),
    "runner": lambda fw: site(fw).test_cli_runner(),
    "environ builder": lambda fw: fw.mod("testing").EnvironBuilder(site(fw)),
    "JSON provider": lambda fw: site(fw).json,
    "base of JSON providers": lambda fw: fw.mod("json.provider").JSONProvider(site(fw)),
    "tagger": lambda fw: fw.mod("json.tag").TaggedJSONSerializer(),
    "tag": lambda fw: fw.mod("json.tag").TagDict(fw.mod("json.tag").TaggedJSONSerializer()),
    "view": lambda fw: fw.mod("views").View(),
    "method view": lambda fw: fw.mod("views").MethodView(),
    "template environment": lambda fw: site(fw).jinja_env,
    "template loader": lambda fw: fw.mod("templating").DispatchingJinjaLoader(site(fw)),
    "group": lambda fw: site(fw).cli,
    "script info": lambda fw: fw.mod("cli").ScriptInfo(),
}

OPERATIONS: dict[str, Callable[[Any], Any]] = {
    "repr": repr,
    "str": str,
    "format": lambda one: format(one, ">5"),
    "bool": bool,
    "len": len,
    "hash": lambda one: type(hash(one)),
    "iter": lambda one: [shown(item) for item in itertools.islice(one, 3)],
    "in": lambda one: "a" in one,
    "5 in": lambda one: 5 in one,
    "[]": lambda one: one["a"],
    "[] =": lambda one: one.__setitem__("a", 1),
    "del []": lambda one: one.__delitem__("a"),
    "==": lambda one: one == copy.copy(one),
    "<": lambda one: one < one,
    "+": lambda one: one + one,
    "copy": lambda one: (shown(copy.copy(one)), repr(copy.copy(one))),
    "deepcopy": lambda one: (shown(copy.deepcopy(one)), repr(copy.deepcopy(one))),
    "pickle": lambda one: (shown(pickle.loads(pickle.dumps(one))), repr(pickle.loads(pickle.dumps(one)))),
    "weakref": lambda one: type(weakref.ref(one)),
}
SEQUENCES = ["get get dir", "set get", "set vars", "vset get"]
DELETING = ["del get", "set get del get hasattr", "get del get del set get", "vset vdel get"]

RECORDS = {"app context", "pushed app context", "request context", "pushed request context", "adapter"}
ROUTING = {"rule", "bound rule", "map", "empty map"}
"""What ``docs/as_flask.md`` says of all attributes of these: not in `vars`, not deleted."""
DELETED = {"cli", "direct_passthrough"}


def is_request(kind: str) -> bool:
    return "request" in kind and "context" not in kind


def is_listed(kind: str, name: str, sequence: str) -> bool:
    if name.startswith("_") and (kind in ROUTING or sequence != SEQUENCES[0] or name == "_on_close"):
        return True
    if sequence in DELETING:
        return kind in RECORDS | ROUTING or is_request(kind) or name in DELETED
    return sequence in ("set vars", "vset get") and (kind in RECORDS | ROUTING or is_request(kind))


def shown(value: Any) -> str:
    if isinstance(value, tuple):
        return str([shown(item) for item in value])
    if value is None or isinstance(value, str):
        # Classes say where they are defined.
        return re.sub(r"<[\w.]+\.(\w+) object", r"<\1 object", repr(value))
    if isinstance(value, bytes | int | float) or (value in ([], {}) and not isinstance(value, defaultdict)):
        return repr(value)
    # A body's stream is Werkzeug's, overridden.
    return type(value).__name__.replace("BodyStream", "LimitedStream")


STEPS: dict[str, Callable[[Any, str], Any]] = {
    "get": getattr,
    "set": lambda one, name: setattr(one, name, True),
    "del": delattr,
    "hasattr": hasattr,
    "dir": lambda one, name: name in dir(one),
    "vars": lambda one, name: name in vars(one),
    "vset": lambda one, name: vars(one).__setitem__(name, 5),
    "vdel": lambda one, name: vars(one).__delitem__(name),
}


def told(fw: Framework, function: Callable[..., Any], *args: Any) -> str:
    try:
        return fw.plain(shown(function(*args)))
    except Exception as error:
        return fw.plain(f"{type(error).__name__}: {error}")


def outcome(fw: Framework, kind: str, steps: list[Callable[[Any], Any]]) -> list[str]:
    def run() -> list[str]:
        one = MADE[kind](fw)
        return [told(fw, step, one) for step in steps]

    return contextvars.copy_context().run(run)


def names(kind: str) -> Iterator[str]:
    """The attributes that Flask has."""
    for name in dir(contextvars.copy_context().run(MADE[kind], FRAMEWORKS[0])):
        if not name.startswith("__"):
            yield name


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", MADE)
def test_attributes(kind: str) -> None:
    differing = []
    for name in names(kind):
        for sequence in some(SEQUENCES + DELETING, kind, name):
            if is_listed(kind, name, sequence):
                continue
            steps = [lambda one, step=step, name=name: STEPS[step](one, name) for step in sequence.split()]
            theirs, ours = (outcome(fw, kind, steps) for fw in FRAMEWORKS)
            if theirs != ours:
                differing.append((name, sequence, theirs, ours))
    assert differing == []


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", MADE)
def test_operations(kind: str) -> None:
    for name, operation in OPERATIONS.items():
        if name == "pickle" and "session" in kind and "interface" not in kind:
            # Refused by Flask, since an attribute is a function in a function.
            continue
        theirs, ours = (outcome(fw, kind, [operation]) for fw in FRAMEWORKS)
        if "<locals>" in theirs[0]:
            # Which function of the insides is refused by `pickle`.
            theirs, ours = ([text.partition("'")[0] for text in texts] for texts in (theirs, ours))
        assert ours == theirs, name
