"""Configuration, on Flask and here."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle import Framework, alike, both

SOURCE = 'UPPER = 1\nlower = 2\nMixed = 3\n_UNDER = 4\nUPPER_2 = __file__.rpartition("/")[2]\n'


class Holder:
    UPPER = "class"
    lower = "no"
    _HIDDEN = "under"

    @property
    def COMPUTED(self) -> str:
        return "by property"


def config(fw: Framework, root: Path | str = "/nowhere", **defaults: Any) -> Any:
    return fw.Config(str(root), defaults)


@alike
def test_repr_and_type(fw: Framework) -> Any:
    made = config(fw, A=1)
    return repr(made), isinstance(made, dict), fw.Config("/x").root_path, dict(fw.Config("/x"))


@alike
def test_from_object(fw: Framework) -> Any:
    of_class, of_instance = config(fw), config(fw)
    of_class.from_object(Holder)
    of_instance.from_object(Holder())
    of_module = config(fw)
    of_module.from_object("string")
    return (
        [(key, type(value).__name__) for key, value in of_class.items()],
        dict(of_instance),
        dict(of_module),
        fw.error(config(fw).from_object, "no_such_module_anywhere"),
        fw.error(config(fw).from_object, "string:nothing"),
    )


@alike
def test_from_pyfile(fw: Framework, tmp_path: Path) -> Any:
    (tmp_path / "site.cfg").write_text(SOURCE)
    made = config(fw, tmp_path)
    relative = made.from_pyfile("site.cfg")
    absolute = config(fw).from_pyfile(tmp_path / "site.cfg")
    return relative, absolute, dict(made)


@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("name", ["missing.cfg", "folder", "file.cfg/below", "wrong.cfg", "latin.cfg"])
def test_pyfile_that_cannot_be_read(tmp_path: Path, name: str, silent: bool) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file.cfg").write_text("A = 1")
    (tmp_path / "wrong.cfg").write_text("A = ")
    (tmp_path / "latin.cfg").write_bytes(b"# coding: latin-1\nNAME = '\xe4'\n")

    def scenario(fw: Framework) -> Any:
        made = config(fw, tmp_path)
        try:
            return made.from_pyfile(name, silent=silent), dict(made)
        except Exception:
            return fw.error(made.from_pyfile, name, silent=silent), dict(made)

    both(scenario)


@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("name", ["missing.json", "folder", "file.json/below", "wrong.json"])
@pytest.mark.parametrize("text", [False, True])
def test_from_file(tmp_path: Path, name: str, silent: bool, text: bool) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file.json").write_text('{"A": [1], "b": 2}')
    (tmp_path / "wrong.json").write_text("{")

    def scenario(fw: Framework) -> Any:
        made = config(fw, tmp_path)
        good = made.from_file("file.json", json.load, text=text)
        try:
            return good, made.from_file(name, json.load, silent, text), dict(made)
        except Exception:
            return good, fw.error(made.from_file, name, json.load, silent, text), dict(made)

    both(scenario)


@alike
def test_from_envvar(fw: Framework, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    (tmp_path / "site.cfg").write_text(SOURCE)
    monkeypatch.delenv("SITE_CONFIG", raising=False)
    results: list[Any] = [
        fw.error(config(fw).from_envvar, "SITE_CONFIG"),
        config(fw).from_envvar("SITE_CONFIG", silent=True),
    ]
    monkeypatch.setenv("SITE_CONFIG", "")
    results.append(fw.error(config(fw).from_envvar, "SITE_CONFIG"))
    monkeypatch.setenv("SITE_CONFIG", str(tmp_path / "site.cfg"))
    made = config(fw)
    results += [made.from_envvar("SITE_CONFIG"), dict(made)]
    monkeypatch.setenv("SITE_CONFIG", "gone.cfg")
    results.append(fw.error(config(fw, tmp_path).from_envvar, "SITE_CONFIG"))
    results.append(config(fw, tmp_path).from_envvar("SITE_CONFIG", True))
    return results


ENVIRON: list[dict[str, str]] = [
    {"FLASK_A": "1", "FLASK_B": "text", "FLASK_c": "[1, 2]", "NOT_FLASK_D": "1", "FLASK": "x", "FLASKX": "y"},
    {"FLASK_A__B": "1", "FLASK_A__C__D": '"deep"', "FLASK_A__C__E": "null"},
    {"FLASK___A": "1", "FLASK_A__": "2", "FLASK_B____C": "3"},
    {"FLASK_N": "NaN", "FLASK_T": "true", "FLASK_F": "1.5", "FLASK_E": "", "FLASK_Q": "'x'"},
]


@pytest.mark.parametrize("environ", ENVIRON)
def test_from_prefixed_env(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for key in [key for key in os.environ if key.startswith("FLASK")]:
        monkeypatch.delenv(key)
    for key, value in environ.items():
        monkeypatch.setenv(key, value)

    def scenario(fw: Framework) -> Any:
        made, other = config(fw, A={"kept": 1}), config(fw)
        return (
            made.from_prefixed_env(),
            repr(made),
            other.from_prefixed_env("NOT", loads=str.upper),
            dict(other),
        )

    both(scenario)


@alike
def test_prefixed_env_below_a_value_that_is_no_dict(fw: Framework, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("SITE_A__B", "1")
    return fw.error(config(fw, A=1).from_prefixed_env, "SITE")


@alike
def test_from_mapping(fw: Framework) -> Any:
    made = config(fw)
    results = [
        made.from_mapping({"A": 1, "b": 2}, C=3, d=4, A=5),
        made.from_mapping(),
        made.from_mapping(None, E=1),
    ]
    results.append(made.from_mapping([("F", 1)]))
    return results, dict(made), fw.error(made.from_mapping, 7)


@given(
    keys=st.lists(st.sampled_from(["MAIL_A", "MAIL_B_C", "MAIL", "MAILX", "OTHER", "mail_d"]), unique=True),
    lowercase=st.booleans(),
    trim=st.booleans(),
)
def test_get_namespace(keys: list[str], lowercase: bool, trim: bool) -> None:
    both(lambda fw: config(fw, **dict.fromkeys(keys, 1)).get_namespace("MAIL_", lowercase, trim))


@alike
def test_own_setitem_is_used(fw: Framework) -> Any:
    class Logged(fw.Config):  # type: ignore[name-defined, misc]
        seen: list[str] = []

        def __setitem__(self, key: str, value: Any) -> None:
            self.seen.append(key)
            super().__setitem__(key, value)

    Logged.seen = []
    made = Logged("/nowhere")
    made.from_mapping(A=1, b=2)
    made.from_object(Holder)
    return made.seen


@alike
def test_attributes_in_the_config(fw: Framework) -> Any:
    app = fw.app()
    app.testing = True
    app.secret_key = b"bytes"
    app.permanent_session_lifetime = 90
    app.config["SITE"] = "x"
    cls = type(app)
    cls_attribute = fw.mod("config").ConfigAttribute("SITE", get_converter=str.upper)
    return (
        [app.config[key] for key in ("TESTING", "SECRET_KEY", "PERMANENT_SESSION_LIFETIME")],
        repr(app.permanent_session_lifetime),
        cls_attribute.__get__(app, cls),
        type(cls.testing).__name__,
        cls.testing.__name__,
    )


@alike
def test_instance_relative(fw: Framework) -> Any:
    app = fw.app(instance_relative_config=True)
    return app.config.root_path, fw.app().config.root_path, app.instance_path


@alike
def test_debug_from_the_environment(fw: Framework, monkeypatch: pytest.MonkeyPatch) -> Any:
    helpers = fw.mod("helpers")
    found = []
    for value in ("", "0", "1", "false", "No", "TRUE", "x"):
        monkeypatch.setenv("FLASK_DEBUG", value)
        monkeypatch.setenv("FLASK_SKIP_DOTENV", value)
        dotenv = helpers.get_load_dotenv(), helpers.get_load_dotenv(False)
        found.append((helpers.get_debug_flag(), fw.app().debug, *dotenv))
    monkeypatch.delenv("FLASK_DEBUG")
    monkeypatch.delenv("FLASK_SKIP_DOTENV")
    return found, helpers.get_debug_flag(), helpers.get_load_dotenv(), helpers.get_load_dotenv(False)
