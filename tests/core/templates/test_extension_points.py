"""An application that replaces a part of Jinja gets Jinja's own way, as on Flask, at any time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jinja2
import pytest
from jinja2 import DictLoader, FileSystemBytecodeCache, Template
from jinja2.compiler import CodeGenerator
from jinja2.nativetypes import NativeEnvironment
from jinja2.runtime import Context, Macro
from jinja2.sandbox import SandboxedEnvironment

from oracle import Framework, alike, both

PAGE = (
    "{% from 'lib' import mac %}{{ obj.a }}{{ obj['b'] }}{{ shout('x<') }}{{ mac(1, y=obj.a) }}{% include 'part' %}"
    "{% for x in [1, 2] %}{{ loop.index }}{{ x }}{% endfor %}{{ words|join(', ') }}{{ 'a<'|upper|e }}{{ none }}"
)
TEMPLATES = {"page": PAGE, "lib": "{% macro mac(x, y=2) %}[{{ x }}{{ y.a }}]{% endmacro %}", "part": "({{ obj.a }})"}


def application(fw: Framework, **attributes: Any) -> Any:
    app = fw.app()
    for name, value in attributes.items():
        setattr(app, name, value)
    app.jinja_loader = DictLoader(TEMPLATES)
    app.jinja_env.autoescape = True
    return app


def page(fw: Framework, app: Any) -> Any:
    data = {"obj": {"a": "<a>", "b": 2}, "shout": lambda x: x + "!", "words": ["p", "<q>"]}
    with app.app_context():
        try:
            return fw.render_template("page", **data), "".join(fw.stream_template("page", **data))
        except Exception as error:
            return type(error).__name__, str(error)


def own_class(fw: Framework, *bases: type, **attributes: Any) -> Any:
    environment = fw.mod("templating").Environment
    app = fw.app()
    app.jinja_environment = type("Environment", (*bases, environment), attributes)
    return application_of(app)


def application_of(app: Any) -> Any:
    app.jinja_loader = DictLoader(TEMPLATES)
    app.jinja_env.autoescape = True
    return app


class OwnContext(Context):
    def resolve_or_missing(self, key: str) -> Any:
        return "own" if key == "none" else super().resolve_or_missing(key)

    def call(self, obj: Any, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        return f"called {super().call(obj, *args, **kwargs)}"


class OwnTemplate(Template):
    def new_context(self, vars: Any = None, shared: bool = False, locals: Any = None) -> Context:
        return super().new_context({**(vars or {}), "none": f"new {shared}"}, shared, locals)


class OwnGenerator(CodeGenerator):
    def visit_Const(self, node: Any, frame: Any) -> None:
        self.write("'const'" if node.value == "x<" else repr(node.value))


CLASSES: dict[str, Callable[[Framework], Any]] = {
    "getattr": lambda fw: own_class(fw, getattr=lambda self, obj, name: f"own {name}"),
    "getitem": lambda fw: own_class(fw, getitem=lambda self, obj, name: f"own {name}"),
    "context_class": lambda fw: own_class(fw, context_class=OwnContext),
    "template_class": lambda fw: own_class(fw, template_class=OwnTemplate),
    "code_generator_class": lambda fw: own_class(fw, code_generator_class=OwnGenerator),
    "concat": lambda fw: own_class(fw, concat=staticmethod(lambda parts: "|".join(map(str, parts)))),
    "join_path": lambda fw: own_class(fw, join_path=lambda self, name, parent: "part"),
    "get_template": lambda fw: own_class(
        fw, get_template=lambda self, *a: self.from_string("{% macro mac() %}m{% endmacro %}i")
    ),
    "sandbox first": lambda fw: own_class(fw, SandboxedEnvironment),
    "native first": lambda fw: own_class(fw, NativeEnvironment),
    "sandbox last": lambda fw: last(fw, SandboxedEnvironment),
    "native last": lambda fw: last(fw, NativeEnvironment),
}


def last(fw: Framework, base: type) -> Any:
    app = fw.app()
    app.jinja_environment = type("Environment", (fw.mod("templating").Environment, base), {})
    return application_of(app)


@pytest.mark.parametrize("name", CLASSES)
def test_own_classes(name: str) -> None:
    both(lambda fw: page(fw, CLASSES[name](fw)))


@pytest.mark.parametrize("order", ["first", "last"])
def test_the_sandbox_holds(order: str) -> None:
    """Whichever base comes first."""

    def scenario(fw: Framework) -> Any:
        app = CLASSES[f"sandbox {order}"](fw)
        found = []
        with app.app_context():
            for source in (
                "{{ f.__globals__ }}",
                "{{ f.__class__.__mro__ }}",
                "{{ '{0.__class__}'.format(f) }}",
                "{{ f() }}",
            ):
                found.append(fw.error(fw.render_template_string, source + "{{ 1 / 0 }}", f=unsafe))
        return found

    both(scenario)


def unsafe() -> str:
    return "called"


unsafe.unsafe_callable = True  # type: ignore[attr-defined]


def is_none(value: Any) -> Any:
    return "-" if value is None else value


KEPT_BY_MACROS = ("getattr", "getitem", "call", "resolve")
"""The macros of an import that was made before keep the look-ups of that time. This alone is not as on Flask."""

INSTANCE: dict[str, Callable[[Any], None]] = {
    "getattr": lambda env: setattr(env, "getattr", lambda obj, name: f"own {name}"),
    "getitem": lambda env: setattr(env, "getitem", lambda obj, name: f"own {name}"),
    "context_class": lambda env: setattr(env, "context_class", OwnContext),
    "template_class": lambda env: setattr(env, "template_class", OwnTemplate),
    "code_generator_class": lambda env: setattr(env, "code_generator_class", OwnGenerator),
    "undefined": lambda env: setattr(env, "undefined", jinja2.StrictUndefined),
    "finalize": lambda env: setattr(env, "finalize", is_none),
    "filters": lambda env: env.filters.update(upper=lambda s: "own", join=lambda s, d: "own join", e=lambda s: "own e"),
    "globals": lambda env: env.globals.update(none="global", obj="shadowed"),
    "tests": lambda env: env.tests.update(none=lambda value: True),
    "extensions": lambda env: env.add_extension("jinja2.ext.do"),
    "autoescape": lambda env: setattr(env, "autoescape", lambda name: name == "lib"),
    "join_path": lambda env: setattr(env, "join_path", lambda name, parent: name),
    "get_template": lambda env: setattr(env, "get_template", lambda name, parent=None: env._load_template(name, None)),
    "cache": lambda env: setattr(env, "cache", None),
}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("name", INSTANCE)
def test_set_on_the_environment(name: str, when: str) -> None:
    def scenario(fw: Framework) -> Any:
        app = application(fw)
        found = [page(fw, app)] if when == "after" else []
        INSTANCE[name](app.jinja_env)
        if name in KEPT_BY_MACROS:
            app.jinja_env.cache = None
        found.append(page(fw, app))
        app.jinja_env.cache = None
        return [*found, page(fw, app)]

    both(scenario)


PATCHES: dict[str, tuple[type, str, Callable[[Any], Any]]] = {
    "getattr": (jinja2.Environment, "getattr", lambda old: lambda self, obj, name: f"patched {name}"),
    "getitem": (jinja2.Environment, "getitem", lambda old: lambda self, obj, name: f"patched {name}"),
    "call": (Context, "call", lambda old: lambda self, obj, *a, **k: f"<patched {old(self, obj, *a, **k)}>"),
    "resolve": (
        Context,
        "resolve_or_missing",
        lambda old: lambda self, key: old(self, key) if key != "none" else "patched",
    ),
    "render": (Template, "render", lambda old: lambda self, *a, **k: f"patched {old(self, *a, **k)}"),
    "new_context": (
        Template,
        "new_context",
        lambda old: lambda self, vars=None, *a: old(self, {**vars, "none": 1}, *a),
    ),
    "_load_template": (jinja2.Environment, "_load_template", lambda old: lambda self, *a: noted(self, old(self, *a))),
    "get_template": (jinja2.Environment, "get_template", lambda old: lambda self, *a: noted(self, old(self, *a))),
    "macro": (Macro, "__call__", lambda old: jinja2.pass_eval_context(lambda self, *a, **k: f"<patched {len(a)}>")),
}


def noted(environment: Any, template: Any) -> Any:
    environment.globals["none"] = f"{environment.globals.get('none', '')} {template.name}"
    return template


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("name", PATCHES)
def test_patches_of_jinjas_classes(name: str, when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As monitoring tools and tests patch them; a patch that is undone counts too."""
    owner, attribute, replace = PATCHES[name]

    def scenario(fw: Framework) -> Any:
        app = application(fw)
        found = [page(fw, app)] if when == "after" else []
        if name in KEPT_BY_MACROS:
            app.jinja_env.cache = None
        with monkeypatch.context() as patch:
            patch.setattr(owner, attribute, replace(getattr(owner, attribute)))
            found.append(page(fw, app))
        app.jinja_env.cache = None
        return [*found, page(fw, app)]

    both(scenario)


