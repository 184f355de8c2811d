"""Threads of the pool: as many as are needed, gone when the pool is, each function called once."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import ModuleType
from typing import Any

import pytest

PATIENCE = 60


@pytest.fixture
def make(load: Callable[[str], ModuleType]) -> Any:
    return load("bolthead._core.primitives.thread_pool").ThreadPool


def test_each_function_is_called_once(make: Any) -> None:
    pool = make(3, "site")
    done: SimpleQueue[Any] = SimpleQueue()

    def note(number: int) -> None:
        done.put((number, threading.current_thread().name))

    for number in range(500):
        pool.submit(note, number)
    found = [done.get(timeout=PATIENCE) for _ in range(500)]
    assert sorted(number for number, _ in found) == list(range(500))
    assert {name for _, name in found} <= {"site_1", "site_2", "site_3"}
    assert 1 <= pool.started <= 3


def test_as_many_at_a_time_as_allowed(make: Any) -> None:
    pool = make(3, "site")
    meet = threading.Barrier(3, timeout=PATIENCE)
    done: SimpleQueue[Any] = SimpleQueue()
    for _ in range(6):
        # Each waits until three are there.
        pool.submit(lambda: done.put(meet.wait()))
    assert sorted(done.get(timeout=PATIENCE) for _ in range(6)) == [0, 0, 1, 1, 2, 2]
    assert pool.started == 3


def test_a_thread_that_waits_is_taken_again(make: Any) -> None:
    pool = make(40, "site")
    done: SimpleQueue[Any] = SimpleQueue()
    for _ in range(20):
        pool.submit(lambda: done.put(threading.current_thread()))
        done.get(timeout=PATIENCE)
        while len(pool._idle) < pool.started:
            threading.Event().wait(0.001)
    assert pool.started == 1


def test_no_function_is_forgotten(make: Any) -> None:
    """A thread that goes to wait while something is submitted has to see it, whoever comes first."""
    pool = make(3, "site")
    done: SimpleQueue[int] = SimpleQueue()
    for number in range(3000):
        pool.submit(done.put, number)
        if number % 3 == 2:
            found = {done.get(timeout=PATIENCE) for _ in range(3)}
            assert found == {number - 2, number - 1, number}
    assert pool.started <= 3


def test_the_threads_end_with_the_pool(make: Any) -> None:
    pool = make(2, "site")
    done: SimpleQueue[threading.Thread] = SimpleQueue()
    meet = threading.Barrier(2, timeout=PATIENCE)

    def note() -> None:
        done.put(threading.current_thread())
        meet.wait()

    pool.submit(note)
    pool.submit(note)
    threads = {done.get(timeout=PATIENCE) for _ in range(2)}
    assert len(threads) == 2
    del pool
    gc.collect()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_what_is_submitted_by_a_report_stays_in_the_thread(make: Any) -> None:
    """A request's steps follow each other in one thread while no other request is there: agents look there."""
    pool = make(40, "site")
    done: SimpleQueue[Any] = SimpleQueue()

    def step(left: int) -> Callable[[], None]:
        done.put(threading.current_thread())
        return lambda: pool.submit(step, left - 1) if left else done.put(None)

    pool.submit(step, 200)
    assert len({thread for _ in range(201) if (thread := done.get(timeout=PATIENCE)) is not None}) == 1
    assert pool.started == 1


@pytest.mark.parametrize("could_start", [0, 1])
def test_where_no_thread_can_be_started(make: Any, monkeypatch: pytest.MonkeyPatch, could_start: int) -> None:
    """Those that are there do it; without any, who submits is told, and nothing of it is done later."""
    pool = make(40, "site")
    done: SimpleQueue[Any] = SimpleQueue()
    start, started = threading.Thread.start, []

    def refuse(thread: threading.Thread) -> None:
        if len(started) == could_start:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    if could_start:
        go_on = threading.Event()
        pool.submit(lambda: done.put(go_on.wait(PATIENCE)))
        for number in range(50):
            pool.submit(done.put, number)
        go_on.set()
        assert [done.get(timeout=PATIENCE) for _ in range(51)] == [True, *range(50)]
    else:
        for _ in range(50):
            with pytest.raises(RuntimeError, match="can't start"):
                pool.submit(done.put, "refused")
    assert pool.started == could_start
    monkeypatch.undo()
    pool.submit(done.put, "done")
    assert done.get(timeout=PATIENCE) == "done"
