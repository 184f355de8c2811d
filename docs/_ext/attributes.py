"""``{attributes} bolthead.Request``: a table whose first column names attributes of a class, for the index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_id

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class Attributes(SphinxDirective):
    """The table as it is written; ``name`` and ``name(...)`` in a row's first cell are targets of references."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        holder = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, holder)
        owner = self.arguments[0]
        for body in holder.findall(nodes.tbody):
            for row in body.findall(nodes.row):
                for literal in row[0].findall(nodes.literal):
                    self.add(owner, literal)
        return list(holder.children)

    def add(self, owner: str, literal: nodes.literal) -> None:
        name = literal.astext().partition("(")[0]
        if not name.isidentifier():
            return
        whole = f"{owner}.{name}"
        domain = self.env.domains.python_domain
        if whole in domain.objects:
            return
        target = make_id(self.env, self.state.document, "", whole)
        literal["ids"].append(target)
        domain.note_object(whole, "method" if "(" in literal.astext() else "attribute", target, location=literal)
        entry = ("single", f"{name} ({whole.rpartition('.')[0]} attribute)", target, "", None)
        literal.parent.insert(literal.parent.index(literal), addnodes.index(entries=[entry]))


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("attributes", Attributes)
    return {"parallel_read_safe": True}
