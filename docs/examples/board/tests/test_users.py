from __future__ import annotations

import pytest


def test_join_then_log_out_and_in(visitor):
    page = visitor.join()
    assert page.request.path == "/"
    assert "Welcome, ada!" in page.text
    assert "Log out" in page.text

    page = visitor.send("/auth/logout", page="/")
    assert "You are logged out." in page.text
    assert "Log out" not in page.text

    page = visitor.send("/auth/login", name="ADA", password="analytical")
    assert "Good to see you, ada." in page.text


@pytest.mark.parametrize(
    ("name", "password", "problem"),
    [
        ("a", "long enough", "A name is 2 to 30 letters"),
        ("<script>", "long enough", "A name is 2 to 30 letters"),
        ("bob", "short", "A password has 8 characters at least."),
    ],
)
def test_join_refused(visitor, name, password, problem):
    page = visitor.join(name, password)
    assert problem in page.text
    assert "Log out" not in page.text
    assert "<script>" not in page.text


def test_name_is_taken_whatever_its_case(visitor, other):
    visitor.join("Ada")
    assert "The name aDA is taken." in other.join("aDA").text


@pytest.mark.parametrize(("name", "password"), [("ada", "wrong password"), ("nobody", "analytical")])
def test_wrong_log_in(visitor, other, name, password):
    visitor.join()
    page = other.send("/auth/login", name=name, password=password)
    assert "do not go together" in page.text
    assert "Log out" not in page.text


def test_log_in_is_asked_for_and_leads_back(visitor, other):
    visitor.join()
    page = other.get("/topics/new", follow_redirects=True)
    assert page.request.path == "/auth/login"
    assert "Log in first." in page.text
    page = other.send("/auth/login?next=/topics/new", page="/auth/login", name="ada", password="analytical")
    assert page.request.path == "/topics/new"


@pytest.mark.parametrize("target", ["//evil.test", "https://evil.test", "/\\evil.test", "", "/a\nb"])
def test_leads_nowhere_else(app, target):
    from board.auth import safe_target

    with app.test_request_context():
        assert safe_target(target) == "/"


def test_a_deleted_user_is_nobody(visitor):
    visitor.join()
    with visitor.client.session_transaction() as session:
        session["user"] = 999
    assert "Log out" not in visitor.get("/").text


def test_forms_need_their_token(visitor):
    visitor.join()
    for token in ({}, {"token": "wrong"}, {"token": "wröng"}):
        answer = visitor.client.post("/topics/new", data={"title": "a", "body": "b", **token})
        assert answer.status_code == 400
        assert "This form is too old." in answer.text
    assert "Nothing here yet" in visitor.get("/").text


def test_session_cookie_is_lax_and_not_for_scripts(visitor):
    cookie = visitor.get("/auth/login").headers["Set-Cookie"]
    assert "SameSite=Lax" in cookie
    assert "HttpOnly" in cookie
