# tests/test_settings.py
import pytest
from shelf import create_app


def test_no_key_no_application(settings, monkeypatch):
    monkeypatch.delenv("SHELF_SECRET_KEY", raising=False)
    with pytest.raises(RuntimeError, match="SHELF_SECRET_KEY"):
        create_app({**settings, "SECRET_KEY": None})


def test_settings_from_the_environment(settings, monkeypatch):
    monkeypatch.setenv("SHELF_PROXIES", "1")
    app = create_app(settings)
    app.add_url_rule("/address", view_func=lambda: __import__("bolthead").request.remote_addr)
    headers = {"X-Forwarded-For": "6.6.6.6, 192.0.2.1"}
    assert app.test_client().get("/address", headers=headers).text == "192.0.2.1"


def test_headers(visitor):
    assert "default-src 'self'" in visitor.get("/").headers["Content-Security-Policy"]
