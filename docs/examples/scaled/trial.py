"""The cluster under load while a server and a worker are killed and a new release is deployed: is anything lost?

    python trial.py                 prints what happened; the exit code is 1 when something was lost

Visitors log in, write answers and read pages. Each answer carries a text of its own, so that the database can be asked
afterwards: is every answer there that was confirmed, is none there twice, has each its notice?
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import secrets
import signal
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
from cluster import HOST, PATIENCE, Cluster, wait

PAUSE = 0.1
"""Seconds between what one visitor does; workers of the queue have time to follow."""


class Broken(Exception):
    """No answer: the connection ended, or the proxy says that the server's did."""


class Visitor:
    """A browser on one connection."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
        self.cookie = ""

    def ask(self, method: str, path: str, **fields: str) -> tuple[int, str, str]:
        """Status, ``Location`` and text."""
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        try:
            self.connection.request(method, path, urlencode(fields) if fields else None, headers)
            response = self.connection.getresponse()
            text = response.read().decode()
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            raise Broken(repr(error)) from None
        if response.status in (502, 503, 504):
            raise Broken(str(response.status))
        if kept := response.getheader("Set-Cookie"):
            self.cookie = kept.partition(";")[0]
        return response.status, response.getheader("Location") or "", text

    def send(self, page: str, **fields: str) -> tuple[int, str, str]:
        """Fill in the form at *page*."""
        token = re.search(r'name="token" value="([^"]+)"', self.ask("GET", page)[2])
        if token is None:
            raise AssertionError(f"no form at {page}: the session was lost")
        return self.ask("POST", page, token=token[1], **fields)


class Trial:
    def __init__(self, cluster: Cluster, visitors: int) -> None:
        self.cluster = cluster
        self.visitors = visitors
        self.stop = threading.Event()
        self.confirmed: list[str] = []
        self.unanswered: list[str] = []
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []
        self.slowest = 0.0

    @property
    def url(self) -> str:
        return self.cluster.environment["DATABASE_URL"]

    def visit(self, number: int, topic: str) -> None:
        try:
            visitor = Visitor(self.cluster.port)
            visitor.send("/auth/join", name=f"v{number}-{secrets.token_hex(4)}", password="a password")
            while not self.stop.wait(PAUSE):
                self.write_and_read(visitor, topic)
        except (AssertionError, Broken, OSError) as error:
            self.faults.append(f"visitor {number}: {error!r}")

    def write_and_read(self, visitor: Visitor, topic: str) -> None:
        text = f"answer {secrets.token_hex(16)}"
        began = time.monotonic()
        # Reading is sent again by the proxy, so that it must not fail at all.
        token = re.search(r'name="token" value="([^"]+)"', visitor.ask("GET", "/topics/new")[2])
        if token is None:
            raise AssertionError("the session was lost")
        try:
            status, where, _ = visitor.ask("POST", topic, token=token[1], body=text)
        except Broken:
            # It may be stored or not. A person would look before sending it again.
            self.unanswered.append(text)
            return
        if status != 302 or "/auth/" in where:
            raise AssertionError(f"POST was answered {status} {where}")
        self.confirmed.append(text)
        self.slowest = max(self.slowest, time.monotonic() - began)
        self.counts["written"] += 1
        status, _, _ = visitor.ask("GET", "/")
        if status != 200:
            raise AssertionError(f"GET / was answered {status}")
        self.counts["read"] += 1

    def run(self, seconds: float) -> dict[str, Any]:
        author = Visitor(self.cluster.port)
        author.send("/auth/join", name=f"author-{secrets.token_hex(4)}", password="a password")
        topics = [author.send("/topics/new", title=f"Topic {n}", body="Begin.")[1] for n in range(self.visitors)]
        threads = [threading.Thread(target=self.visit, args=(n, topic)) for n, topic in enumerate(topics)]
        for thread in threads:
            thread.start()
        began = time.monotonic()
        try:
            time.sleep(seconds / 4)
            self.kill("s2")
            self.kill("w1")
            time.sleep(seconds / 4)
            self.cluster.start_worker("w1")
            self.cluster.start_server("s2")
            wait(lambda: self.cluster.well("s2"), "the return of s2")
            lost_by_kill = len(self.unanswered)
            self.cluster.deploy("2")
            lost_by_deploy = len(self.unanswered) - lost_by_kill
            time.sleep(max(0, began + seconds - time.monotonic()))
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()
        took = time.monotonic() - began
        return {
            "answers confirmed": len(self.confirmed),
            "pages read": self.counts["read"],
            "per second": round((2 * self.counts["written"] + self.counts["read"]) / took),
            "slowest answer, s": round(self.slowest, 2),
            "unanswered while a server was killed": lost_by_kill,
            "unanswered during the deploy": lost_by_deploy,
            "releases": self.cluster.releases(),
            **self.counted(),
            "faults": self.faults,
        }

    def kill(self, name: str) -> None:
        self.cluster.signal(name, signal.SIGKILL)

    def counted(self) -> dict[str, Any]:
        """What the database says of the answers, when the background work is done."""
        with psycopg.connect(self.url, autocommit=True) as database:
            stored = Counter(body for (body,) in database.execute("SELECT body FROM post WHERE body LIKE 'answer %'"))

            def missing() -> int:
                query = (
                    "SELECT count(*) FROM post WHERE body LIKE 'answer %'"
                    " AND NOT EXISTS (SELECT 1 FROM notice WHERE post = id)"
                )
                row = database.execute(query).fetchone()
                return row[0] if row else -1

            until = time.monotonic() + 3 * PATIENCE
            while missing() and time.monotonic() < until:
                time.sleep(0.5)
            return {
                "confirmed and not stored": sum(text not in stored for text in self.confirmed),
                "stored twice": sum(count > 1 for count in stored.values()),
                "unanswered and stored": sum(text in stored for text in self.unanswered),
                "answers without a notice": missing(),
            }


def lost(found: dict[str, Any]) -> bool:
    zero = {"unanswered during the deploy", "confirmed and not stored", "stored twice", "answers without a notice"}
    return any(found[name] for name in {*zero, "faults"}) or set(found["releases"].values()) != {"2"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--visitors", type=int, default=12)
    parser.add_argument("--port", type=int, default=8300, help="the first of the ports that are used")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="board-trial-") as folder:
        cluster = Cluster(Path(folder), args.port, BOARD_POSTS_PER_MINUTE="1000000")
        try:
            cluster.up()
            found = Trial(cluster, args.visitors).run(args.seconds)
        finally:
            cluster.down()
    print(json.dumps(found, indent=1))
    raise SystemExit(lost(found))


if __name__ == "__main__":
    main()
