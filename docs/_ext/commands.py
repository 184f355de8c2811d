"""``{command}``: the options of a command of ``bolthead``, read from the command itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def find(name: str) -> click.Command:
    """``""`` for ``bolthead`` itself, or one of its commands."""
    from bolthead.cli import cli

    return cli.commands[name] if name else cli


def prose(text: str) -> nodes.paragraph:
    """The text as a paragraph: what it quotes, and each option, is code."""
    paragraph = nodes.paragraph()
    for part in re.split(r"((?<!\w)'[^']+'(?!\w)|--[\w-]+)", text):
        quoted = part.startswith(("'", "--"))
        paragraph += nodes.literal("", part.strip("'")) if quoted else nodes.Text(part)
    return paragraph


class Command(SphinxDirective):
    """The help of one command: its text, and a definition for each option."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0] if self.arguments else ""
        command = find(name)
        context = click.Context(command, info_name=f"bolthead {name}".strip())
        usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
        options = nodes.definition_list()
        for parameter in command.get_params(context):
            record = parameter.get_help_record(context)
            if record is not None:
                term = nodes.term("", "", nodes.literal("", record[0]))
                definition = nodes.definition("", prose(record[1]))
                options += nodes.definition_list_item("", term, definition)
        text = " ".join((command.help or "").replace("\b", "").split())
        return [nodes.literal_block(usage, usage, language="text"), prose(text), options]


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("command", Command)
    return {"parallel_read_safe": True}
