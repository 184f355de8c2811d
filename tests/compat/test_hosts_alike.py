"""Hosts, subdomains and coroutine functions, on Flask and here."""

from __future__ import annotations

import asyncio
import itertools
import re
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from markupsafe import Markup
from werkzeug.test import EnvironBuilder, run_wsgi_app

from oracle import Framework, alike, both, shown, without_the_hint

CONFIGS: list[dict[str, Any]] = [
    {},
    {"SERVER_NAME": "site.test"},
    {"SERVER_NAME": "site.test:8080"},
    {"TRUSTED_HOSTS": ["site.test", ".site.test"]},
    {"TRUSTED_HOSTS": ["other.test"], "SERVER_NAME": "site.test"},
    {"TRUSTED_HOSTS": []},
    {"SERVER_NAME": "site.test", "PREFERRED_URL_SCHEME": "https", "APPLICATION_ROOT": "/root"},
]
BASES = ["http://site.test/", "http://sub.site.test/", "http://site.test:8080/", "https://other.test/root"]
BASES += ["http://localhost/", "http://deep.sub.site.test/", "http://SITE.test/", "http://[::1]:80/"]
MATCHING: list[dict[str, Any]] = [
    {},
    {"subdomain_matching": True},
    {"host_matching": True, "static_host": "site.test"},
]


def with_hosts(fw: Framework, config: dict[str, Any], matching: dict[str, Any]) -> Any:
    app = fw.app(**matching)
    app.config.update(config)

    def view(**values: Any) -> Any:
        urls = [fw.url_for("home"), fw.url_for("home", _external=True), fw.url_for("home", _scheme="https")]
        return {"endpoint": fw.request.endpoint, "values": values, "host": fw.request.host, "urls": urls}

    if "host_matching" in matching:
        app.add_url_rule("/", "home", view, host="site.test")
        app.add_url_rule("/", "any", view, host="<name>.site.test")
        app.add_url_rule("/s/", "slash", view, host="site.test")
        app.add_url_rule("/only", "only", view, host="other.test")
    else:
        app.add_url_rule("/", "home", view)
        app.add_url_rule("/s/", "slash", view)
        app.add_url_rule("/only", "only", view, subdomain="sub")
        app.add_url_rule("/", "any", view, subdomain="<name>")
        app.add_url_rule("/both", "both", view, subdomain="sub")
        app.add_url_rule("/both", "both2", view)
    return app


@pytest.mark.parametrize("config", CONFIGS, ids=str)
@pytest.mark.parametrize("matching", MATCHING, ids=str)
def test_hosts(config: dict[str, Any], matching: dict[str, Any]) -> None:
    def scenario(fw: Framework) -> Any:
        app = with_hosts(fw, config, matching)
        client = app.test_client()
        found = []
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            for base, path in itertools.product(BASES, ("/", "/s", "/only", "/both", "/none")):
                # Twice, since the second request may take a shorter way.
                for _ in range(2):
                    try:
                        found.append(shown(client.get(path, base_url=base)))
                    except Exception as error:
                        found.append((type(error).__name__, str(error)))
        return found, sorted({str(warning.message) for warning in seen})

    both(scenario)


@pytest.mark.parametrize(
    "host", ["", " ", "a b", "a/b", "x" * 300, "site.test:", "site.test:abc", "-", "a,b", "ü.test"]
)
@pytest.mark.parametrize("trusted", [None, ["site.test"]])
def test_odd_hosts(host: str, trusted: list[str] | None) -> None:
    def scenario(fw: Framework) -> Any:
        app = with_hosts(fw, {"TRUSTED_HOSTS": trusted}, {})
        found = []
        for _ in range(2):
            try:
                found.append(shown(app.test_client().get("/", headers={"Host": host})))
            except Exception as error:
                found.append((type(error).__name__, str(error)))
        return found

    both(scenario)


@alike
def test_trusted_hosts_set_later(fw: Framework) -> Any:
    """The list counts from the next request on, for hosts that were fine before as well."""
    app = with_hosts(fw, {}, {})
    client = app.test_client()
    found = [client.get("/", base_url="http://a.test").status]
    app.config["TRUSTED_HOSTS"] = ["b.test"]
    found += [client.get("/", base_url=f"http://{name}.test").status for name in "ab"]
    app.config["TRUSTED_HOSTS"] = None
    return [*found, client.get("/", base_url="http://a.test").status]


@alike
def test_server_name_set_later(fw: Framework) -> Any:
    app = with_hosts(fw, {}, {})
    client = app.test_client()
    found = [shown(client.get("/", base_url="http://a.test"))]
    app.config["SERVER_NAME"] = "site.test"
    found.append(shown(client.get("/", base_url="http://site.test")))
    app.subdomain_matching = True
    found.append(shown(client.get("/only", base_url="http://sub.site.test")))
    return found


