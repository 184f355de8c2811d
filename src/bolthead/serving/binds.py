"""Where to listen, and whether that place is free."""

from __future__ import annotations

import errno
import importlib.util
import os
import re
import socket
import stat
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path


class ServeError(Exception):
    """Something the user can put right; its text is one line."""


@dataclass(frozen=True)
class Bind:
    """A host and port, a Unix socket's path, or the number of a descriptor that listens already."""

    host: str = ""
    port: int = 0
    path: Path | None = None
    fd: int | None = None

    def setting(self) -> str:
        """As gunicorn's ``bind`` has it."""
        if self.fd is not None:
            return f"fd://{self.fd}"
        if self.path is not None:
            return f"unix:{self.path}"
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    def url(self, scheme: str) -> str:
        if self.path is not None or self.fd is not None:
            return self.setting()
        return f"{scheme}://{self.setting()}"


def parse_bind(text: str) -> Bind:
    """``host:port``, ``[v6]:port``, ``unix:/path`` or ``fd://3`` → :class:`Bind`; ValueError says what is wrong.

    A port alone is one of 127.0.0.1, and ``:port`` one of all addresses.
    """
    if text.startswith("unix:"):
        path = text.removeprefix("unix:")
        if not path or path.startswith("//"):
            raise ValueError(f"{text!r} names no socket; write it as unix:/path/to/socket.")
        return Bind(path=Path(path).absolute())
    if descriptor := re.fullmatch(r"fd://([0-9]+)", text, re.ASCII):
        return Bind(fd=int(descriptor[1]))
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.%\w]+)\]:|([^:\[\]/\s]*):)?([0-9]+)", text, re.ASCII)
    if match is None:
        raise ValueError(f"{text!r} is not 'host:port', '[v6 address]:port', 'unix:/path' or 'fd://number'.")
    named, port = match[1] or match[2], int(match[3])
    host = "127.0.0.1" if named is None else named or "0.0.0.0"
    if not 1 <= port <= 65535:
        raise ValueError(f"{port} is not a port; ports go from 1 to 65535.")
    return Bind(host, port)


def bind_of(address: tuple[str, int] | str | int) -> Bind:
    """The :class:`Bind` of an address as gunicorn has parsed it."""
    if isinstance(address, tuple):
        return Bind(*address)
    return Bind(path=Path(address)) if isinstance(address, str) else Bind(fd=address)


def claim_all(binds: Sequence[Bind]) -> None:
    """Make sure that all these places are free, and do not overlap; :exc:`ServeError` otherwise.

    gunicorn would try a taken port for five seconds.
    """
    ports = Counter(bind.port for bind in binds)
    with ExitStack() as probes:
        for number, bind in enumerate(binds):
            if bind in binds[:number]:
                raise ServeError(f"{bind.setting()} is given twice; one place takes one --bind or --admin-bind.")
            try:
                claim(bind, probes if ports[bind.port] > 1 else None)
            except ServeError:
                for other in binds[:number]:
                    if bind.port and other.port == bind.port and {bind.host, other.host} & {"0.0.0.0", "::", ""}:
                        both = f"{other.setting()} and {bind.setting()}"
                        raise ServeError(f"{both} are the same port; one of them is enough.") from None
                raise


def claim(bind: Bind, probes: ExitStack | None = None) -> Bind:
    """Make sure that the place is free, and turn a host name into an address; :exc:`ServeError` otherwise.

    *probes* has the port held until it is closed, for the others beside it. Alone it is not listened at: a client that
    waits for the server would take that for its start.
    """
    if bind.fd is not None:
        _claim_descriptor(bind.fd)
        return bind
    if bind.path is not None:
        _claim_path(bind.path)
        return bind
    try:
        # Without the port, of which it would take the lower 16 bits.
        found = socket.getaddrinfo(bind.host, None, type=socket.SOCK_STREAM)
    except OSError:
        raise ServeError(f"The host {bind.host!r} of --bind is not known.") from None
    # A name of both kinds, as "localhost" often is: as gunicorn takes it.
    family, kind, proto, _, (host, _, *scope) = min(found, key=lambda one: one[0] != socket.AF_INET)
    with ExitStack() as own:
        probe = (probes or own).enter_context(socket.socket(family, kind, proto))
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, bind.port, *scope))
            if probes is not None:
                # BSD and Linux may let two sockets bind, but not both listen.
                probe.listen(1)
        except OverflowError:
            raise ServeError(f"{bind.port} is not a port; ports go from 1 to 65535.") from None
        except OSError as error:
            raise ServeError(_why_not(error, bind)) from None
    return Bind(str(host), bind.port)


def _why_not(error: OSError, bind: Bind) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {bind.port} on {bind.host} is in use by another program; stop that one or give another --bind."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Not allowed to listen on port {bind.port}; ports under 1024 usually need a privilege."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{bind.host} is not an address of this machine."
    return f"Cannot listen on {bind.host}:{bind.port}: {error.strerror or error}"


def _claim_descriptor(number: int) -> None:
    try:
        with socket.socket(fileno=os.dup(number)) as given:
            listening = given.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError:
        listening = 0
    if not listening:
        raise ServeError(f"The descriptor {number} of --bind is not a socket that listens.")


def _claim_path(path: Path) -> None:
    if not hasattr(socket, "AF_UNIX"):
        raise ServeError("This system has no Unix sockets.")
    if not path.parent.is_dir():
        raise ServeError(f"The folder of the socket {path} does not exist.")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise ServeError(f"The folder of the socket {path} cannot be written to.")
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise ServeError(f"{path} exists and is not a socket.")
    except FileNotFoundError:
        pass
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except FileNotFoundError:
            return
        except ConnectionRefusedError:
            # Left behind by a server that was killed.
            path.unlink()
        except OSError as error:
            raise ServeError(f"The socket {path} cannot be used: {error.strerror or error}") from None
        else:
            raise ServeError(f"The socket {path} is in use by another program.")


def claim_pid_file(path: str) -> None:
    """Make sure that the file can be written, and is not that of a running process but this one or its parent."""
    from gunicorn.pidfile import Pidfile

    if not os.access(os.path.dirname(path) or ".", os.W_OK | os.X_OK):
        raise ServeError(f"The pid file {path} cannot be written: its folder is missing, or not this user's to write.")
    try:
        owner = Pidfile(path).validate()
    except OSError as error:
        raise ServeError(f"The pid file {path} cannot be written: {error.strerror or error}") from None
    if owner not in (None, os.getpid(), os.getppid()):
        raise ServeError(f"The pid file {path} belongs to a running process.")


def require_gunicorn() -> None:
    """:exc:`ServeError` with one line where gunicorn is missing or cannot run."""
    if os.name != "posix":
        raise ServeError("'serve' needs a Unix system; here, serve the application with waitress (see the docs).")
    if importlib.util.find_spec("gunicorn") is None:
        raise ServeError("'serve' needs gunicorn: install it with  pip install 'bolthead[serve]'")
