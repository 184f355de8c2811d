from __future__ import annotations

import pytest

ADA = ("ada", "analytical")


@pytest.fixture
def api(visitor, other):
    visitor.join(*ADA)
    return other.client


def test_create_and_read(api):
    made = api.post("/api/topics", json={"title": " Tea ", "body": "Which?"}, auth=ADA)
    assert made.status_code == 201
    assert made.headers["Location"] == "http://localhost/api/topics/1"
    assert made.json["title"] == "Tea"
    assert [post["body"] for post in made.json["posts"]] == ["Which?"]

    answer = api.post("/api/topics/1/posts", json={"body": "Green."}, auth=ADA)
    assert (answer.status_code, answer.json["author"]) == (201, "ada")
    topic = api.get("/api/topics/1").json
    assert topic["answers"] == 1
    assert [post["body"] for post in topic["posts"]] == ["Which?", "Green."]


def test_list_is_paged(api):
    for number in range(4):
        api.post("/api/topics", json={"title": f"t{number}", "body": "text"}, auth=ADA)
    first = api.get("/api/topics").json
    assert [topic["title"] for topic in first["topics"]] == ["t3", "t2", "t1"]
    second = api.get(first["next"]).json
    assert [topic["title"] for topic in second["topics"]] == ["t0"]
    assert second["next"] is None


@pytest.mark.parametrize("auth", [None, ("ada", "wrong"), ("nobody", "analytical")])
def test_needs_a_user(api, auth):
    refused = api.post("/api/topics", json={"title": "t", "body": "b"}, auth=auth)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Basic ")
    assert refused.json["error"] == "Unauthorized"


def test_a_session_is_not_enough(api, visitor):
    assert visitor.client.post("/api/topics", json={"title": "t", "body": "b"}).status_code == 401


@pytest.mark.parametrize(
    ("path", "json", "code"),
    [
        ("/api/topics", {"title": "", "body": "b"}, 422),
        ("/api/topics", {"title": 7, "body": "b"}, 422),
        ("/api/topics", {"title": "t"}, 422),
        ("/api/topics", ["t", "b"], 400),
        ("/api/topics/9/posts", {"body": "b"}, 404),
    ],
)
def test_refused(api, path, json, code):
    refused = api.post(path, json=json, auth=ADA)
    assert refused.status_code == code
    assert refused.json["detail"]


def test_broken_json(api):
    refused = api.post("/api/topics", data="{", content_type="application/json", auth=ADA)
    assert (refused.status_code, refused.mimetype) == (400, "application/json")


@pytest.mark.parametrize(("path", "method", "code"), [("/api/no", "GET", 404), ("/api/topics", "PUT", 405)])
def test_errors_are_json(api, path, method, code):
    refused = api.open(path, method=method)
    assert (refused.status_code, refused.mimetype) == (code, "application/json")
    if code == 405:
        assert "POST" in refused.headers["Allow"]


def test_no_topic(api):
    assert api.get("/api/topics/1").json == {"error": "Not Found", "detail": "There is no such topic."}
