from __future__ import annotations

import stat
from pathlib import Path

from board import create_app, stored_secret


def test_database_is_made_without_being_asked(app, visitor):
    assert Path(app.config["DATABASE"]).is_file()
    assert "Nothing here yet" in visitor.get("/").text


def test_a_second_start_keeps_what_is_there(app, visitor):
    visitor.join()
    again = create_app({**app.config})
    with again.app_context():
        from board import db

        assert db.user_by_name("ada") is not None


def test_init_db(app, visitor):
    visitor.join()
    runner = app.test_cli_runner()
    kept = runner.invoke(args=["init-db"])
    assert kept.exit_code == 0
    assert app.config["DATABASE"] in kept.output
    assert runner.invoke(args=["init-db", "--drop"], input="n\n").exit_code == 1
    assert "Log out" in visitor.get("/").text
    assert runner.invoke(args=["init-db", "--drop"], input="y\n").exit_code == 0
    assert "Log out" not in visitor.get("/").text


def test_secret_is_made_once_and_private(tmp_path):
    path = tmp_path / "new" / "secret_key"
    key = stored_secret(path)
    assert len(key) == 64
    assert stored_secret(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret_key"]


def test_settings_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("BOARD_SECRET_KEY", "from outside")
    monkeypatch.setenv("BOARD_PAGE_SIZE", "5")
    app = create_app({"DATABASE": str(tmp_path / "db")})
    assert app.config["SECRET_KEY"] == "from outside"
    assert app.config["PAGE_SIZE"] == 5
