"""Over ASGI: messages by websocket, reports by server-sent events."""

from __future__ import annotations

import asyncio
import json

import pytest
from live.messages import WAITING

from bolthead.async_testing import WebsocketClosed, WebsocketRefused

PAGE = {"Origin": "http://localhost"}
"""What a browser sends with a handshake from the site's own page."""


def test_who_is_not_logged_in_is_sent_to_the_form(app):
    async def use():
        async with app.async_test_client() as client:
            response = await client.get("/")
            return response.status_code, response.location

    assert asyncio.run(use()) == (302, "/login?next=%2F")


@pytest.mark.parametrize("name", ["", "   ", "a" * 25])
def test_a_name_that_is_none(app, name):
    async def use():
        async with app.async_test_client() as client:
            return (await client.post("/login", data={"name": name})).text

    assert "A name has 1 to 24 characters." in asyncio.run(use())


def test_a_message_reaches_all(run):
    async def scenario(client):
        async with client.websocket("/room", headers=PAGE) as one, client.websocket("/room", headers=PAGE) as other:
            await one.send("Tea?")
            await client.post("/", data={"text": "by the form"})
            return [(await ws.receive_json())["text"] for ws in (one, one, other, other)]

    assert run(scenario) == ["Tea?", "by the form"] * 2


def test_what_was_missed_comes_first(run):
    async def scenario(client):
        for text in ("one", "two", "three"):
            await client.post("/", data={"text": text})
        async with client.websocket("/room", headers=PAGE) as ws:
            first = await ws.receive_json()
        async with client.websocket(f"/room?since={first['id']}", headers=PAGE) as ws:
            return first["text"], [(await ws.receive_json())["text"] for _ in range(2)]

    assert run(scenario) == ("one", ["two", "three"])


def test_a_reader_who_does_not_read_is_sent_away(app, run):
    async def scenario(client):
        async with client.websocket("/room", headers=PAGE) as ws:
            await ws.send("begin")
            await ws.receive()
            for number in range(WAITING + 10):
                app.extensions["room"].say("Bob", str(number))
            with pytest.raises(WebsocketClosed) as caught:
                while True:
                    await ws.receive()
            return caught.value.code, len(app.extensions["room"].readers)

    assert run(scenario) == (1013, 0)


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", ""])
def test_a_page_of_another_site_gets_no_websocket(run, origin):
    async def scenario(client):
        with pytest.raises(WebsocketRefused) as caught:
            async with client.websocket("/room", headers={"Origin": origin}) as ws:
                await ws.accept()
        return caught.value.response.status_code

    assert run(scenario) == 403


def test_a_websocket_needs_a_user(app):
    async def use():
        async with app.async_test_client() as client:
            with pytest.raises(WebsocketRefused) as caught:
                async with client.websocket("/room", headers=PAGE) as ws:
                    await ws.accept()
            return caught.value.response.status_code

    assert asyncio.run(use()) == 401


def events(text: str) -> list[tuple[int, dict]]:
    """The ids and the data of *text*."""
    found = []
    for event in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in event.splitlines())
        if "data" in lines:
            found.append((int(lines["id"]), json.loads(lines["data"])))
    return found


def test_progress_of_a_report(run):
    async def scenario(client):
        await client.post("/", data={"text": "three words here"})
        await client.post("/reports")
        text = (await client.get("/reports/1/events")).text
        later = (await client.get("/reports/1/events", headers={"Last-Event-ID": "18"})).text
        end = await client.get("/reports/1/events", headers={"Last-Event-ID": "20"})
        page = (await client.get("/reports/1")).text
        return events(text), events(later), end.status_code, page

    first, later, end, page = run(scenario)
    steps = [step for step, _ in first]
    assert steps == sorted(set(steps))
    assert first[-1] == (20, {"percent": 100, "result": "Ada: 3"})
    assert later == first[-1:]
    assert end == 204
    assert "Ada: 3" in page


def test_a_quiet_stream_says_that_it_is_there(app, run):
    app.config.update(STEP=60, HEARTBEAT=0.001, BACKGROUND_TASK_SHUTDOWN_TIMEOUT=0)

    async def scenario(client):
        await client.post("/reports")
        async with client.stream("/reports/1/events") as answer:
            pieces = aiter(answer)
            return [await anext(pieces) for _ in range(3)]

    first, *others = run(scenario)
    assert events(first.decode()) == [(0, {"percent": 0, "result": None})]
    assert others == [b": still here\n\n"] * 2


def test_a_report_is_its_owners(app, run):
    async def scenario(client):
        await client.post("/reports")
        other = app.async_test_client()
        await other.post("/login", data={"name": "Bob"})
        return [(await other.get(path)).status_code for path in ("/reports/1", "/reports/1/events", "/reports/2")]

    assert run(scenario) == [404, 404, 404]
