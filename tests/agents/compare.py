"""One agent, started in one way: what it records of the same requests on Flask and on a build of bolthead."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAMS = Path(__file__).parent / "programs"
SRC = Path(__file__).parents[2] / "src"
SECONDS = 120
"""How long a process may take; a machine may be slow."""


@dataclass(frozen=True)
class Agent:
    """An agent as released; *runner* is its command that starts a program, where it has one."""

    name: str
    requires: tuple[str, ...]
    runner: tuple[str, ...] = ()
    imports_flask: bool = False
    """Whether its command imports Flask at startup, so that ``install()`` in the program comes too late."""


AGENTS = {
    agent.name: agent
    for agent in (
        Agent(
            "opentelemetry",
            ("opentelemetry-distro==0.66b1", "opentelemetry-instrumentation-flask==0.66b1"),
            ("opentelemetry-instrument",),
            imports_flask=True,
        ),
        Agent("sentry", ("sentry-sdk==2.75.0",)),
        Agent("newrelic", ("newrelic==14.1.0",), ("newrelic-admin", "run-program")),
        Agent("ddtrace", ("ddtrace==4.16.0",), ("ddtrace-run",)),
        Agent("elasticapm", ("elastic-apm==6.26.2",), ("elasticapm-run",), imports_flask=True),
        Agent("scout", ("scout-apm==4.0.0",)),
    )
}
OFFLINE = {
    "NEW_RELIC_DEVELOPER_MODE": "1",
    "NEW_RELIC_LICENSE_KEY": "key",
    "NEW_RELIC_APP_NAME": "shop",
    "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
    "DD_REMOTE_CONFIGURATION_ENABLED": "false",
    "DD_TRACE_STARTUP_LOGS": "false",
    "OTEL_TRACES_EXPORTER": "none",
    "OTEL_METRICS_EXPORTER": "none",
    "OTEL_LOGS_EXPORTER": "none",
    "ELASTIC_APM_SERVICE_NAME": "shop",
}
"""The agents' own settings, by which they send nothing."""

FLASK = ("python", "-m", "flask", "--app", "shop", "visit")
FLASK_COMMAND = ("flask", *FLASK[3:])
AS_FLASK = ("python", "-m", "bolthead.as_flask")
COMMAND = ("python", "-m", "bolthead", "--as-flask", "--app", "shop")
INSTALL = "from bolthead.as_flask import install; install(); import shop; shop.visit()"

BY_HAND = {
    "by hand": (*AS_FLASK, *FLASK_COMMAND),
    "by hand, the command": (*COMMAND, "visit"),
    "by hand, install()": ("python", "-c", INSTALL),
    "by hand, over ASGI": (*AS_FLASK, *FLASK_COMMAND, "--over-asgi"),
}
BY_RUNNER = {
    "outside": ("RUNNER", *AS_FLASK, *FLASK_COMMAND),
    "outside the command": ("RUNNER", *COMMAND, "visit"),
    "inside": (*AS_FLASK, "RUNNER", *FLASK),
    "outside, install()": ("RUNNER", "python", "-c", INSTALL),
}
# One thread: a request has ended, and is recorded, when the next one is answered.
SERVE = (*COMMAND, "serve", "-w", "1", "-t", "1", "-b", "127.0.0.1:{port}")
GUNICORN = ("gunicorn", "-w", "1", "-b", "127.0.0.1:{port}", "shop:app")


def ways(agent: Agent) -> dict[str, tuple[str, ...]]:
    """The commands that run the program on bolthead, by what they are."""
    return BY_HAND | (BY_RUNNER if agent.runner else {})


class Failed(Exception):
    """A program that ended badly; the text is what it wrote."""


def environment(agent: Agent, python: Path, side: str, by_hand: bool) -> dict[str, str]:
    left_out = ("BOLTHEAD_", "FLASK_", "PYTEST_", "COV_", "PYTHON")
    env = {key: value for key, value in os.environ.items() if not key.startswith(left_out)} | OFFLINE
    env |= {
        "PATH": os.pathsep.join([str(python.parent), env.get("PATH", os.defpath)]),
        "PYTHONPATH": str(PROGRAMS),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AGENT": agent.name,
    }
    return env | ({"AGENT_BY_HAND": "1"} if by_hand else {}) | ({"BOLTHEAD_PURE": "1"} if side == "pure" else {})


