from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from board import create_app
from werkzeug.test import TestResponse

from bolthead import Flask
from bolthead.testing import FlaskClient

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(64))


class Visitor:
    """A browser, as far as the board needs one: it keeps cookies and sends the token of a form back."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, **options)

    def send(self, path: str, page: str | None = None, **fields: Any) -> TestResponse:
        """Fill in the form on *page* (the same path unless given) and send it to *path*."""
        token = re.search(r'name="token" value="([^"]+)"', self.get(page or path).text)
        assert token is not None
        return self.client.post(path, data={"token": token[1], **fields}, follow_redirects=True)

    def join(self, name: str = "ada", password: str = "analytical") -> TestResponse:
        return self.send("/auth/join", name=name, password=password)


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    settings = {
        "TESTING": True,
        "SECRET_KEY": "test",
        "DATABASE": str(tmp_path / "sub" / "board.sqlite"),
        "PICTURES": str(tmp_path / "pictures"),
        "PAGE_SIZE": 3,
        "PASSWORD_METHOD": "pbkdf2:sha256:1",
    }
    return create_app(settings)


@pytest.fixture
def visitor(app: Flask) -> Iterator[Visitor]:
    with app.test_client() as client:
        yield Visitor(client)


@pytest.fixture
def other(app: Flask) -> Visitor:
    return Visitor(app.test_client())
