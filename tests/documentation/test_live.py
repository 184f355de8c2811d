"""``docs/examples/live``: its own tests, and the application in a browser, over ASGI and over WSGI."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from documentation.browser import Browser
from documentation.page import DOCS
from serving import Server

LIVE = DOCS / "examples" / "live"


def test_its_own_tests() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "pyproject.toml", "."]
    done = subprocess.run(command, cwd=LIVE, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


@pytest.fixture(params=["--asgi", "--wsgi"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path, str(LIVE / "live"), request.param, "--workers", "1", env={"LIVE_STEP": "0.01"})
    yield server
    server.close()


def log_in(browser: Browser, address: str, name: str) -> None:
    browser.call("Network.clearBrowserCookies")
    browser.open(f"{address}/login")
    browser.run(f"document.querySelector('[name=name]').value = '{name}'")
    browser.run("document.querySelector('main form').requestSubmit()")
    browser.until("location.pathname === '/' && document.readyState === 'complete'")


SOCKETS = """
window.sockets = [];
window.WebSocket = class extends WebSocket {
  constructor(address) {
    super(address);
    sockets.push(this);
  }
};
"""
"""Gives the test a hand on the page's websockets."""
SAY = """
(() => {
  const form = document.querySelector("#say");
  form.elements.text.value = "%s";
  form.requestSubmit();
})()
"""
SAID = "[...document.querySelectorAll('#log article p')].map((text) => text.textContent).join()"
STATE = "document.querySelector('.report .state')?.textContent"


@pytest.mark.parametrize("server", ["--asgi"], indirect=True)
def test_messages_and_reports_move(browser: Browser, server: Server) -> None:
    script = browser.call("Page.addScriptToEvaluateOnNewDocument", source=SOCKETS)
    log_in(browser, f"http://127.0.0.1:{server.port}", "Ada")
    browser.until("document.querySelector('#connection').dataset.state === 'on'")
    browser.run("window.same = true")
    browser.run(SAY % "Tea?")
    browser.until(f"{SAID} === 'Tea?'")
    # A second window: what is said there by an ordinary form comes here.
    browser.run("fetch('/', {method: 'POST', body: new URLSearchParams({text: 'Yes <b>please</b>'})})")
    browser.until(f"{SAID} === 'Tea?,Yes <b>please</b>'")
    assert browser.run("window.same"), "the page was loaded again"

    browser.run("sockets.at(-1).close()")
    browser.run("fetch('/', {method: 'POST', body: new URLSearchParams({text: 'missed'})})")
    browser.until(f"{SAID} === 'Tea?,Yes <b>please</b>,missed'")
    browser.until("sockets.length === 2 && document.querySelector('#connection').dataset.state === 'on'")

    browser.run("document.querySelector('[action$=reports]').requestSubmit()")
    browser.until(f"{STATE} === 'Ada: 4'")
    assert browser.run("document.querySelector('progress').value") == 100

    browser.run("window.same = true")
    browser.run("document.querySelector('[action$=logout]').requestSubmit()")
    browser.until("location.pathname === '/login' && !window.same")
    browser.call("Page.removeScriptToEvaluateOnNewDocument", **script)


def test_over_wsgi_it_says_so(browser: Browser, server: Server) -> None:
    address = f"http://127.0.0.1:{server.port}"
    log_in(browser, address, "Ada")
    over_wsgi = "Served over WSGI" in browser.run("document.querySelector('main').innerText")
    assert over_wsgi == (browser.run("document.querySelector('#connection')") is None)
    # Before the websocket is open, the form is an ordinary one.
    browser.until("document.querySelector('#connection')?.dataset.state !== 'wait'")
    browser.run("window.same = true")
    browser.run(SAY % "Tea?")
    browser.until(f"{SAID} === 'Tea?'")
    assert browser.run("window.same") == (None if over_wsgi else True)
    browser.run("document.querySelector('[action$=reports]').requestSubmit()")
    browser.until(f"{STATE} === 'Ada: 1'")


def test_it_is_accessible_and_fits_a_phone(browser: Browser, server: Server) -> None:
    address = f"http://127.0.0.1:{server.port}"
    log_in(browser, address, "Ada")
    browser.run(SAY % ("long" * 50))
    browser.until(f"{SAID} === '{'long' * 50}'")
    pages = [("/", "light", 1280), ("/", "dark", 360), ("/login", "dark", 1280), ("/nowhere", "light", 360)]
    for path, scheme, width in pages:
        browser.open(address + path, width, scheme)
        assert browser.violations() == [], (path, scheme, width)
        assert browser.run("document.documentElement.scrollWidth") <= width
