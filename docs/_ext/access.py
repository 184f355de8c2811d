"""What the theme leaves to be done for readers without a mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def scroll_by_keyboard(app: Sphinx, name: str, template: str, context: dict[str, Any], tree: object) -> None:
    """Let blocks that may be wider than the page take the focus (WCAG 2.1.1)."""
    if "body" in context:
        body = context["body"].replace("<pre>", '<pre tabindex="0">')
        context["body"] = body.replace('<div class="table-wrapper', '<div tabindex="0" class="table-wrapper')


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("html-page-context", scroll_by_keyboard, priority=900)
    return {"parallel_read_safe": True}
