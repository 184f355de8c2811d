"""The workflows and the wheels' configuration: valid, pinned, and of commands that exist."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PYTHONS = ("cp311", "cp312", "cp313", "cp314", "cp314t", "cp315", "cp315t")
PLATFORMS = {
    "linux": (
        "x86_64,aarch64",
        [f"{libc}_{arch}" for libc in ("manylinux", "musllinux") for arch in ("x86_64", "aarch64")],
    ),
    "macos": ("x86_64,arm64", ["macosx_x86_64", "macosx_arm64"]),
    "windows": ("AMD64,ARM64", ["win_amd64", "win_arm64"]),
}
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40}")


def parsed(path: Path) -> Any:
    import yaml

    return yaml.load(path.read_text(), Loader=yaml.BaseLoader)


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in parsed(path)["jobs"].values() for step in job.get("steps", [])]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_schema(path: Path) -> None:
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run([*checker, path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_with_their_version(path: Path) -> None:
    used = [step["uses"] for step in steps(path) if "uses" in step]
    assert all(PINNED.fullmatch(name) for name in used), used
    for line in path.read_text().splitlines():
        assert not re.search(r"uses: [\w-]+/", line) or re.search(r"# v\d+\.\d+\.\d+$", line), line


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_more_rights_than_needed(path: Path) -> None:
    workflow = parsed(path)
    assert workflow["permissions"] == {"contents": "read"}
    writing = {
        (name, right)
        for name, job in workflow["jobs"].items()
        for right, value in job.get("permissions", {}).items()
        if value == "write"
    }
    allowed = {
        "docs.yml": {("deploy", "pages"), ("deploy", "id-token")},
        "release.yml": {("publish", "id-token")},
        "upgrades.yml": {("newest", "issues")},
    }
    assert writing == allowed.get(path.name, set())


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_commands_are_those_of_the_repository(path: Path) -> None:
    """A step that a workflow runs by name is a step of ``tests/run.py``, a file that it names is there."""
    spec = importlib.util.spec_from_file_location("run", ROOT / "tests" / "run.py")
    assert spec is not None and spec.loader is not None
    run = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(run)
    for command in (step["run"] for step in steps(path) if "run" in step):
        if named := re.search(r"tests/run\.py (.*)", command):
            assert set(named[1].split()) <= set(run.STEPS), command
        for file in re.findall(r"(?:python|bash|-r) ([\w./-]+\.(?:py|txt))", command):
            assert (ROOT / file).is_file(), command


@pytest.mark.parametrize("platform", PLATFORMS)
def test_wheels_that_are_built(platform: str) -> None:
    archs, wanted = PLATFORMS[platform]
    command = [sys.executable, "-m", "cibuildwheel", "--platform", platform, "--archs", archs]
    told = subprocess.run([*command, "--print-build-identifiers"], cwd=ROOT, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert sorted(told.stdout.split()) == sorted(f"{python}-{where}" for python in PYTHONS for where in wanted)


def test_second_tier_may_be_switched_on() -> None:
    archs = parsed(ROOT / ".github" / "workflows" / "wheels.yml")["jobs"]["emulated"]["strategy"]["matrix"]["arch"]
    for arch in archs:
        command = [sys.executable, "-m", "cibuildwheel", "--platform", "linux", "--archs", arch]
        told = subprocess.run([*command, "--print-build-identifiers"], cwd=ROOT, capture_output=True, text=True)
        assert {f"{python}-manylinux_{arch}" for python in PYTHONS} <= set(told.stdout.split()), told.stderr


def test_cython_of_published_wheels_is_pinned() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    constraints = ROOT / config["tool"]["cibuildwheel"]["environment"]["PIP_CONSTRAINT"]
    names = {line.partition("==")[0]: line.partition("==")[2] for line in constraints.read_text().splitlines()}
    assert re.fullmatch(r"\d+\.\d+\.\d+", names["cython"])
    assert {name.partition(">=")[0] for name in config["build-system"]["requires"]} <= set(names)
