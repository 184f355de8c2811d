"""The bench's cases as tests: Flask's answers, memory, threads; and the bench's own arithmetic."""

from __future__ import annotations

import asyncio
import gc
import json
import math
import re
import sys
from argparse import Namespace
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import partial
from itertools import pairwise
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import flask
import pytest
from bench import asgi, compare, count, freshness, live, pages, plot, report, servers
from bench.applications import callgraph
from bench.cases import live_sites
from bench.cases.asgi_asks import AsgiCase
from bench.cases.asks import Answer, App, answer, spin
from bench.cases.page_views import BUILDERS
from bench.cases.table import Case, cases
from bench.check import Different, check

import bolthead

CASES = cases()
IDS = [case.key for case in CASES]
BY_KEY = {case.key: case for case in CASES}


@pytest.fixture(autouse=True)
def loops_are_closed() -> Iterator[None]:
    """An async view runs in a loop of asgiref's, whose sockets a late collection would warn of elsewhere."""
    yield
    gc.collect()


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_answers_are_flasks(case: Case) -> None:
    build = BUILDERS[case.key]
    check(case, {"bolthead": build(bolthead), "flask": build(flask)})


def test_a_different_answer_is_found_out() -> None:
    theirs = BUILDERS["string"](flask)

    def ours(environ: Any, start_response: Any) -> Any:
        body = theirs(environ, lambda status, headers: start_response(status, [*headers, ("X-More", "1")]))
        return body

    with pytest.raises(Different, match="string, GET /: bolthead and flask differ in headers"):
        check(BY_KEY["string"], {"bolthead": ours, "flask": theirs})


def timeless(given: Answer) -> tuple[object, ...]:
    """An answer without the second it was given in: no date, a signed cookie by its payload."""
    headers = [
        (name, re.sub(r"Expires=[^;]*", "Expires", value).split(".")[0] if name == "Set-Cookie" else value)
        for name, value in given.headers
        if name != "Date"
    ]
    return given.status, sorted(headers), given.body


def test_eight_threads_at_once_give_the_answers_of_one() -> None:
    made: list[tuple[App, Case]] = [(BUILDERS[case.key](bolthead), case) for case in CASES if case.key != "async"]
    jobs = [(app, environ, body) for app, case in made for environ, body in case.jobs]
    alone = [timeless(answer(*job)) for job in jobs]
    barrier = Barrier(8)
    wrong: list[object] = []

    def work(first: int) -> None:
        barrier.wait()
        try:
            for turn in range(12):
                for n in range(len(jobs)):
                    place = (n + first * 5 + turn) % len(jobs)
                    given = timeless(answer(*jobs[place]))
                    if given != alone[place]:
                        wrong.append((given, alone[place]))
        except BaseException as error:
            wrong.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []


# Not async: asgiref makes a thread for each request, and a tracer keeps something for each thread.
@pytest.mark.parametrize("case", [case for case in CASES if case.key != "async"], ids=[i for i in IDS if i != "async"])
def test_requests_leave_no_memory_behind(case: Case) -> None:
    """Equal runs after a warm-up: one of them adds nothing that grows with the requests."""
    # PyPy has none.
    tracemalloc = pytest.importorskip("tracemalloc")
    app = BUILDERS[case.key](bolthead)
    requests = 150
    spin(app, case.jobs, requests)
    tracemalloc.start()
    try:
        sizes: list[int] = []
        # Caches of dates fill in some, and names that a Python without the GIL keeps for ever.
        while len(sizes) < 12 and grown(sizes) >= 16 * requests:
            spin(app, case.jobs, requests)
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    # One small object kept per request would be 16 bytes at least, in each run.
    assert grown(sizes) < 16 * requests, sizes


def grown(sizes: list[int]) -> float:
    """Of a run after the second to the one before it, the least."""
    return min((after - before for before, after in pairwise(sizes[1:])), default=math.inf)


CALLGRIND = """\
version: 1
events: Ir
fl=(1) x.c
fn=(1) outer
1 100
cfn=(2) inner
calls=3 10
1 900
+1 5
fn=(2)
10 900
fn=(3) outer'2
* 7
totals: 1012
"""


def test_self_costs_of_a_callgrind_file(tmp_path: Path) -> None:
    file = tmp_path / "out.1"
    file.write_text(CALLGRIND)
    assert count.self_costs(file) == {"outer": 112, "inner": 900}


def run_of(tmp_path: Path, name: str, **by: int) -> Path:
    file = tmp_path / name
    file.write_text(json.dumps({"about": {"commit": name}, "instructions": {"string": by}}))
    return file


