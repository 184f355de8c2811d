"""The template pages: what a site's pages do, with objects as a database layer gives them instead of dicts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .flasks import BUILDERS as BUILDERS
from .flasks import case


@dataclass
class Article:
    """A row of a table, as a mapped class has it."""

    id: int
    title: str
    author: str
    price: float
    stock: int
    tags: list[str] = field(default_factory=list)

    @property
    def slug(self) -> str:
        return self.title.lower().replace(" ", "-")

    def summary(self, length: int = 20) -> str:
        return self.title[:length]

    def is_new(self) -> bool:
        return self.id % 5 == 0


def articles(count: int) -> list[Article]:
    return [
        Article(n, f"Bolt <{n}> & nut", f"Author {n % 7}", n * 1.25, n % 4, ["steel", f"m{n}", "zinc & co"])
        for n in range(count)
    ]


@dataclass
class Field:
    """A form's field."""

    name: str
    label: str
    value: str
    required: bool
    errors: list[str]


@case("page-rows")
def rows(flask: Any, app: Any) -> None:
    render_template, rows = flask.render_template, articles(40)

    @app.get("/")
    def index() -> str:
        return render_template("pages/rows.html", rows=rows)  # type: ignore[no-any-return]


@case("page-include")
def include(flask: Any, app: Any) -> None:
    render_template, rows = flask.render_template, articles(20)

    @app.get("/")
    def index() -> str:
        return render_template("pages/include.html", rows=rows)  # type: ignore[no-any-return]

    @app.get("/show/<int:id>")
    def show(id: int) -> str:
        return str(id)


@case("page-form")
def form(flask: Any, app: Any) -> None:
    render_template = flask.render_template
    fields = [
        Field(f"field{n}", f"The {n}th field", f"value <{n}>", n % 2 == 0, [] if n % 4 else ["Is too short.", "Why?"])
        for n in range(12)
    ]

    @app.get("/")
    def index() -> str:
        flask.flash("Saved & done", "info")
        return render_template("pages/form.html", fields=fields)  # type: ignore[no-any-return]


@case("page-methods")
def methods(flask: Any, app: Any) -> None:
    render_template, g, rows = flask.render_template, flask.g, articles(30)
    app.config["SITE_NAME"] = "Nuts & bolts"

    @app.get("/")
    def index() -> str:
        g.currency = "EUR"
        return render_template("pages/methods.html", rows=rows)  # type: ignore[no-any-return]


@case("page-filters")
def filters(flask: Any, app: Any) -> None:
    render_template, rows = flask.render_template, articles(30)

    @app.get("/")
    def index() -> str:
        return render_template("pages/filters.html", rows=rows)  # type: ignore[no-any-return]
