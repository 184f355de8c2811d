"""The table of platforms: what a run leaves, what a later one replaces, and whether the page is of it."""

from __future__ import annotations

import json
from pathlib import Path

import outcomes
import platforms

ABOUT = {"tag": "3.14", "machine": "x86_64", "name": "CPython 3.14.10", "build": "compiled"}
FIRST = """<testsuites><testsuite>
<testcase classname="tests.a" name="test_one"/>
<testcase classname="tests.a" name="test_two"><failure message="no"/></testcase>
<testcase classname="tests.b" name="test_three"><skipped message="port 12345 is taken"/></testcase>
<testcase classname="tests.b" name="test_four"><skipped message="port 54321 is taken"/></testcase>
<testcase name="tests.c"><skipped message="collection skipped">('c.py', 3, "Skipped: no 'it'")</skipped></testcase>
</testsuite></testsuites>"""
AGAIN = """<testsuites><testsuite>
<testcase classname="tests.a" name="test_one"/><testcase classname="tests.a" name="test_two"/>
</testsuite></testsuites>"""


def noted(folder: Path, report: str, paths: list[str], commit: str, **about: str) -> dict[str, object]:
    (folder / "report.xml").write_text(report)
    file = folder / "3.14-compiled.json"
    outcomes.note(file, folder / "report.xml", {**ABOUT, **about}, paths, commit)
    return outcomes.summary(file)


def test_a_run(tmp_path: Path) -> None:
    cell = noted(tmp_path, FIRST, [], "aaaaaaa")
    assert (cell["passed"], cell["failed"], cell["tests"]) == (1, ["tests.a::test_two"], [])
    assert cell["skipped"] == {"port N is taken": 2, "no 'it'": 1}
    assert cell["commits"] == {"aaaaaaa": 5}


def test_a_later_run_replaces_its_own_files(tmp_path: Path) -> None:
    noted(tmp_path, FIRST, [], "aaaaaaa")
    cell = noted(tmp_path, AGAIN, ["tests/a.py"], "bbbbbbb")
    assert (cell["passed"], cell["failed"], cell["tests"]) == (2, [], [])
    assert cell["commits"] == {"bbbbbbb": 2, "aaaaaaa": 3}


def test_a_whole_run_or_another_release_starts_anew(tmp_path: Path) -> None:
    noted(tmp_path, FIRST, [], "aaaaaaa")
    assert noted(tmp_path, AGAIN, [], "bbbbbbb")["commits"] == {"bbbbbbb": 2}
    noted(tmp_path, FIRST, ["tests"], "ccccccc", name="CPython 3.14.11")
    cell = noted(tmp_path, FIRST, ["tests/a.py"], "ccccccc", name="CPython 3.14.11")
    assert (cell["commits"], cell["tests"]) == ({"ccccccc": 5}, ["tests"])


def test_cells_stay_until_they_are_measured_again(tmp_path: Path) -> None:
    old = {**noted(tmp_path, FIRST, [], "aaaaaaa"), "speed": {"times": 18.0, "commit": "aaaaaaa"}}
    new = noted(tmp_path, AGAIN, [], "bbbbbbb")
    other = {**old, "machine": "s390x"}
    stored = platforms.merged([old, other], [new])
    assert stored == [{**new, "speed": old["speed"]}, other]
    lines = platforms.table(stored).splitlines()
    assert "| CPython 3.14.10 | compiled | all | 2 | 0 | 0 | 18.0 × (aaaaaaa) | bbbbbbb, " in lines[4]
    assert "| CPython 3.14.10, s390x | compiled | all | 1 | 1 | 3 |" in lines[5]
    assert "| `tests.a::test_two` | CPython 3.14.10, compiled |" in lines
    assert "| port N is taken | 3.14 s390x compiled: 2 |" in lines


def test_a_selection_is_named_unless_it_is_everything() -> None:
    files = (platforms.ROOT / "tests").rglob("test_*.py")
    everything = sorted({"/".join(file.relative_to(platforms.ROOT).parts[:2]) for file in files})
    assert platforms.selection([]) == platforms.selection(everything) == platforms.selection(["tests"]) == "all"
    inside = [path for path in everything if path not in platforms.LEFT_OUT]
    assert platforms.selection(inside) == "all"
    assert platforms.selection(inside[1:]) == ", ".join(f"`{path.removeprefix('tests/')}`" for path in inside[1:])
    assert platforms.selection(["--ignore=tests/serve"]) == "all but `serve`"


def test_the_page_is_of_the_stored_cells() -> None:
    stored = json.loads(platforms.STORED.read_text())
    assert platforms.TABLE.read_text() == platforms.table(stored)
    assert stored == sorted(stored, key=platforms.order)