@pytest.mark.parametrize(
    ("after", "code"),
    [
        ({"compiled": 1049}, 0),
        ({"compiled": 1051}, 1),
        ({"pure": 2101}, 1),
        ({"compiled": 500}, 0),
        ({"flask": 9999}, 0),
    ],
)
def test_compare_fails_over_five_per_cent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], after: dict[str, int], code: int
) -> None:
    counts = {"compiled": 1000, "pure": 2000, "flask": 5000}
    one, other = run_of(tmp_path, "one", **counts), run_of(tmp_path, "other", **counts | after)
    assert compare.main(Namespace(before=one, after=other)) == code
    said = capsys.readouterr().out
    assert ("SLOWER" in said) == bool(code)
    [(who, count)] = after.items()
    assert f"{who}, geometric mean of 1: {(count / counts[who] - 1) * 100:+.1f} %\n" in said


def test_rows_set_each_build_against_the_flask_of_its_process() -> None:
    def result(framework: str, best: float) -> dict[str, Any]:
        return {"case": "string", "framework": framework, "best": best}

    runs = [
        {"build": "compiled", "results": [result("bolthead", 2.0), result("flask", 60.0), result("falcon", 4.0)]},
        {"build": "pure", "results": [result("bolthead", 5.0), result("flask", 50.0)]},
    ]
    [row] = report.rows(runs)
    assert row.ratios == {"compiled": 30.0, "pure": 10.0}
    assert row.times == {"compiled": 2.0, "pure": 5.0, "flask": 60.0, "falcon": 4.0}
    assert row.met("compiled") is True and row.met("pure") is False
    assert report.against([row], "falcon") == [2.0]
    assert "MISSED" in report.terminal([row])
    assert pages.means([row]) == [
        "compiled: 30.0 × Flask in the geometric mean, 30.0 × at least; 30.0 × without the pages",
        "pure: 10.0 × Flask in the geometric mean, 10.0 × at least; 10.0 × without the pages",
        "Falcon: 2.0 × in the geometric mean of 1 cases that both serve",
    ]


def test_plots_are_well_formed() -> None:
    from xml.etree import ElementTree

    groups = [plot.Group("a < b", {"compiled": 3.0, "pure": 1.5}), plot.Group("c", {"pure": 2.0})]
    root = ElementTree.fromstring(plot.bars("Title & more", " ×", groups))
    said = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Title & more", "a < b", "3.0 ×", "1.5 ×"} <= set(said)


@pytest.mark.parametrize("top", [0.3, 1, 7, 8, 26, 99, 1234, 98765])
def test_steps_of_the_grid(top: float) -> None:
    found = plot.steps(top)
    assert found[0] == 0 and len(found) <= 9 and found[-1] <= top


def test_every_case_has_its_targets_and_a_builder() -> None:
    assert len(CASES) == 24 and set(IDS) == set(BUILDERS)
    assert all(case.compiled > case.pure > 1 for case in CASES)


OTHER_BENCHES = {"bodies", "build", "match", "registering", "servers", "shares", "startup"}
"""What ``python -m bench`` measures besides the cases of the table: bodies, the router, the import, servers, and the
pages of applications."""


def test_each_fast_path_names_what_it_wins() -> None:
    """``FAST (case): reason``. A shortcut that no bench needs goes."""
    known = {case.key for case in report.cases()} | {f"asgi {case.key}" for case in asgi.cases()} | OTHER_BENCHES
    source = Path(__file__).resolve().parent.parent / "src" / "bolthead"
    tags = []
    for path in [path for path in source.rglob("*.p*") if path.suffix in (".py", ".pyx", ".pxd", ".pxi")]:
        for line in path.read_text().splitlines():
            if re.search(r"\bFAST\b", line):
                named = re.search(r"\bFAST \(([\w, -]+)\): \S", line)
                assert named, f"{path.name}: {line.strip()}"
                tags += named[1].split(", ")
    assert tags and set(tags) <= known, set(tags) - known


STORED: dict[str, Any] = json.loads(pages.RESULTS.read_text())


@pytest.mark.parametrize("part", STORED)
def test_a_result_says_of_what_it_is(part: str) -> None:
    about = STORED[part]["about"]
    assert re.fullmatch(r"[0-9a-f]{7,40}\+?", about["commit"])
    assert about["command"].startswith("python -m bench")
    assert about["date"].endswith(" UTC") and about["processor"] and about["python"] and about["cores"]
    assert "_core/routing" in about["sources"]


def test_what_the_documentation_shows_is_made_of_the_stored_results() -> None:
    made = pages.texts(STORED)
    assert made == {name: (pages.FOLDER / name).read_text() for name in made}