def words(agent: Agent, command: tuple[str, ...]) -> list[str]:
    return [part for word in command for part in (agent.runner if word == "RUNNER" else (word,))]


def run(agent: Agent, command: tuple[str, ...], python: Path, side: str, by_hand: bool) -> list[Any]:
    """What was answered and recorded, request by request, by a program that runs *command*."""
    env = environment(agent, python, side, by_hand)
    done = subprocess.run(words(agent, command), cwd=PROGRAMS, env=env, capture_output=True, text=True, timeout=SECONDS)
    last = (done.stdout.splitlines() or [""])[-1]
    if done.returncode or not last.startswith("{"):
        raise Failed(done.stdout[-1000:] + done.stderr[-3000:])
    return checked(json.loads(last), side)["found"]


def checked(told: dict[str, Any], side: str) -> Any:
    if told["build"].strip() != side:
        raise Failed(f"this was to run on {side}, and ran on {told['build']}")
    # Names of modules are the one thing that may differ.
    return json.loads(json.dumps(told).replace("bolthead", "flask"))


def on_flask(agent: Agent, python: Path) -> dict[bool, list[Any]]:
    """The same on Flask: started by hand (true) and by the agent's runner (false)."""
    found = {True: run(agent, FLASK, python, "flask", True)}
    if agent.runner:
        found[False] = run(agent, ("RUNNER", *FLASK), python, "flask", False)
    return found


def differences(wanted: list[Any], found: list[Any]) -> list[str]:
    """A text for each request that was answered or recorded otherwise. A request of which nothing is known is one."""
    told = [
        f"{one[0]}: {first_difference(one[1:], other[1:])}"
        for one, other in zip(wanted, found, strict=True)
        if one != other
    ]
    if not any(record for _, _, record in wanted):
        told.append("nothing was recorded on Flask")
    return told


def first_difference(one: Any, other: Any, place: str = "") -> str:
    """Where two values of JSON differ first, and how."""
    if type(one) is type(other) and isinstance(one, (list, dict)) and len(one) == len(other):
        keys = range(len(one)) if isinstance(one, list) else one
        for key in keys:
            if isinstance(other, dict) and key not in other:
                return f"{place}[{key!r}] is missing"
            if one[key] != other[key]:
                return first_difference(one[key], other[key], f"{place}[{key!r}]")
    return f"{place} is not {one!r:.500} but {other!r:.500}"


def too_late(agent: Agent, python: Path, side: str) -> list[str]:
    """``install()`` in a program whose agent has imported Flask already: one clear error, never Flask itself."""
    try:
        run(agent, BY_RUNNER["outside, install()"], python, side, False)
    except Failed as failed:
        return [] if "install() was called too late: flask was already imported" in str(failed) else [str(failed)]
    return ["it ran, although the agent had imported flask"]


def served(agent: Agent, command: tuple[str, ...], python: Path, side: str) -> list[Any]:
    """What is recorded in a server's worker of two requests; of their addresses and ports nothing."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = environment(agent, python, side, not agent.runner)
    line = words(agent, (*(("RUNNER",) if agent.runner else ()), *command))
    process = subprocess.Popen(
        [word.format(port=port) for word in line],
        cwd=PROGRAMS,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        end = time.monotonic() + SECONDS
        while True:
            try:
                ask(port, "/taken")
                break
            except OSError as error:
                if process.poll() is not None or time.monotonic() > end:
                    process.kill()
                    raise Failed(process.communicate()[0][-3000:]) from error
                time.sleep(0.1)
        ask(port, "/item/5?size=2")
        ask(port, "/fail")
        # The request that asks is recorded itself, at its end.
        told = checked(json.loads(ask(port, "/taken").replace(str(port).encode(), b"PORT")), side)["heard"]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(SECONDS)
    return list(told)


def ask(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", path, headers={"Host": "shop.test", "User-Agent": "test"})
        return connection.getresponse().read()
    finally:
        connection.close()
