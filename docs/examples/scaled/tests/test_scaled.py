"""What the servers share, without PostgreSQL, Redis and HAProxy; ``trial.py`` is the test with them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from redis.exceptions import ConnectionError
from rq import Queue
from scaled.notices import Worker, notify
from scaled.postgres import Connection, placeholders

from bolthead import Flask
from bolthead.testing import FlaskClient

from .conftest import Servers, count


def send(client: FlaskClient, page: str, **fields: Any) -> Any:
    token = re.search(r'name="token" value="([^"]+)"', client.get(page).text)
    assert token is not None
    return client.post(page, data={"token": token[1], **fields})


def join(client: FlaskClient, name: str) -> None:
    assert send(client, "/auth/join", name=name, password="a password").status_code == 302


def key_of(client: FlaskClient) -> str:
    cookie = client.get_cookie("session")
    assert cookie is not None
    return cookie.value


def moved(client: FlaskClient, app: Flask) -> FlaskClient:
    """The same browser, whose next request goes to another server."""
    other = app.test_client()
    other.set_cookie("session", key_of(client))
    return other


def work(servers: Servers, app: Flask) -> None:
    worker = Worker([Queue("notices", connection=servers.redis)], connection=servers.redis)
    worker.app = app
    worker.work(burst=True)


def test_a_session_is_known_to_every_server(servers: Servers) -> None:
    client = servers.one().test_client()
    join(client, "ada")
    assert "ada" in moved(client, servers.one()).get("/").text


def test_logging_in_and_out_moves_the_session_to_another_key(servers: Servers) -> None:
    client = servers.one().test_client()
    client.get("/auth/join")
    planted = key_of(client)
    join(client, "ada")
    known = key_of(client)
    assert known != planted and servers.redis.get(f"session:{planted}") is None
    assert send(client, "/topics/new", title="Tea", body="Which?").status_code == 302
    page = client.get("/").text
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token is not None
    client.post("/auth/logout", data={"token": token[1]})
    assert servers.redis.get(f"session:{known}") is None


def test_a_key_of_the_visitors_own_making_is_not_taken(servers: Servers) -> None:
    client = servers.one().test_client()
    client.set_cookie("session", "x" * 43)
    client.get("/auth/join")
    assert servers.redis.get("session:" + "x" * 43) is None
    assert key_of(client) != "x" * 43


def test_pages_of_visitors_without_a_session_come_from_the_cache(servers: Servers) -> None:
    one, other = servers.one(), servers.one()
    client = one.test_client()
    join(client, "ada")
    send(client, "/topics/new", title="Tea", body="Which?")
    first = other.test_client().get("/")
    again = one.test_client().get("/")
    assert "X-Cache" not in first.headers and again.headers["X-Cache"] == "hit"
    assert again.data == first.data and "Tea" in again.text
    assert again.headers["Content-Security-Policy"] == first.headers["Content-Security-Policy"]
    assert 0 < servers.redis.ttl("pages") <= 5
    assert "X-Cache" not in client.get("/").headers

    send(client, "/topics/new", title="Coffee", body="Which?")
    assert "Coffee" in one.test_client().get("/").text


def test_other_arguments_and_errors_are_not_cached(servers: Servers) -> None:
    client = servers.one().test_client()
    for path in ("/?q=1", "/?page=1&page=2&page=3&page=4", "/topics/9", "/auth/login"):
        client.get(path)
    assert not servers.redis.exists("pages")


def test_all_servers_count_together(servers: Servers) -> None:
    apps = [servers.one(POSTS_PER_MINUTE=3) for _ in range(2)]
    codes = [apps[n % 2].test_client().post("/auth/login").status_code for n in range(5)]
    assert codes == [400, 400, 400, 429, 429]
    refused = apps[0].test_client().post("/auth/login")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert apps[0].test_client().get("/").status_code == 200
    elsewhere = apps[0].test_client().post("/auth/login", headers={"X-Forwarded-For": "192.0.2.1"})
    assert elsewhere.status_code == 400


def topic_with_answer(app: Flask) -> tuple[FlaskClient, str]:
    author, reader = app.test_client(), app.test_client()
    join(author, "ada")
    join(reader, "grace")
    topic = send(author, "/topics/new", title="Tea", body="Which?").location
    send(reader, topic, body="Green.")
    return author, topic


def test_an_answer_makes_one_notice(servers: Servers) -> None:
    app = servers.one()
    author, topic = topic_with_answer(app)
    assert author.get("/notices").json == []
    work(servers, app)
    assert len(author.get("/notices").json) == 1
    with app.app_context():
        notify(author.get("/notices").json[0]["post"])
    send(author, topic, body="My own answer.")
    work(servers, app)
    assert count(app, "SELECT count(*) FROM notice") == 1


def test_a_notice_that_was_not_queued_is_found(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    app = servers.one()

    def away(*_: Any, **__: Any) -> None:
        raise ConnectionError("Redis is away")

    with monkeypatch.context() as patch:
        patch.setattr(Queue, "enqueue", away)
        author, _ = topic_with_answer(app)
    runner = app.test_cli_runner()
    assert "1 queued again" in runner.invoke(args=["sweep", "--older", "0"]).output
    # It waits in the queue now, so that it is not missing.
    assert runner.invoke(args=["sweep", "--older", "0"]).output == ""
    work(servers, app)
    assert len(author.get("/notices").json) == 1


class Pool:
    """A pool and its connection that note what is asked of them."""

    def __init__(self) -> None:
        self.said: list[Any] = []

    def getconn(self) -> Pool:
        return self

    def putconn(self, connection: Pool) -> None:
        self.said.append("back")

    def transaction(self) -> Pool:
        return self

    def execute(self, query: str, values: Any) -> None:
        self.said.append((query, values))

    def __enter__(self) -> Pool:
        self.said.append("begin")
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        self.said.append("rollback" if kind else "commit")


def test_a_connection_of_the_pool_is_used_as_the_board_uses_one() -> None:
    pool = Pool()
    connection = Connection(pool, 0)
    with connection as same:
        same.execute("INSERT INTO topic (title) VALUES (?)", ("Tea",))
    with pytest.raises(ZeroDivisionError), connection:
        raise ZeroDivisionError
    connection.close()
    insert = ("INSERT INTO topic (title) VALUES (%s)", ("Tea",))
    assert pool.said == ["begin", insert, "commit", "begin", "rollback", "back"]


def test_no_query_has_what_psycopg_would_take_for_a_placeholder() -> None:
    from board import db
    from scaled import notices

    queries = [value for module in (db, notices) for value in vars(module).values() if isinstance(value, str)]
    assert len(queries) > 4 and "%" not in "".join(queries)
    assert placeholders("a = ? AND b = ?") == "a = %s AND b = %s"
