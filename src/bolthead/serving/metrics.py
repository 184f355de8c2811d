"""Counts of all workers, in memory that they share with the arbiter."""

from __future__ import annotations

import mmap
import os
import threading
from bisect import bisect_left
from typing import Any

BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the latency histogram, in seconds."""
REFUSED = (400, 403, 408, 413, 414, 417, 431, 500, 501)
"""Statuses with which the server itself answers."""
ROWS = 8192
"""At a reload, twice as many as there are workers. Those that are not used take no memory."""
PID, IN_FLIGHT, CONNECTIONS, STATUS = range(4)
SUM = STATUS + 6
BUCKET = SUM + 1
REFUSAL = BUCKET + len(BUCKETS) + 1
WIDTH = REFUSAL + len(REFUSED)
"""A row: the worker's process, what it does now, requests by status class, microseconds, requests by bucket, and those
that were refused.

The process is negative while the worker starts, and before that the arbiter's.
"""


class Scoreboard:
    """One row for each worker; the first adds up those that are gone. The arbiter makes it and gives rows away."""

    def __init__(self) -> None:
        self.memory = mmap.mmap(-1, ROWS * WIDTH * 8)
        self.cells = memoryview(self.memory).cast("q")

    def take_row(self) -> int:
        """A free row for a worker that is about to start; the counts of the one that had it are kept. 0 for none."""
        cells = self.cells
        for row in range(1, ROWS):
            start = row * WIDTH
            if cells[start + PID] == 0 or not is_alive(cells[start + PID]):
                for column in range(STATUS, WIDTH):
                    cells[column] += cells[start + column]
                for column in range(IN_FLIGHT, WIDTH):
                    cells[start + column] = 0
                cells[start + PID] = -os.getpid()
                return row
        return 0

    def rows(self) -> list[list[int]]:
        """The row of those that are gone, and the rows that were taken; without a process for a worker that is gone.

        What such a worker has counted stays, so that no count ever falls.
        """
        starts = [0]
        # They are given away from the first one on, and are never given back.
        while len(starts) < ROWS and self.cells[len(starts) * WIDTH + PID]:
            starts.append(len(starts) * WIDTH)
        found = [self.cells[start : start + WIDTH].tolist() for start in starts]
        for row in found[1:]:
            if not is_alive(row[PID]):
                row[PID] = row[IN_FLIGHT] = row[CONNECTIONS] = 0
        return found


def is_alive(pid: int) -> bool:
    """Whether there is the process of a row."""
    try:
        os.kill(abs(pid), 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


class Metrics:
    """What one worker counts."""

    def __init__(self, board: Scoreboard, row: int) -> None:
        self.board = board
        self.start = row * WIDTH
        self.counts = [0] * WIDTH
        self.lock = threading.Lock()

    def begin(self) -> None:
        """The worker's process starts."""
        self.board.cells[self.start + PID] = -os.getpid()

    def count(self, code: int, seconds: float) -> None:
        """A request that was answered."""
        bucket = BUCKET + bisect_left(BUCKETS, seconds)
        with self.lock:
            counts = self.counts
            counts[STATUS + min(code // 100, 5)] += 1
            counts[SUM] += int(seconds * 1_000_000)
            counts[bucket] += 1

    def count_refused(self, code: int) -> None:
        """A request that did not reach the application."""
        column = REFUSAL + REFUSED.index(code if code in REFUSED else 400)
        with self.lock:
            self.counts[column] += 1

    def publish(self, loop: Any) -> None:
        """Let the others see it."""
        with self.lock:
            counts = self.counts[:]
        counts[PID] = os.getpid()
        counts[IN_FLIGHT] = sum(seat.connection is not None for seat in loop.threads.seats)
        counts[CONNECTIONS] = len(loop.connections)
        for column, value in enumerate(counts):
            self.board.cells[self.start + column] = value


def as_text(board: Scoreboard) -> str:
    """The metrics of all workers in the format that Prometheus reads."""
    rows = board.rows()
    total = [sum(column) for column in zip(*rows, strict=True)]
    lines = ["# HELP bolthead_requests_total Requests that were answered.", "# TYPE bolthead_requests_total counter"]
    lines += [f'bolthead_requests_total{{status="{code}xx"}} {total[STATUS + code]}' for code in range(1, 6)]
    lines += [
        "# HELP bolthead_refused_total Requests that did not reach the application: malformed, too large, too slow.",
        "# TYPE bolthead_refused_total counter",
        *(f'bolthead_refused_total{{status="{code}"}} {total[REFUSAL + at]}' for at, code in enumerate(REFUSED)),
        "# HELP bolthead_request_seconds Time from a request's last byte to its response's.",
        "# TYPE bolthead_request_seconds histogram",
    ]
    so_far = 0
    for index, bound in enumerate((*BUCKETS, "+Inf")):
        so_far += total[BUCKET + index]
        lines.append(f'bolthead_request_seconds_bucket{{le="{bound}"}} {so_far}')
    lines += [f"bolthead_request_seconds_sum {total[SUM] / 1e6:.6f}", f"bolthead_request_seconds_count {so_far}"]
    for name, text, value in (
        ("requests_in_flight", "Requests that are being answered.", total[IN_FLIGHT]),
        ("connections", "Open connections.", total[CONNECTIONS]),
        ("workers", "Workers that serve.", sum(row[PID] > 0 for row in rows)),
    ):
        lines += [f"# HELP bolthead_{name} {text}", f"# TYPE bolthead_{name} gauge", f"bolthead_{name} {value}"]
    return "\n".join(lines) + "\n"
