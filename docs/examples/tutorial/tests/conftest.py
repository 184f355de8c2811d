# tests/conftest.py
import re

import pytest
from shelf import create_app, db


class Visitor:
    """A browser as far as the shelf needs one: it keeps cookies and sends the token of a form back."""

    def __init__(self, client):
        self.client = client

    def get(self, path):
        return self.client.get(path)

    def send(self, path, page=None, **fields):
        """Fill in the form on *page*, the same path unless given, and send it to *path*."""
        token = re.search(r'name="token" value="([^"]+)"', self.get(page or path).text)[1]
        return self.client.post(path, data={"token": token, **fields}, follow_redirects=True)

    def join(self, name="ada", password="analytical"):
        return self.send("/join", name=name, password=password)


@pytest.fixture
def settings(tmp_path):
    return {
        "TESTING": True,
        "SECRET_KEY": "test",
        "DATABASE": str(tmp_path / "shelf.sqlite"),
        "COVERS": str(tmp_path / "covers"),
    }


@pytest.fixture
def app(settings):
    app = create_app(settings)
    with app.app_context():
        db.create_tables()
    return app


@pytest.fixture
def visitor(app):
    return Visitor(app.test_client())


@pytest.fixture
def other(app):
    return Visitor(app.test_client())
