"""``bolthead serve`` as a gunicorn application: its settings, and loading."""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Callable, Sequence
from typing import Any

from gunicorn import sock, util
from gunicorn.app.base import Application as GunicornApplication
from gunicorn.errors import ConfigError

from .admin import Admin
from .arbiter import Arbiter
from .binds import ServeError, bind_of, claim_all, claim_pid_file, parse_bind
from .check import judge_in_child
from .choice import REASONS, given_for_wsgi, needs_loop
from .config_file import read_config
from .settings import Settings
from .worker import Worker

GUNICORNS_FILE = "gunicorn.conf.py"
"""What gunicorn reads unasked; it may be that of another deployment, with another worker."""
DESCRIPTORS = 65536
"""Open files that the server asks the system for."""


class Application(GunicornApplication):  # type: ignore[misc]
    """A WSGI application that gunicorn serves with our worker, as *settings* say."""

    def __init__(self, load: Callable[[], Any], settings: Settings) -> None:
        self.settings = settings
        self.options = settings.options
        self._load = load
        self.note = ""
        super().__init__(prog="bolthead serve")

    def do_load_config(self) -> None:
        """Make the configuration; :exc:`ServeError` for what is wrong with it. gunicorn's would end the process."""
        self.load_default_config()
        try:
            self.load_config()
        except (ConfigError, OSError, RuntimeError, TypeError, ValueError) as error:
            raise ServeError(str(error)) from None

    def load_config(self) -> None:
        settings = self.settings
        for name, value in settings.defaults.items():
            self.cfg.set(name, value)
        # For the file's own imports; and where a reload comes, back from the folder of the setting `chdir`.
        self.chdir()
        variable = self._given_by_variable()
        config = settings.config or variable.pop("config", None)
        if config is not None:
            self.load_config_from_file(config)
        elif os.path.exists(GUNICORNS_FILE):
            self.note = f"The file {GUNICORNS_FILE} does not count without '--config {GUNICORNS_FILE}'"
        for name, value in variable.items():
            try:
                self.cfg.set(name, value)
            except (ConfigError, TypeError, ValueError) as error:
                raise ServeError(f"GUNICORN_CMD_ARGS: {name}: {error}") from None
        for name, value in settings.given.items():
            self.cfg.set(name, value)
        for override in settings.overrides:
            self._override(override)
        self._set_worker_class("bolthead.serving.Worker")
        self.chdir()

    def _given_by_variable(self) -> dict[str, Any]:
        """gunicorn's settings in ``GUNICORN_CMD_ARGS``; ConfigError."""
        parser = self.cfg.parser()

        def fail(message: str) -> None:
            raise ConfigError(f"GUNICORN_CMD_ARGS: {message}")

        parser.error = fail
        try:
            found = vars(parser.parse_args(self.cfg.get_cmd_args_from_env()))
        except ValueError as error:
            fail(str(error))
        return {name: value for name, value in found.items() if value is not None and name != "args"}

    def load_config_from_file(self, path: str) -> None:
        for name, value in read_config(path).items():
            if name in self.cfg.settings:
                try:
                    self.cfg.set(name, value)
                except (ConfigError, TypeError, ValueError) as error:
                    raise ServeError(f"{name} = {value!r} in {path} is not valid: {error}") from None

    def _set_worker_class(self, name: str) -> None:
        setting = self.cfg.settings["worker_class"]
        if setting.get() not in (setting.default, name):
            self.note = "The setting worker_class does not count: 'serve' has a worker of its own"
        self.cfg.set("worker_class", name)

    def _override(self, text: str) -> None:
        name, equals, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or name not in self.cfg.settings:
            raise ConfigError(f"--set {text}: no setting of gunicorn has this name; write NAME=VALUE.")
        try:
            try:
                self.cfg.set(name, value)
            except TypeError:
                # A setting that is a dict or a list.
                self.cfg.set(name, json.loads(value))
        except (TypeError, ValueError) as error:
            raise ConfigError(f"--set {text}: {error}") from None

    def load(self) -> Any:
        return self._load()

    def serve(self, complain: Callable[[BaseException], None], announce: Callable[[Any], None]) -> None:
        """Check the application, listen, and serve until a signal ends that; exits the process.

        *complain* is called with what is wrong with the application, *announce* with the arbiter when it listens.
        """
        self.check()
        if not self.cfg.preload_app:
            found = judge_in_child(self.load, complain, needs_loop if self.settings.asgi is None else lambda app: 0)
            if found == 1:
                sys.exit(1)
            kept = given_for_wsgi(self.settings)
            if found and kept:
                option = kept[0].replace("_", "-")
                self.note = f"Over WSGI because of '--{option}', though the application has {REASONS[found]}"
            elif found:
                # Lazy: it is a subclass of this one.
                from .asgi import AsgiApplication

                AsgiApplication(self._load, self.settings, REASONS[found]).serve_checked(complain, announce)
                return
        self.serve_checked(complain, announce)

    def _only_looks(self) -> bool:
        """Whether the server is to end when everything is found to be right."""
        return bool(self.cfg.check_config or self.cfg.print_config)

    def check(self, listening: Sequence[Any] = ()) -> None:
        """Make sure that the places are free, but those of *listening*, and certificate and log files can be used.

        :exc:`ServeError` otherwise. At a reload it is called in a child.
        """
        try:
            places = self.cfg.address
        except RuntimeError as error:
            raise ServeError(f"Cannot listen on {', '.join(self.cfg.bind)}: {error}") from None
        inherited = "GUNICORN_FD" in os.environ or os.environ.get("LISTEN_PID") == str(os.getpid())
        if not inherited and not self.cfg.reuse_port and not self._only_looks():
            binds = [bind_of(place) for place in places if place not in listening]
            if self.options.admin_bind and not listening:
                binds.append(parse_bind(self.options.admin_bind))
            claim_all(binds)
        if self.cfg.is_ssl:
            try:
                sock.ssl_context(self.cfg)
            except OSError as error:
                files = ", ".join(filter(None, (self.cfg.certfile, self.cfg.keyfile, self.cfg.ca_certs)))
                raise ServeError(f"The certificate and key cannot be used: {error} ({files})") from None
        folder = self.cfg.worker_tmp_dir
        if folder and not os.path.isdir(folder):
            raise ServeError(f"The folder {folder} of worker_tmp_dir does not exist.")
        if self.cfg.pidfile and not self._only_looks():
            # Beside a server before it, after USR2, this one has another.
            claim_pid_file(self.cfg.pidfile + (".2" if "GUNICORN_PID" in os.environ and not listening else ""))
        for path in (self.cfg.errorlog, self.cfg.accesslog):
            if path not in (None, "-"):
                try:
                    open(path, "a").close()
                except OSError as error:
                    raise ServeError(f"The log file cannot be written: {error}") from None

    def serve_checked(self, complain: Callable[[BaseException], None], announce: Callable[[Any], None]) -> None:
        """Listen and serve, when the application is known to load, or is to be loaded here."""
        if self.cfg.print_config:
            print(self.cfg)
        if self._only_looks() and not self.cfg.preload_app:
            return
        self._raise_descriptors()
        if self.cfg.daemon and not self._only_looks():
            util.daemonize(self.cfg.enable_stdio_inheritance)
        if self.cfg.preload_app:
            try:
                self.wsgi()
            except Exception as error:
                complain(error)
                sys.exit(1)
            if self._only_looks():
                return
        if self.options.admin_bind:
            Worker.admin = Admin(self.options.admin_bind)
        try:
            Arbiter(self, announce).run()
        except RuntimeError as error:
            if str(error).startswith("Already running"):
                raise ServeError(f"The pid file {self.cfg.pidfile} belongs to a running process.") from None
            raise ServeError(str(error).removeprefix("Error: ")) from None

    @staticmethod
    def _raise_descriptors() -> None:
        """As many open files as the system allows: each connection is one."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            except (OSError, ValueError):
                pass
