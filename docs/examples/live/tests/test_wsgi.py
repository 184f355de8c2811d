"""Over WSGI: the pages work, and say what does not."""

from __future__ import annotations

import pytest


@pytest.fixture
def client(app):
    client = app.test_client()
    client.post("/login", data={"name": "Ada"})
    return client


def test_messages_by_the_form(client):
    page = client.post("/", data={"text": "Tea?"}, follow_redirects=True).text
    assert "Tea?" in page
    assert "Served over WSGI" in page
    assert "data-room" not in page


def test_the_websocket_says_how_to_serve_it(client):
    response = client.get("/room")
    assert response.status_code == 426
    assert "ASGI" in response.text


def test_a_report_needs_a_loop(client):
    response = client.post("/reports")
    assert response.status_code == 501
    assert "bolthead serve" in response.text
    assert client.get("/reports/1").status_code == 404


def test_one_event_at_a_time(app, client):
    from live.reports import Report

    app.extensions["reports"][1] = report = Report(1, "Ada")
    report.step = 7
    response = client.get("/reports/1/events")
    assert response.text == 'id: 7\nretry: 1000\ndata: {"percent": 35, "result": null}\n\n'
    assert response.mimetype == "text/event-stream"
