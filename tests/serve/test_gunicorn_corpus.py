"""gunicorn's own valid and invalid requests, from its released archive, through a socket to our worker.

What gunicorn's parser makes of each is the verdict: the same requests with the same ``environ`` and body reach the
application, and then either the connection ends or the same error is answered.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import random
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gunicorn")

from gunicorn.config import Config
from gunicorn.http import wsgi
from gunicorn.http.errors import NoMoreData
from gunicorn.http.parser import RequestParser

from local_worker import Local
from upstream import archives

PEERS = ("REMOTE_PORT",)
OURS = {"wsgi.input", "wsgi.errors", "wsgi.early_hints", "gunicorn.socket", "wsgi.file_wrapper", "wsgi.multithread"}
"""Objects, and the number of threads."""


@pytest.fixture(scope="module")
def corpus() -> Path:
    return archives.fetch("gunicorn", importlib.metadata.version("gunicorn")) / "tests"


def names(kind: str) -> list[str]:
    """The files of the corpus; there are none to be listed where it was not fetched."""
    try:
        folder = archives.fetch("gunicorn", importlib.metadata.version("gunicorn")) / "tests" / "requests" / kind
    except Exception as error:
        raise AssertionError(f"gunicorn's archive cannot be had: {error}") from error
    return sorted(path.stem for path in folder.glob("*.http"))


def helper(corpus: Path) -> Any:
    """``treq.py``, which reads the files."""
    spec = importlib.util.spec_from_file_location("treq", corpus / "treq.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def plain(environ: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in environ.items() if key not in OURS}


class Recorder:
    """An application that remembers what reached it."""

    def __init__(self) -> None:
        self.seen: list[tuple[dict[str, Any], bytes]] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read()
        self.seen.append((plain(environ), body))
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]


def verdict(cfg: Any, data: bytes, peer: Any, server: Any) -> tuple[list[Any], Exception | None]:
    """What gunicorn makes of *data*: requests, and the exception that ended them."""
    seen: list[Any] = []
    # The one difference: a PROXY line is about the connection, so that it counts for all of its requests.
    proxied: dict[str, str] = {}
    try:
        for request in RequestParser(cfg, iter([data]), peer):
            request._expected_100_continue = False
            _, environ = wsgi.create(request, None, peer, server, cfg)
            proxied = wsgi.proxy_environ(request) or proxied
            environ.update(proxied)
            body = request.body.read()
            if request.body.failed:
                break
            reader = request.body.reader
            if getattr(reader, "length", 0) > 0:
                return seen, NoMoreData(b"")
            seen.append((plain(environ), body))
            if "CONTENT_LENGTH" in environ and len(body) < int(environ["CONTENT_LENGTH"]):
                seen.pop()
                return seen, NoMoreData(b"")
    except Exception as error:
        return seen, error
    return seen, None


def cuts(data: bytes) -> list[list[bytes]]:
    """The packets in which *data* is sent: one, one for each line, one for each byte, and at random."""
    lines = [line + b"\r\n" for line in data.split(b"\r\n")]
    lines[-1] = lines[-1][:-2]
    at_random, rest, chance = [], data, random.Random(len(data))
    while rest:
        size = chance.randint(1, max(1, len(data) // 5))
        at_random.append(rest[:size])
        rest = rest[size:]
    found = [[data], [line for line in lines if line], at_random]
    if len(data) < 300:
        found.append([data[index : index + 1] for index in range(len(data))])
    return found


def check(corpus: Path, kind: str, name: str, parser: str) -> None:
    treq = helper(corpus)
    path = corpus / "requests" / kind / f"{name}.http"
    cfg: Config = treq.load_py(str(path.with_suffix(".py")), http_parser="auto")["cfg"]
    cfg.set("http_parser", parser)
    data = treq.badrequest(str(path)).data
    for packets in cuts(data):
        recorder = Recorder()
        with Local(recorder, cfg) as local:
            answer = local.talk(*packets)
            assert local.idle()
        # The address of the client is another each time.
        peer = ("127.0.0.1", 0)
        expected, error = verdict(cfg, data, peer, local.address)
        found = [({**environ, "REMOTE_PORT": "0"}, body) for environ, body in recorder.seen]
        for environ, _ in expected:
            if environ.get("REMOTE_PORT") != "0":
                assert found[0][0]["REMOTE_ADDR"] == environ["REMOTE_ADDR"]
                environ["REMOTE_PORT"] = "0"
        assert found == expected
        assert answer.count(b" 200 OK\r\n") == len(expected), answer
        if error is None or isinstance(error, NoMoreData):
            # An incomplete head ends in silence, an incomplete body in a 400.
            assert answer.count(b" 400 Bad Request\r\n") <= (error is not None)
        else:
            assert answer.count(b"\r\nConnection: close\r\n") >= 1, error
            assert any(b"HTTP/1.1 %d " % code in answer for code in (400, 403, 414, 417, 431, 500, 501)), (
                error,
                answer,
            )


@pytest.mark.parametrize("parser", ["auto", "python"])
@pytest.mark.parametrize("name", names("valid"))
def test_valid(corpus: Path, name: str, parser: str) -> None:
    check(corpus, "valid", name, parser)


@pytest.mark.parametrize("parser", ["auto", "python"])
@pytest.mark.parametrize("name", names("invalid"))
def test_invalid(corpus: Path, name: str, parser: str) -> None:
    check(corpus, "invalid", name, parser)
