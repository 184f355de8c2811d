"""The applications: where they come from, their pages, and how each is set up. Imports none of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..cases.asks import Ask

KINDS = {"thin": "Thin endpoints", "page": "Template pages", "database": "Pages from a database"}


@dataclass(frozen=True)
class Page:
    """One page of an application; *kind* is what most of its work is."""

    title: str
    kind: str
    ask: Ask
    served: bool = True
    """Whether it is measured through servers as well."""


@dataclass(frozen=True)
class Site:
    """An application from the package index: what installs it, and its pages."""

    key: str
    requirement: str
    pages: list[Page] = field(default_factory=list)

    @property
    def package(self) -> str:
        return self.requirement.partition("==")[0]


FORM = "application/x-www-form-urlencoded"

SITES = [
    Site(
        "functions",
        "functions-framework==3.10.2",
        [Page("a function that answers JSON", "thin", Ask("/"))],
    ),
    Site(
        "httpbin",
        "httpbin==0.10.4",
        [
            Page("`/get`", "thin", Ask("/get", query="a=1&b=2")),
            Page("`/anything`, a form", "thin", Ask("/anything", "POST", content_type=FORM, body=b"a=1&b=2"), False),
            Page("`/status/204`", "thin", Ask("/status/204"), False),
            Page("`/forms/post`", "page", Ask("/forms/post")),
        ],
    ),
    Site(
        "fava",
        "fava==1.30.16",
        [
            Page("`api/changed`", "thin", Ask("/books/api/changed")),
            Page("`api/payee_accounts`", "thin", Ask("/books/api/payee_accounts", query="payee=Shop+3"), False),
            Page("a style sheet", "thin", Ask("/static/app.css")),
            Page("the help page", "page", Ask("/books/help/features")),
            Page("the income statement", "page", Ask("/books/income_statement/"), False),
        ],
    ),
    Site(
        "ihatemoney",
        "ihatemoney==7.2.1",
        [
            Page("`/healthcheck`", "thin", Ask("/healthcheck"), False),
            Page("the start page", "page", Ask("/")),
            Page("the list of bills", "database", Ask("/demo/")),
            Page("the statistics", "database", Ask("/demo/statistics"), False),
        ],
    ),
]
BY_KEY = {site.key: site for site in SITES}


def functions(folder: Path) -> Any:
    from functions_framework import create_app  # type: ignore[import-not-found]

    source = folder / "main.py"
    source.write_text("def hello(request):\n    return {'hello': request.args.get('name', 'world')}\n")
    return create_app(target="hello", source=str(source))


def httpbin(folder: Path) -> Any:
    from httpbin import app  # type: ignore[import-not-found]

    return app


def fava(folder: Path) -> Any:
    """A ledger of 600 transactions over five years."""
    from fava.application import create_app  # type: ignore[import-not-found]

    books = folder / "books.beancount"
    lines = ['option "title" "Books"', 'option "operating_currency" "EUR"', "2019-01-01 open Assets:Bank"]
    lines += [f"2019-01-01 open Expenses:Kind{number}" for number in range(12)]
    for number in range(600):
        day = f"{2020 + number // 120}-{number // 10 % 12 + 1:02}-{number % 10 * 2 + 1:02}"
        lines.append(f'{day} * "Shop {number % 40}" "Goods {number}"')
        lines.append(f"  Expenses:Kind{number % 12}  {number % 90 + 1}.50 EUR\n  Assets:Bank")
    if not books.exists():
        books.write_text("\n".join(lines) + "\n")
    return create_app([books], load=True)


def ihatemoney(folder: Path) -> Any:
    """Its demonstration project, in SQLite."""
    from ihatemoney.run import create_app  # type: ignore[import-not-found]

    class Settings:
        SQLALCHEMY_DATABASE_URI = f"sqlite:///{folder / 'money.sqlite'}"
        SECRET_KEY = "not for production"

    app = create_app(Settings, instance_path=str(folder))
    app.test_client().get("/demo")
    return app


BUILDERS = {"functions": functions, "httpbin": httpbin, "fava": fava, "ihatemoney": ihatemoney}


def application(key: str, folder: Path) -> Any:
    """Build the application; *folder* is its own, and may have been used by an earlier process."""
    return BUILDERS[key](folder)