@pytest.fixture
def sources(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in ("app.py", "_core/http/cookies.py", "_core/lifecycle/asgi.py", "serving/loop.py", "serving/loop.c"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1\n")
    monkeypatch.setattr(freshness, "SOURCES", tmp_path)
    monkeypatch.setattr(sys, "argv", ["bench", "--docs"])
    return tmp_path


@pytest.mark.parametrize(
    ("change", "older"),
    [
        ("", {}),
        ("serving/loop.c", {}),
        ("app.py", {"inprocess": ["."], "servers": ["."]}),
        ("_core/http/cookies.py", {"inprocess": ["_core/http"], "servers": ["_core/http"]}),
        ("serving/loop.py", {"servers": ["serving"]}),
        ("_core/new/new.pyx", {"inprocess": ["_core/new"], "servers": ["_core/new"]}),
        ("_core/new/part.pxi", {"inprocess": ["_core/new"], "servers": ["_core/new"]}),
        ("_core/frames.h", {"inprocess": ["_core"], "servers": ["_core"]}),
        ("_core/lifecycle/asgi.py", {}),
        ("debughelpers.py", {}),
    ],
)
def test_a_result_is_older_than_what_was_changed_since(
    sources: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: str, older: dict[str, list[str]]
) -> None:
    results = {part: {"about": {"commit": "abcdef1", "date": "now"}} for part in ("inprocess", "servers")}
    freshness.stamp(results)
    assert results["servers"]["about"]["command"] == "python -m bench --docs"
    if change:
        (sources / change).parent.mkdir(exist_ok=True)
        (sources / change).write_text("x = 2\n")
    found = {part: freshness.changed(part, result, freshness.sources()) for part, result in results.items()}
    assert {part: places for part, places in found.items() if places} == older

    (tmp_path / "results.json").write_text(json.dumps(results))
    assert freshness.main(Namespace(results=tmp_path / "results.json")) == bool(older)
    said = capsys.readouterr().out
    assert all(f"older than {', '.join(places)}" in said for places in older.values())
    assert said.count("current") == 2 - len(older)
    notes = {part: freshness.note(part, result, freshness.sources()) for part, result in results.items()}
    assert {part for part, note in notes.items() if "changed since commit abcdef1" in note} == older.keys()
    assert {part for part, note in notes.items() if not note} == results.keys() - older.keys()


def test_a_note_names_a_few_folders_and_counts_the_others(sources: Path) -> None:
    results = {"servers": {"about": {"commit": "abcdef1", "date": "now"}}}
    freshness.stamp(results)
    for name in "abcdef":
        (sources / name).mkdir()
        (sources / name / "new.py").write_text("x = 1\n")
    note = freshness.note("servers", results["servers"], freshness.sources())
    assert note.endswith("changed since commit abcdef1: `a`, `b`, `c`, `d` and 2 more.")


@pytest.mark.parametrize(
    ("line", "same"), [("# a word", True), ("  #", True), ("#define X 2", False), ("x = 2", False)]
)
def test_the_preprocessor_reads_what_begins_like_a_comment(sources: Path, line: str, same: bool) -> None:
    (sources / "part.pxi").write_text("x = 1\n")
    results = {"inprocess": {"about": {"commit": "abcdef1", "date": "now"}}}
    freshness.stamp(results)
    (sources / "part.pxi").write_text(f"x = 1\n{line}\n")
    assert (not freshness.changed("inprocess", results["inprocess"], freshness.sources())) == same


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("x = 1  # one\n", True),
        ("# a word\n\nx = 1\n", True),
        ('"""A word."""\n\nx = 1\n"""One."""\n', True),
        ("x = 1\ny = 1\n", False),
        ("if True:\n    x = 1\n", False),
        ('x = "# 1"\n', False),
    ],
)
def test_words_in_a_source_make_no_result_older(sources: Path, text: str, same: bool) -> None:
    results = {"inprocess": {"about": {"commit": "abcdef1", "date": "now"}}}
    freshness.stamp(results)
    (sources / "app.py").write_text(text)
    assert (not freshness.changed("inprocess", results["inprocess"], freshness.sources())) == same


def test_what_a_part_of_the_bench_leaves_out_is_there() -> None:
    names = [path.relative_to(freshness.SOURCES).as_posix() for path in freshness.SOURCES.rglob("*.py")]
    for part, patterns in {**freshness.NOT_RUN, **freshness.RUN}.items():
        assert part == "other" or part in STORED or part == "threads"
        for pattern in patterns:
            assert any(fnmatch(name, pattern) for name in names), pattern


