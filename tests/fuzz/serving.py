"""Fuzzing of the server's connections: damaged, cut and repeated requests by clients of every kind.

    python tests/fuzz/sanitized.py serving --minutes 10     with the sanitizers, by a build of its own
    python tests/fuzz/serving.py --minutes 10               the build that is there

Each head also goes to gunicorn's own parser: a difference of verdicts, an error that the worker did not expect, a good
request that is not answered as it should be afterwards, or a connection that stays ends the run with status 1 and the
seed that shows it again.
"""

from __future__ import annotations

import argparse
import random
import socket
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bolthead.serving.options import Options
from local_worker import Local

HEADS = [
    b"GET / HTTP/1.1\r\nHost: a.test\r\nAccept: */*\r\nCookie: a=\xc3\xa9; b=c\r\n\r\n",
    b"POST /echo?a=%20b HTTP/1.1\r\nHost: a.test\r\nContent-Length: 11\r\n\r\nhello world",
    b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n"
    b"T: x\r\n\r\n",
    b"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
    b"HEAD /stream HTTP/1.1\r\nhost: a\r\nConnection: keep-alive, x\r\n\r\n",
    b"GET /stream HTTP/1.0\r\nX-Forwarded-Proto: https\r\nX_Under: 1\r\nConnection: Keep-Alive\r\n\r\n",
    b"GET /large HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    b"POST /deaf HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000,
    b"GET /late HTTP/1.1\r\nHost: a\r\nContent-Type: t\r\nContent-Type: t\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET http://h.test/p?q#f HTTP/1.1\r\nHost: h.test\r\n\r\n",
]
PIECES = [b"\r\n", b"\n", b"\r", b":", b" ", b"\t", b"\0", b"_", b"%", b"#", b"\x7f", b"\xff", b"0", b"-1", b"9" * 30]
GOOD = b"GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"
OWN = {"wsgi.errors", "wsgi.input", "gunicorn.socket", "wsgi.early_hints"}


def app(environ: dict[str, Any], start_response: Any) -> Any:
    path = environ["PATH_INFO"]
    if path == "/echo":
        body = environ["wsgi.input"].read()
        start_response("200 OK", [("Content-Type", "a/b")])
        return [body]
    if path == "/stream":
        start_response("200 OK", [])
        return (b"%d" % number * 3000 for number in range(9))
    write = start_response("200 OK", [("X-A", "\xe9"), ("Content-Length", "700000" if path == "/large" else "2")])
    if path == "/large":
        return [b"x" * 700_000]
    if path == "/late":
        write(b"o")
        raise ValueError("late")
    return [b"ok"]


def damaged(rng: random.Random) -> bytes:
    """Some requests, sound or not."""
    data = b"".join(rng.choices(HEADS, k=rng.randint(1, 4)))
    for _ in range(rng.choice((0, 0, 1, 1, 2, 5))):
        at = rng.randrange(min(len(data), rng.choice((20, 300, len(data)))) + 1)
        kind = rng.randrange(4)
        if kind == 0:
            data = data[:at] + rng.choice(PIECES) + data[at:]
        elif kind == 1:
            data = data[:at] + data[at + rng.randint(1, 5) :]
        elif kind == 2:
            data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
        else:
            data = data[:at] + data[max(0, at - rng.randint(1, 80)) :]
    return data


def compare(local: Local, rng: random.Random) -> None:
    """The quick reader beside gunicorn's."""
    data = damaged(rng)
    site = next(iter(local.loop.sites.values()))
    peer = rng.choice([("127.0.0.1", 5), ("10.0.0.1", 5)])
    connection = local.connection_type(SimpleNamespace(fileno=lambda: 3), peer, site)

    def outcome(read: Any) -> Any:
        try:
            request = read(data, connection)
        except Exception as error:
            return type(error), str(error)
        if request is None:
            return None
        environ = {key: value for key, value in request.environ.items() if key not in OWN}
        return environ, request.consumed, request.length, request.keep_alive, request.expects, request.modern

    found, expected = outcome(local.loop.reader.read), outcome(local.loop.reader.exactly)
    assert found == expected, (data[:500], found, expected)


def visit(local: Local, rng: random.Random) -> None:
    """One client: cuts, pauses, reads or does not, and leaves in one way or another."""
    data = damaged(rng)
    with local.connect() as client:
        client.settimeout(0.02)
        try:
            for _ in range(rng.choice((1, 1, 2, 5, 30))):
                size = rng.choice((1, 3, 50, 1000, len(data)))
                client.sendall(data[:size])
                data = data[size:]
                if rng.random() < 0.2:
                    client.recv(rng.choice((1, 100, 100_000)))
            if rng.random() < 0.5:
                client.shutdown(socket.SHUT_WR)
            while rng.random() < 0.95 and client.recv(65536):
                pass
        except OSError:
            pass
        if rng.random() < 0.3:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def check(local: Local) -> None:
    """A good request is answered, and nothing was odd so far."""
    answer = local.talk(GOOD, half_close=False)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n") and answer.endswith(b"\r\n\r\nok"), answer
    odd = [line for line in local.log.lines if line.startswith("Error in a")]
    assert not odd, odd
    local.log.lines.clear()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=None, help="of one round, as a failed run says")
    args = parser.parse_args()
    until = time.monotonic() + args.minutes * 60
    rounds = 0
    options = Options(max_body=100_000, body_timeout=0.3, write_timeout=0.3)
    with Local(app, options=options, threads=3, keepalive=1) as local:
        local.connection_type = type(connection_of(local))
        while time.monotonic() < until:
            seed = args.seed if args.seed is not None else random.randrange(1 << 40)
            rng = random.Random(seed)
            try:
                for _ in range(30):
                    compare(local, rng)
                for _ in range(5):
                    visit(local, rng)
                local.loop.tick()
                check(local)
            except Exception:
                print(f"seed {seed}", file=sys.stderr)
                raise
            rounds += 1
            if args.seed is not None:
                break
        deadline = time.monotonic() + 30
        while local.loop.connections and time.monotonic() < deadline:
            local.loop.tick()
            time.sleep(0.1)
        assert not local.loop.connections, local.loop.connections
    print(f"{rounds} rounds, {rounds * 30} heads, {rounds * 5} clients")
    return 0


def connection_of(local: Local) -> Any:
    with local.connect():
        while not local.loop.connections:
            time.sleep(0.001)
        return next(iter(local.loop.connections.values()))


if __name__ == "__main__":
    sys.exit(main())