@alike
def test_overlays(fw: Framework) -> Any:
    app = application(fw)
    overlay = app.jinja_env.overlay(undefined=jinja2.StrictUndefined, block_start_string="[%", block_end_string="%]")
    found = [overlay.from_string("[% if 1 %]{{ {}.a.b }}[% endif %]"), overlay.from_string("{{ x.y }}|{{ x['<'] }}")]
    sandbox = SandboxedEnvironment().overlay(autoescape=True)
    return [
        fw.error(found[0].render),
        found[1].render(x={"y": "<", "<": 1}),
        fw.error(found[1].render),
        sandbox.from_string("{{ x.__class__ }}").render(x=1),
        type(overlay).__mro__[1] is jinja2.Environment,
    ]


def test_a_bytecode_cache_holds_jinjas_code(tmp_path: Any) -> None:
    """It may be read by a process without bolthead, or with another version of it."""

    def scenario(fw: Framework) -> Any:
        app = application(fw)
        app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(tmp_path))
        found = page(fw, app)
        assert not any(b"bolthead" in path.read_bytes() for path in tmp_path.iterdir())
        return found, len(list(tmp_path.iterdir()))

    both(scenario)


def test_compiled_templates_are_jinjas(tmp_path: Any) -> None:
    def scenario(fw: Framework) -> Any:
        app = application(fw)
        target = tmp_path / fw.package
        app.jinja_env.compile_templates(target, zip=None)
        assert not any("bolthead" in path.read_text() for path in target.iterdir())
        app.jinja_env.loader = jinja2.ModuleLoader(target)
        return page(fw, app)

    both(scenario)


@alike
def test_async_mode(fw: Framework) -> Any:
    app = fw.app()
    app.jinja_options = {"enable_async": True}
    return page(fw, application_of(app))


@alike
def test_the_classes_are_jinjas(fw: Framework) -> Any:
    environment = fw.mod("templating").Environment
    names = ("code_generator_class", "context_class", "template_class", "getattr", "getitem", "concat")
    return [getattr(environment, name) is getattr(jinja2.Environment, name) for name in names]


def test_a_stock_environment_does_not_go_jinjas_way() -> None:
    """Or the tests above would compare Jinja with itself."""
    ours = Framework("bolthead")
    app = application(ours)
    source = app.jinja_env.compile(PAGE, raw=True)
    assert "from bolthead._core.templates" in source and "environment.getattr" not in source
    with app.app_context():
        context = app.jinja_env.from_string("").new_context({})
    steps = ours.mod("_core.templates.shortcuts")
    assert steps.steps(app.jinja_env, context)[0] is ours.mod("_core.templates.calls").attribute
