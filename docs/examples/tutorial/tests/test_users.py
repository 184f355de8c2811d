# tests/test_users.py
import pytest


def test_join_log_out_and_in(visitor):
    assert "Log out ada" in visitor.join().text
    assert "Log out" not in visitor.send("/logout", page="/").text
    assert "Log out ada" in visitor.send("/login", name="ada", password="analytical").text


@pytest.mark.parametrize(("name", "password"), [("a", "long enough"), ("x" * 31, "long enough"), ("ada", "short")])
def test_join_refused(visitor, name, password):
    assert "A name has 2 to 30 letters" in visitor.join(name, password).text


def test_name_is_taken(visitor, other):
    visitor.join("ada")
    assert "The name ada is taken." in other.join("ada", "another password").text


@pytest.mark.parametrize(("name", "password"), [("ada", "wrong"), ("unknown", "analytical")])
def test_log_in_refused(visitor, other, name, password):
    visitor.join()
    assert "do not go together" in other.send("/login", name=name, password=password).text


def test_form_without_token(visitor):
    assert visitor.client.post("/login", data={"name": "ada", "password": "x"}).status_code == 400