def test_a_result_of_no_commit_is_not_current(sources: Path, tmp_path: Path) -> None:
    results = {"inprocess": {"about": {"commit": "abcdef1+", "date": "now"}}}
    freshness.stamp(results)
    (tmp_path / "results.json").write_text(json.dumps(results))
    assert freshness.main(Namespace(results=tmp_path / "results.json")) == 1
    assert "changes to abcdef1 that are in none" in freshness.note("inprocess", results["inprocess"], {})


@pytest.mark.parametrize(("path", "kind"), [("/events", "http"), ("/ws", "websocket")])
@pytest.mark.parametrize("framework", ["bolthead", "bare"])
def test_the_site_with_open_connections(framework: str, path: str, kind: str) -> None:
    """A stream and a websocket get what is said to all."""
    app = live_sites.SITES[framework]()

    async def use() -> tuple[list[Any], list[Any]]:
        sent: list[Any] = []
        said: list[Any] = []
        leave = asyncio.Event()
        first = [{"type": "websocket.connect"}] if kind == "websocket" else []

        async def receive() -> Any:
            if first:
                return first.pop()
            await leave.wait()
            return {"type": f"{kind}.disconnect", "code": 1005}

        async def collect(messages: list[Any], message: Any) -> None:
            messages.append(message)

        scope = AsgiCase("open", "", path, messages=int(kind == "websocket")).scope
        opened = asyncio.create_task(app(scope, receive, partial(collect, sent)))
        while not any(message["type"] in ("websocket.accept", "http.response.body") for message in sent):
            await asyncio.sleep(0)
        say = AsgiCase("say", "", "/say").scope | {"query_string": b"text=tea"}
        await app(say, asyncio.Event().wait, partial(collect, said))
        while "tea" not in str(sent):
            await asyncio.sleep(0)
        leave.set()
        await opened
        return sent, said

    sent, said = asyncio.run(use())
    assert said[-1]["body"] == b"1"
    assert sent[-1].get("text", sent[-1].get("body")) in ("tea", b"data: tea\n\n")


def test_tables_of_open_connections_and_servers() -> None:
    rows = {"websockets": {"bare": {"kB": 20.04, "ms": 99.6}}, "waiting requests": {"bare": {"ms": 120.0}}}
    found = live.grid({"live": rows, "connections": 5000, "waiting": 500})[1]
    assert found == [["5,000 websockets, bare", "20.0", "100"], ["500 waiting requests, bare", "", "120"]]
    by = {"bare": {"cpu": 20.0, "best": 1000.0}, "bolthead": {"cpu": 25.0, "best": 900.0}}
    assert servers.grid({"servers": {"uvicorn": by}})[1][1] == ["uvicorn", "bolthead", "25.0", "0.80", "900"]
    assert "80% of bare, target 90%: MISSED" in servers.verdicts({"uvicorn": by})


CHAINS = """\
ob=(1) /usr/lib/libpython3.so
fn=(1) _PyEval_EvalFrameDefault
1 100
cob=(2) /site/bolthead/_core/templates/calls.so
cfn=(2) call'_PyEval_EvalFrameDefault
calls=1 0
1 57
ob=(2)
fn=(2)
1 7
cob=(1)
cfn=(3) PyDict_New'call'_PyEval_EvalFrameDefault
calls=1 0
1 50
ob=(1)
fn=(3)
1 20
fn=(4) _PyEval_EvalFrameDefault'PyObject_Call'call'_PyEval_EvalFrameDefault
1 30
ob=(3) /env/site-packages/simplejson/_speedups.so
fn=(5) encode'_PyEval_EvalFrameDefault
1 3
ob=(1)
fn=(6) list_append'encode'encode'encode
1 4
fn=(7) list_append'PyObject_Call'PyObject_Call'PyObject_Call
1 5
ob=(2)
fn=(8) __Pyx_PyMethod_New'PyObject_GetAttr'_PyEval_EvalFrameDefault
1 6
"""


def test_instructions_are_of_the_nearest_caller_that_is_somebodys(tmp_path: Path) -> None:
    path = tmp_path / "callgrind.out"
    path.write_text(CHAINS)
    total, shares = callgraph.shares(path, "/site/bolthead/")
    found = {who: round(share * total) for who, share in shares.items()}
    # What a call takes in all is not counted again. A chain that ends too early has no owner. Cython's type of
    # functions may bind another package's.
    assert (total, found) == (175, {callgraph.LOOP: 136, callgraph.OURS: 27, callgraph.SELF: 7, "simplejson": 7, "": 5})
