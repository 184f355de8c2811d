"""Async views beside Flask's: threads, loops, context variables, errors, and what is left running."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import logging
import os
import subprocess
import sys
import textwrap
import threading
import time
import traceback
import warnings
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.local import Local
from asgiref.sync import AsyncToSync, sync_to_async

from loops import answers, in_time
from oracle import Framework, alike, both

VAR: contextvars.ContextVar[Any] = contextvars.ContextVar("VAR", default="nothing")


@pytest.mark.filterwarnings("ignore:.*event_loop_policy:DeprecationWarning")
@alike
def test_a_thread_and_a_loop_for_each_call(fw: Framework) -> Any:
    app = fw.app()
    app.config["TESTING"] = True
    mine, threads, loops = threading.local(), [], []

    @app.get("/<int:keep>")
    async def view(keep: int) -> Any:
        loop = asyncio.get_running_loop()
        if keep:
            loops.append(loop)
        fresh = not hasattr(mine, "value")
        mine.value = 1
        return {
            "other": threading.get_ident() != threads[-1],
            "fresh": fresh,
            "loop": asyncio.get_event_loop() is loop is asyncio.get_event_loop_policy().get_event_loop(),
            "task": asyncio.current_task() in asyncio.all_tasks() and len(asyncio.all_tasks()) == 1,
            "debug": loop.get_debug(),
            "class": type(loop).__name__,
        }

    def ask() -> Any:
        threads.append(threading.get_ident())
        said = [fw.get(app, f"/{keep}")[2] for keep in (0, 0, 1, 1, 0)]
        assert len(set(map(id, loops))) == 2
        return said, [loop.is_closed() for loop in loops], asyncio._get_running_loop() is None

    return in_time(ask)


@alike
def test_context_variables_go_in_and_come_back(fw: Framework) -> Any:
    app, seen = fw.app(), []
    local = Local()

    @app.before_request
    async def before() -> None:
        seen.append((VAR.get(), getattr(local, "name", None)))
        VAR.set("before")
        local.name = "before"
        fw.g.names = ["before"]

    @app.get("/")
    async def view() -> str:
        async def child() -> None:
            VAR.set("child")
            local.name = "child"

        seen.append((VAR.get(), local.name, fw.g.names, fw.request.path))
        VAR.set("view")
        local.name = "view"
        fw.session["name"] = "view"
        await asyncio.gather(child(), child())
        return VAR.get()

    @app.after_request
    def after(response: Any) -> Any:
        seen.append((VAR.get(), local.name, fw.session["name"]))
        return response

    @app.teardown_request
    async def teardown(error: BaseException | None) -> None:
        seen.append((VAR.get(), local.name, error))

    def ask() -> Any:
        VAR.set("outside")
        local.name = "outside"
        return [fw.get(app)[::2], VAR.get(), local.name, fw.get(app)[::2], seen]

    return in_time(ask)


class Records(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[Any] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append((record.getMessage().split("\n")[0], repr(record.exc_info and record.exc_info[1])))


@alike
def test_tasks_left_running(fw: Framework) -> Any:
    notes: list[Any] = []

    async def stays() -> None:
        notes.append("begun")
        try:
            await asyncio.sleep(3600)
        finally:
            notes.append(f"ended by {sys.exc_info()[0]}")

    async def fails() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            raise KeyError("at the end")

    async def never() -> None:
        notes.append("one step")

    async def sends() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            notes.append(await sync_to_async(lambda: "from the calling thread")())

    async def view() -> str:
        view.tasks = [asyncio.create_task(task()) for task in (stays, fails, never, sends)]
        await asyncio.sleep(0)
        view.tasks.append(asyncio.create_task(never()))
        return "done"

    records = Records()
    logging.getLogger("asyncio").addHandler(records)
    try:
        said = answers(fw, view, 2)
    finally:
        logging.getLogger("asyncio").removeHandler(records)
    return said, notes, records.said, [task.cancelled() for task in view.tasks]


@alike
def test_callbacks_and_timers_left_behind(fw: Framework) -> Any:
    notes: list[str] = []

    async def view() -> str:
        loop = asyncio.get_running_loop()
        loop.call_soon(notes.append, "soon")
        loop.call_later(3600, notes.append, "later")
        loop.call_soon(lambda: loop.call_soon(notes.append, "sooner"))
        return "done"

    async def waits() -> str:
        loop = asyncio.get_running_loop()
        now = loop.time
        # The timer's moment has come for whatever loop has it.
        loop.time = lambda: now() + 7200  # type: ignore[method-assign]
        try:
            for _ in range(3):
                await asyncio.sleep(0)
        finally:
            del loop.time
        return "waited"

    return answers(fw, view, 2), answers(fw, waits), notes


@alike
def test_asynchronous_generators_are_closed(fw: Framework) -> Any:
    notes: list[str] = []
    kept: list[Any] = []

    async def numbers() -> AsyncIterator[int]:
        try:
            for number in range(9):
                yield number
        finally:
            await asyncio.sleep(0)
            notes.append("closed")

    async def view() -> str:
        kept.append(numbers())
        return str(await anext(kept[-1]))

    async def whole() -> str:
        return str([number async for number in numbers()])

    return answers(fw, view, 2), notes[:], answers(fw, whole, 2), notes


@alike
def test_the_executor_is_waited_for(fw: Framework) -> Any:
    notes: list[Any] = []
    gate = threading.Event()

    def slow() -> None:
        gate.wait(10)
        notes.append("done")

    async def view() -> str:
        asyncio.get_running_loop().run_in_executor(None, slow)
        threading.Timer(0.05, gate.set).start()
        return str(await asyncio.to_thread(lambda: "thread"))

    return answers(fw, view), notes


@alike
def test_what_a_view_does_to_its_loop_ends_with_it(fw: Framework) -> Any:
    lock = asyncio.Lock()
    seen: list[Any] = []

    async def locked() -> None:
        async with lock:
            await asyncio.sleep(0)

    async def view() -> str:
        loop: Any = asyncio.get_running_loop()
        seen.append((loop.get_debug(), loop.get_task_factory(), loop.get_exception_handler(), hasattr(loop, "name")))
        kind = len(seen)
        if kind == 1:
            loop.set_debug(True)
        elif kind == 2:
            loop.set_task_factory(lambda loop, coro, **more: asyncio.Task(coro, loop=loop, **more))
        elif kind == 3:
            loop.set_exception_handler(lambda *args: None)
        elif kind == 4:
            loop.name = "mine"
        elif kind < 8:
            # A lock that was waited for belongs to a loop.
            try:
                await asyncio.gather(locked(), locked())
            except RuntimeError as error:
                seen.append(str(error).startswith("<asyncio.locks.Lock"))
        return "done"

    return answers(fw, view, 9), seen


@alike
def test_a_thread_that_comes_too_late(fw: Framework) -> Any:
    loops: list[Any] = []

    async def view() -> str:
        loops.append(asyncio.get_running_loop())
        return "done"

    said = answers(fw, view)
    return said, fw.error(loops[0].call_soon_threadsafe, print)


@alike
def test_errors_keep_their_traceback(fw: Framework) -> Any:
    class Own(Exception):
        pass

    found: list[Any] = []
    app = fw.app()

    async def deep() -> None:
        await asyncio.sleep(0)
        raise Own("deep")

    @app.get("/")
    async def view() -> str:
        await deep()
        return "never"

    @app.errorhandler(Own)
    async def handler(error: Own) -> Any:
        names = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        found.append([name for name in names if name in ("view", "deep")])
        found.append((sys.exc_info()[1] is error, error.__context__, error.__cause__))
        try:
            raise
        except Own as again:
            found.append(again is error)
        raise KeyError("second") from error

    @app.errorhandler(500)
    async def last(error: Any) -> Any:
        original = error.original_exception
        found.append((repr(original), repr(original.__cause__), repr(original.__context__)))
        return "sorry", 500

    def ask() -> Any:
        return [fw.get(app)[::2] for _ in range(2)]

    return in_time(ask), found


@pytest.mark.parametrize(
    "error",
    [KeyboardInterrupt("k"), SystemExit(3), GeneratorExit("g"), asyncio.CancelledError("c"), StopAsyncIteration("s"),
     StopIteration("i"), TimeoutError("t")],
    ids=repr,
)  # fmt: skip
@alike
def test_errors_of_every_kind_come_out(fw: Framework, error: BaseException) -> Any:
    async def fails() -> None:
        await asyncio.sleep(0)
        raise error

    def ask() -> Any:
        try:
            fw.app().ensure_sync(fails)()
        except BaseException as caught:
            return type(caught), str(caught), type(caught.__cause__)
        return "nothing"

    return in_time(ask), in_time(ask)


@alike
def test_a_view_that_stops_its_loop(fw: Framework) -> Any:
    notes: list[Any] = []

    async def stops() -> None:
        asyncio.get_running_loop().stop()
        try:
            await asyncio.sleep(3600)
        finally:
            notes.append(sys.exc_info()[0])

    call = fw.app().ensure_sync(stops)
    return in_time(fw.error, call), in_time(fw.error, call), notes


@alike
def test_wrong_arguments_and_things_that_are_no_coroutines(fw: Framework) -> Any:
    app = fw.app()

    class Callable_:
        async def __call__(self, *args: Any) -> Any:
            return ["object", *args]

        async def method(self, *args: Any) -> Any:
            return ["method", *args]

    async def function(*args: Any, **kwargs: Any) -> Any:
        return ["function", *args, kwargs]

    def ask() -> Any:
        thing = Callable_()
        found: list[Any] = [
            app.ensure_sync(function)(1, b=2),
            app.ensure_sync(thing.method)(1),
            app.ensure_sync(functools.partial(function, 1))(2, c=3),
            fw.error(app.ensure_sync(thing.method), b=1)[0],
            app.ensure_sync(thing) is thing,
            app.async_to_sync(thing)(1),
            type(app.ensure_sync(len)).__name__,
        ]
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            found.append(app.async_to_sync(lambda: function("lambda"))())
            found.append(fw.error(app.async_to_sync(lambda: 1)))
        found.append([str(warning.message) for warning in said])
        made = app.ensure_sync(function)
        method = app.ensure_sync(thing.method)
        found.append((isinstance(made, AsyncToSync), made.awaitable is function, hasattr(made, "__self__")))
        found.append((method.__self__ is thing, made.force_new_loop))
        return found

    return in_time(ask)


@alike
def test_hooks_of_every_kind(fw: Framework) -> Any:
    app, notes = fw.app(), []
    views = fw.mod("views")

    def note(name: str, result: Any = None) -> Any:
        async def hook(*args: Any, **kwargs: Any) -> Any:
            await asyncio.sleep(0)
            notes.append((name, threading.get_ident() == notes[0]))
            return args[0] if result is args else result

        return hook

    app.url_value_preprocessor(lambda endpoint, values: None)
    app.before_request(note("before"))
    app.teardown_request(note("teardown request"))
    app.teardown_appcontext(note("teardown appcontext"))
    app.register_error_handler(404, note("error", ("not there", 404)))

    @app.after_request
    async def after(response: Any) -> Any:
        response.headers["X-After"] = await sync_to_async(lambda: fw.request.method)()
        return response

    class View(views.MethodView):
        decorators = [lambda view: view]

        async def get(self) -> Any:
            @fw.after_this_request
            async def later(response: Any) -> Any:
                response.headers["X-Later"] = "1"
                return response

            return {"async": True}

        def post(self) -> str:
            return "sync"

    app.add_url_rule("/", view_func=View.as_view("view"))

    def ask() -> Any:
        notes.append(threading.get_ident())
        found = [fw.get(app), fw.get(app, method="POST"), fw.get(app, "/nowhere")]
        notes[0] = None
        return found

    return in_time(ask), notes


@alike
def test_eight_threads_at_once(fw: Framework) -> Any:
    app = fw.app()
    barrier = threading.Barrier(8)

    @app.get("/<int:n>")
    async def view(n: int) -> Any:
        fw.g.n = n
        await asyncio.sleep(0.001 * (n % 3))
        if n % 2:
            assert await sync_to_async(lambda: fw.g.n)() == n
        if n % 5 == 0:
            asyncio.create_task(asyncio.sleep(3600))  # noqa: RUF006
        return [fw.g.n, fw.request.view_args["n"]]

    def ask(first: int) -> Any:
        barrier.wait()
        return [fw.get(app, f"/{first * 100 + n}")[2] for n in range(25)]

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(ask, range(8)))


@alike
def test_tracing_follows(fw: Framework) -> Any:
    traced: list[str] = []

    async def view() -> str:
        return threading.current_thread().name and "done"

    def trace(frame: Any, event: str, argument: Any) -> Any:
        traced.append(frame.f_code.co_name)

    before, listed = threading.gettrace(), len(threading.enumerate())
    threading.settrace(trace)
    try:
        said = answers(fw, view)
    finally:
        threading.settrace(before)
    # A pool's thread may take its time to end.
    for _ in range(1000):
        if len(threading.enumerate()) <= listed:
            break
        time.sleep(0.01)
    return said, "view" in traced, len(threading.enumerate()) - listed


SCRIPT = """
    import asyncio, os, sys, threading
    import {package} as fw
    from asgiref.sync import sync_to_async
    app = fw.Flask("app", root_path="/nowhere", instance_path="/nowhere/instance")
    @app.get("/")
    async def view():
        await asyncio.sleep(0)
        return "plain"
    @app.get("/sync")
    async def sync():
        return await sync_to_async(lambda: "sync")()
    def ask(path):
        environ = {{"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "localhost",
                   "SERVER_PORT": "80", "wsgi.url_scheme": "http", "wsgi.input": None, "wsgi.errors": sys.stderr}}
        return b"".join(app(environ, lambda *args: None)).decode()
"""


def script(fw: Framework, code: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c",
         textwrap.dedent(SCRIPT.format(package=fw.package)) + textwrap.dedent(code)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_children_of_a_process_that_has_used_it() -> None:
    # A thread that has just ended may still be counted by the system, and later releases warn of it.
    code = """
        import warnings
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        print([ask(path) for path in ("/", "/sync", "/", "/")], flush=True)
        for _ in range(3):
            child = os.fork()
            if not child:
                said = [ask(path) for path in ("/", "/sync", "/", "/sync")]
                os._exit(0 if said == ["plain", "sync"] * 2 else 1)
            print(ask("/"), os.waitpid(child, 0)[1], ask("/"), ask("/sync"), flush=True)
    """
    wanted = "['plain', 'sync', 'plain', 'plain']\n" + "plain 0 plain sync\n" * 3
    assert both(script, code) == (0, wanted, "")


def test_the_process_ends_without_a_word() -> None:
    code = """
        threads = [threading.Thread(target=lambda: sys.stdout.write(ask("/") + "\\n")) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(ask("/"), ask("/sync"))
    """
    assert both(script, code) == (0, "plain\n" * 4 + "plain sync\n", "")
