"""Chromium, driven through a pipe by its own protocol: no driver and no socket besides."""

from __future__ import annotations

import json
import os
import select
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import programs
from documentation.page import DOCS

AXE = DOCS / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
PATIENCE = 60
SILENCE = 300
"""Seconds in which it must say something, on a busy machine too."""
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


class Browser:
    """One browser with one page; *profile* is a folder of its own."""

    def __init__(self, profile: Path) -> None:
        chromium = programs.need(*programs.CHROMIUM)
        ours, its_output = os.pipe()
        its_input, to_it = os.pipe()
        # The protocol is spoken on the descriptors 3 and 4 of the browser; the shell puts ours there.
        command = [chromium, *FLAGS, f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank"]
        shell = f'exec "$@" 3<&{its_input} 4>&{its_output}'
        self.process = subprocess.Popen(
            ["bash", "-c", shell, "bash", *command], pass_fds=(its_input, its_output), stderr=subprocess.DEVNULL
        )
        os.close(its_input)
        os.close(its_output)
        self.sink = os.fdopen(to_it, "wb", 0)
        self.source = os.fdopen(ours, "rb", 0)
        self.read_ahead = b""
        self.number = 0
        self.session: str | None = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable")

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self.process.kill()
        self.process.wait()
        self.sink.close()
        self.source.close()

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for what it returns; events in between are dropped."""
        self.number += 1
        message: dict[str, Any] = {"id": self.number, "method": method, "params": parameters}
        if self.session is not None:
            message["sessionId"] = self.session
        self.sink.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return dict(answer["result"])

    def _read(self) -> dict[str, Any]:
        parts = [self.read_ahead]
        while b"\0" not in parts[-1]:
            assert select.select([self.source], [], [], SILENCE)[0], f"Chromium said nothing for {SILENCE} s"
            parts.append(self.source.read(65536))
            assert parts[-1], "Chromium ended"
        text, _, self.read_ahead = b"".join(parts).partition(b"\0")
        return dict(json.loads(text))

    def open(self, address: str, width: int = 1280, scheme: str = "light") -> None:
        """Load a page and wait until it is complete."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Page.navigate", url=address)
        self.run("new Promise((done) => document.readyState === 'complete' ? done() : addEventListener('load', done))")

    def run(self, script: str) -> Any:
        """The value of an expression in the page; a promise is awaited."""
        result = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def until(self, script: str) -> Any:
        """Ask until an expression is true in the page, which may be a new one meanwhile; its value."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                if value := self.run(script):
                    return value
            except AssertionError:
                # Between two pages there is nothing to ask.
                if time.monotonic() > end:
                    raise
            assert time.monotonic() < end, (script, self.run("document.body.innerText"))
            time.sleep(0.05)

    def violations(self) -> list[tuple[str, str, list[tuple[str, str]]]]:
        """What the page has against the rules of accessibility: rule, help, and two places of each."""
        self.run(f"{AXE.read_text()};0")
        options = f"{{runOnly: {RULES}, resultTypes: ['violations']}}"
        return [
            (
                violation["id"],
                violation["help"],
                [(node["html"][:120], node["failureSummary"][-160:]) for node in violation["nodes"][:2]],
            )
            for violation in self.run(f"axe.run(document, {options}).then((found) => found.violations)")
        ]

    def picture(self) -> str:
        """The page as a PNG, in Base64."""
        return str(self.call("Page.captureScreenshot", format="png")["data"])