ODD_NAMES: list[Any] = [
    *(".site.test", "site.test.", ".site.test.", "..", ".", " ", "", "site..test", "site.test:", "site.test:0", ":80"),
    *(
        "site.test:99999999",
        "site.test:abc",
        "site.test:-1",
        "site.test:80:90",
        ".site.test:80",
        "[::1]",
        "[::1]:80",
        "::1",
    ),
    *(
        "SITE.test",
        "ü.test",
        "\ud800.test",
        "site test",
        "http://site.test",
        "site.test/",
        "*.site.test",
        "site.test,b",
    ),
    *("x" * 70 + ".test", "x" * 300, Markup("site.test"), b"site.test", 5, 0, True, ["site.test"], "\uff0esite.test"),
]
ODD_BASES = ["http://site.test/", "http://sub.site.test/", "http://site.test:80/", "https://site.test:8080", None]


@pytest.mark.parametrize("nth", range(len(ODD_NAMES)))
@pytest.mark.parametrize("matching", MATCHING, ids=str)
def test_odd_server_names(nth: int, matching: dict[str, Any]) -> None:
    def outcome(function: Callable[[], Any]) -> Any:
        try:
            return function()
        except Exception as error:
            return type(error).__name__, re.sub(" at 0x.*", "", str(error).replace("bolthead", "flask"))

    def scenario(fw: Framework) -> Any:
        app = with_hosts(fw, {"SERVER_NAME": ODD_NAMES[nth]}, matching)

        def urls() -> Any:
            with app.app_context():
                return fw.url_for("home")

        def external() -> Any:
            with app.test_request_context():
                return fw.url_for("home", _external=True), fw.request.host

        found = [outcome(urls), outcome(external)]
        for base in ODD_BASES:
            for _ in range(2):
                found.append(outcome(lambda base=base: shown(app.test_client().get("/", base_url=base))))
                environ = EnvironBuilder("/", base).get_environ()
                found.append(outcome(lambda environ=environ: run_wsgi_app(app, environ)[1]))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # A good one afterwards.
            app.config["SERVER_NAME"] = "site.test"
            found += [outcome(lambda: shown(app.test_client().get("/"))) for _ in range(3)]
        return found

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        both(scenario)


# Coroutine functions ------------------------------------------------------------------------------------------


@alike
def test_coroutines_everywhere(fw: Framework) -> Any:
    app, part, calls = fw.app(), fw.blueprint("part", url_prefix="/p"), []

    async def note(*parts: Any) -> None:
        await asyncio.sleep(0)
        calls.append((*parts, fw.request.path))

    for label, target in (("app", app), ("part", part)):

        @target.before_request
        async def before(label: str = label) -> None:
            await note("before", label)

        @target.after_request
        async def after(response: Any, label: str = label) -> Any:
            await note("after", label)
            return response

        @target.teardown_request
        async def teardown(exc: Any, label: str = label) -> None:
            await note("teardown", label, repr(exc))

        @target.errorhandler(KeyError)
        async def handler(error: Any, label: str = label) -> Any:
            await note("handler", label)
            return f"handled {label}", 299

        @target.route("/v", endpoint="v")
        async def view() -> Any:
            fw.g.x = 1

            @fw.after_this_request
            async def late(response: Any) -> Any:
                response.headers["X-Late"] = str(fw.g.x)
                return response

            await note("view")
            return {"path": fw.request.path}

        @target.route("/fail", endpoint="fail")
        async def fail() -> None:
            raise KeyError("x")

    @app.teardown_appcontext
    async def last(exc: Any) -> None:
        calls.append(("last", repr(exc)))

    app.register_blueprint(part)
    return [fw.get(app, path) for path in ("/v", "/p/v", "/fail", "/p/fail", "/none")], calls


@alike
def test_ensure_sync(fw: Framework) -> Any:
    import functools

    app = fw.app()

    async def coroutine(x: int) -> int:
        return x + 1

    def plain(x: int) -> int:
        return x

    class Callable:
        async def __call__(self, x: int) -> int:
            return x

        async def method(self, x: int) -> int:
            return x + 2

    partial = functools.partial(coroutine, 5)
    same = [app.ensure_sync(item) is item for item in (plain, coroutine, Callable(), partial, print)]
    return same, app.ensure_sync(coroutine)(1), app.ensure_sync(Callable().method)(1), app.ensure_sync(partial)()


@alike
def test_without_asgiref(fw: Framework, monkeypatch: pytest.MonkeyPatch) -> Any:
    import sys

    monkeypatch.setitem(sys.modules, "asgiref.sync", None)

    async def coroutine() -> str:
        return ""

    app = fw.app()
    app.testing = True
    app.add_url_rule("/", "x", coroutine)
    return without_the_hint(fw.error(app.async_to_sync, coroutine)), without_the_hint(fw.error(fw.get, app))


@alike
def test_inside_a_running_loop(fw: Framework) -> Any:
    """A coroutine view called where a loop runs already."""
    app = fw.app()

    @app.route("/")
    async def view() -> str:
        return fw.request.path

    async def main() -> Any:
        return fw.get(app)

    return asyncio.run(main())
