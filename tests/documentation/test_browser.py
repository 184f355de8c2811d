"""The built pages in a real browser: examples that run in the page, accessibility, widths and colours."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from documentation.page import DOCS, pages

PAGES = [
    "index.html",
    "start/quickstart.html",
    "tutorial/step4.html",
    "guides/security.html",
    "patterns/index.html",
    "patterns/api.html",
    "decide/index.html",
    "big/several.html",
    "design.html",
    "performance.html",
    "deploying/proxy.html",
    "reference/configuration.html",
    "reference/cli.html",
    "reference/api/application.html",
    "reference/api/request.html",
    "project/faq.html",
    "404.html",
]
"""One of each kind. With ``BOLTHEAD_EVERY_PAGE=1`` in the environment all that there are, for a quarter of an hour."""
if os.environ.get("BOLTHEAD_EVERY_PAGE"):
    PAGES = [path.relative_to(DOCS).with_suffix(".html").as_posix() for path in pages()] + ["genindex.html"]

PREFIX = "/en/latest"


class Handler(SimpleHTTPRequestHandler):
    """Serves the pages below the prefix that the 404 page counts on."""

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix(PREFIX))

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}{PREFIX}"
    server.shutdown()
    thread.join()
    server.server_close()


RUN = """
(async () => {
  const box = document.querySelectorAll(".live-box")[%d];
  box.querySelector(".live-open").click();
  const until = async (test) => { while (!test()) await new Promise((done) => setTimeout(done, 50)); };
  const send = box.querySelector(".live-form button");
  await until(() => !send.disabled);
  const answer = () => [...box.querySelectorAll(".live-result > *")].map((part) => part.textContent);
  const first = answer();
  %s
  send.click();
  await until(() => !send.disabled);
  return [first, answer()];
})()
"""


@pytest.mark.parametrize(
    ("page", "change", "first", "second"),
    [
        (
            "index.html",
            "box.querySelectorAll('input')[0].value = '/hello/bob?times=3';",
            '{"hello":"ada","times":1}\n',
            '{"hello":"bob","times":3}\n',
        ),
        ("start/quickstart.html", "", '{"name":"Ada","visits":1}\n', '{"name":"Ada","visits":2}\n'),
        (
            "tutorial/step1.html",
            "const code = box.querySelector('textarea'); code.value = code.value.replace('empty', 'full');",
            "The shelf is empty.",
            "The shelf is full.",
        ),
    ],
)
def test_live_example(browser, address, page, change, first, second):
    browser.open(f"{address}/{page}")
    answers = browser.run(RUN % (0, change))
    assert [answer[0] for answer in answers] == ["200 OK", "200 OK"], answers
    assert [answer[-1] for answer in answers] == [first, second]


def test_live_example_fits_a_phone(browser, address):
    browser.open(f"{address}/start/quickstart.html", 360)
    browser.run(RUN % (0, ""))
    box = "[...document.querySelectorAll('.live-box, .live-box *')]"
    assert browser.run(f"Math.max(...{box}.map((part) => part.getBoundingClientRect().right))") <= 360


def test_live_example_with_an_error(browser, address):
    browser.open(f"{address}/index.html")
    change = "const code = box.querySelector('textarea'); code.value = code.value.replace('@app.get', '@ap.get');"
    [[error]] = [browser.run(RUN % (0, change))[1]]
    assert "NameError: name 'ap' is not defined" in error


def test_without_javascript_the_code_is_there(site):
    page = (site / "index.html").read_text()
    assert "request.args.get" in re.sub("<[^>]+>", "", page[page.index("live-box") :])


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_accessible(browser, address, width, scheme):
    found = []
    for page in PAGES:
        browser.open(f"{address}/{page}", width, scheme)
        found += [(page, *violation) for violation in browser.violations()]
    assert not found


@pytest.mark.parametrize("page", PAGES)
def test_fits_a_phone(browser, address, page):
    browser.open(f"{address}/{page}", 360)
    assert browser.run("document.documentElement.scrollWidth") <= 360


FIRST = {
    "login": "tutorial/step5",
    "database": "patterns/sqlalchemy",
    "csrf": "guides/security",
    "docker": "serving",
    "websocket": "guides/asgi",
    "cors": "patterns/api",
    "env": "guides/configuration",
    "port": "serving",
    "404": "guides/errors",
    "upload": "guides/uploads",
}
"""What a newcomer types, and the page that answers it: their entries in the index put it first."""


def test_search_puts_the_page_first(browser, address):
    found = {}
    for word in FIRST:
        browser.open(f"{address}/search.html?q={word}")
        link = browser.until("document.querySelector('ul.search > li > a')?.href")
        found[word] = link.removeprefix(f"{address}/").partition(".html")[0]
    assert found == FIRST
