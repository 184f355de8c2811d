"""Templates as Python code that calls `runtime` and `rendering` instead of Jinja's methods.

Used only where an application overrides none of those methods; otherwise Jinja's generator is.
"""

from __future__ import annotations

from typing import Any

import jinja2.runtime
import markupsafe
from jinja2 import Environment, nodes
from jinja2.compiler import CodeGenerator, DependencyFinderVisitor, Frame, optimizeconst
from jinja2.idtracking import VAR_LOAD_RESOLVE

from .filters import REPLACED
from .shortcuts import is_stock

PACKAGE = __name__.rpartition(".")[0]
IMPORTS = (
    f"from {PACKAGE}.calls import text",
    f"from {PACKAGE}.filters import replaced",
    f"from {PACKAGE}.shortcuts import steps",
)
STEPS = "attribute, item, call, resolve, resolve_all, get_template, included, default_module"


def is_fit(environment: Environment, defer_init: bool) -> bool:
    """Whether the templates of *environment* may be compiled by `LeanCodeGenerator`.

    Not where the code outlives the process (a bytecode cache, `compile_templates`), nor in the sandbox, in async mode,
    or with a code generator, look-ups, calls, escaping or joining of the application's own.
    """
    return (
        environment.code_generator_class is CodeGenerator
        and not environment.sandboxed
        and not environment.is_async
        and not defer_init
        and environment.bytecode_cache is None
        and environment.concat is Environment.concat
        and vars(jinja2.runtime)["escape"] is markupsafe.escape
        and is_stock(environment)
    )


class LeanCodeGenerator(CodeGenerator):
    """Jinja's generator, with other code for attributes, items, calls, names, output, includes and imports."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:
        for line in IMPORTS:
            self.writeline(line)
        super().visit_Template(node, frame)

    def write_commons(self) -> None:
        self.writeline(f"{STEPS} = steps(environment, context)")
        self.writeline("undefined, concat = environment.undefined, environment.concat")
        self.writeline("cond_expr_undefined = Undefined")
        # A generator, even without output.
        self.writeline("if 0: yield None")

    def enter_frame(self, frame: Frame) -> None:
        loads = frame.symbols.loads
        names = {target: name for target, (action, name) in loads.items() if action == VAR_LOAD_RESOLVE}
        if not names or self.get_resolve_func() != "resolve":
            super().enter_frame(frame)
            return
        # FAST (page-methods): the context's dictionaries are found once for all names.
        function = "resolve" if len(names) == 1 else "resolve_all"
        self.writeline(f"{', '.join(names)} = {function}(context, {', '.join(map(repr, names.values()))})")
        frame.symbols.loads = {target: load for target, load in loads.items() if target not in names}
        super().enter_frame(frame)
        frame.symbols.loads = loads

    def pull_dependencies(self, nodes: Any) -> None:
        nodes = list(nodes)
        super().pull_dependencies(nodes)
        found = DependencyFinderVisitor()
        for node in nodes:
            found.visit(node)
        for name in sorted(found.filters & REPLACED):
            self.writeline(f"{self.filters[name]} = replaced({self.filters[name]})")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("text(" if finalize.src is None else f"text({finalize.src}")

    @optimizeconst
    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:
        self.write("attribute(environment, ")
        self.visit(node.node, frame)
        self.write(f", {node.attr!r})")

    @optimizeconst
    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:
        if isinstance(node.arg, nodes.Slice):
            self.visit(node.node, frame)
            self.write("[")
            self.visit(node.arg, frame)
            self.write("]")
            return
        self.write("item(environment, ")
        self.visit(node.node, frame)
        self.write(", ")
        self.visit(node.arg, frame)
        self.write(")")

    @optimizeconst
    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:
        self.write("call(context, ")
        self.visit(node.node, frame)
        self.write(", _loop_vars" if frame.loop_frame else ", None")
        self.write(", _block_vars" if frame.block_frame else ", None")
        self.signature(node, frame, {"caller": "caller"} if forward_caller else None)
        self.write(")")

    def visit_Include(self, node: nodes.Include, frame: Frame) -> None:
        is_name = isinstance(node.template, nodes.Const) and isinstance(node.template.value, str)
        if not is_name or not node.with_context:
            super().visit_Include(node, frame)
            return
        if node.ignore_missing:
            self.writeline("try:")
            self.indent()
        self.writeline("template = get_template(environment, ", node)
        self.visit(node.template, frame)
        self.write(f", {self.name!r})")
        if node.ignore_missing:
            self.outdent()
            self.writeline("except TemplateNotFound: pass")
            self.writeline("else:")
            self.indent()
        pieces = f"included(template, context, {self.dump_local_context(frame)})"
        self.writeline(f"yield from {pieces}" if frame.buffer is None else f"{frame.buffer}.extend({pieces})")
        if node.ignore_missing:
            self.outdent()

    def _import_common(self, node: nodes.Import | nodes.FromImport, frame: Frame) -> None:
        if node.with_context:
            super()._import_common(node, frame)
            return
        self.write("default_module(get_template(environment, ")
        self.visit(node.template, frame)
        self.write(f", {self.name!r}), context)")


def generate(environment: Any, source: nodes.Template, name: str | None, filename: str | None) -> str:
    """The Python code of a parsed template."""
    generator = LeanCodeGenerator(environment, name, filename, optimized=environment.optimized)
    generator.visit(source)
    return generator.stream.getvalue()  # type: ignore[attr-defined, no-any-return]
