"""A response with a regular file, or 304 where the client has it already.

Only the common request for a file is served here; for everything else `file_response` returns None and Werkzeug's
``send_file`` does it. No file content is cached: the remembered headers follow from path, time and size alone.
"""

from __future__ import annotations

import builtins
import mimetypes
import os
import os.path
import re
import time
from collections.abc import Callable
from stat import S_ISREG
from typing import Any
from zlib import adler32

import werkzeug.http
import werkzeug.sansio.response
import werkzeug.utils
from werkzeug.exceptions import NotFound
from werkzeug.http import dump_options_header, http_date, is_resource_modified
from werkzeug.wsgi import FileWrapper

from ..http.set_cookie import date_of
from ..primitives.class_watch import StockFunctions
from ..primitives.context import _cv_app, _cv_request
from ..primitives.context_vars import var_get
from ..primitives.stock import shipped
from ..primitives.system import close_file, open_cached
from .bare import bare_response
from .status import content_type_header

BUFFER_SIZE = 8192
"""Bytes of one step through a file, as with Werkzeug."""
app_var = _cv_app
request_var = _cv_request

OPTIONS = frozenset(("as_attachment", "download_name", "max_age", "mimetype"))
"""The arguments of `send_file` that are served here."""
VALIDATORS_SIZE = 1024
"""How many files' headers are remembered."""
IS_POSIX = os.sep == "/"
LAST_SECOND = 4_000_000_000
"""Files with a later time are left to Werkzeug."""

# No segment begins with a dot, so nothing in such a path leads upwards, and nothing in it needs quoting.
SAFE_PATH = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*").fullmatch
SAFE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*").fullmatch

FILE_FUNCTIONS = StockFunctions(
    (builtins, "open"),
    (os, "stat"),
    (os.path, "getmtime getsize isfile join"),
    (time, "time"),
    (mimetypes, "guess_type"),
    (werkzeug.http, "datetime http_date"),
    (werkzeug.sansio.response, "http_date"),
    (werkzeug.utils, "adler32 safe_join send_file send_from_directory time"),
)
"""What Werkzeug calls for a file. Where one was replaced, Werkzeug serves the file."""
TABLES: dict[str, Any] = vars(mimetypes)
_validators: dict[tuple[str, float, int], tuple[str, str, str, bool, str]] = {}


class OpenFile:
    """A file that is open for reading. Its file object is made when more than the descriptor is asked for."""

    __slots__ = ("_fd", "_file", "_path")

    def __init__(self, fd: int, path: str) -> None:
        self._fd = fd
        self._path = path
        self._file: Any = None

    def fileno(self) -> int:
        return self._fd if self._fd >= 0 else int(self.made().fileno())

    def made(self) -> Any:
        """The file object, as ``open`` makes it."""
        if self._file is None:
            if self._fd >= 0:
                self._file = open(self._path, "rb", opener=self._give)  # noqa: SIM115
            else:
                # PARITY: a closed file, not None.
                self._file = open(self._path, "rb")  # noqa: SIM115
                self._file.close()
        return self._file

    def _give(self, path: str, flags: int) -> int:
        fd = self._fd
        self._fd = -1
        return fd

    def close(self) -> None:
        if self._fd >= 0:
            close_file(self._give("", 0))
        elif self._file is not None:
            self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.made(), name)

    def __iter__(self) -> Any:
        return iter(self.made())

    def __del__(self) -> None:
        if self._fd >= 0:
            self.close()


class FileBody(FileWrapper):
    """Iterates over an open file of *size* bytes in blocks.

    Ends after *size* bytes: a file that grows meanwhile does not get past its Content-Length.
    """

    def __init__(self, opened: OpenFile, size: int) -> None:
        self._opened: Any = opened
        self._fd = opened.fileno()
        self._left = size
        self.buffer_size = BUFFER_SIZE

    @property
    def file(self) -> Any:
        self._fd = -1
        opened = self._opened
        return opened.made() if isinstance(opened, OpenFile) else opened

    @file.setter
    def file(self, value: Any) -> None:
        self.close()
        self._opened = value

    def __next__(self) -> bytes:
        if self._fd < 0:
            return super().__next__()
        if self._left <= 0:
            raise StopIteration
        data = os.read(self._fd, min(self._left, self.buffer_size))
        if not data:
            raise StopIteration
        self._left -= len(data)
        return data

    def close(self) -> None:
        self._fd = -1
        self._opened.close()


def joined_folder(root: Any, folder: Any) -> Any:
    """``os.path.join(root, folder)``; None without a folder."""
    if folder is None:
        return None
    if IS_POSIX and type(root) is str and type(folder) is str and folder[:1] != "/" and root[-1:] not in ("", "/"):
        # FAST (static): what the next line gives then.
        return f"{root}/{folder}"
    return os.path.join(root, folder)


def simple_join(directory: Any, path: Any) -> str | None:
    """*path* below *directory*, if the text alone shows that; else None."""
    if os.name != "posix" or type(directory) is not str or type(path) is not str:
        return None
    if directory[-1:] in ("", "/") or SAFE_PATH(path) is None:
        return None
    return f"{directory}/{path}"


def ending_of(name: str, safe: bool) -> str:
    """The ending by which `type_of` finds the type of *name*; empty where that takes more. *safe*: a `SAFE_NAME`."""
    ending = name[name.rfind(".") :] if safe and name.rfind(".") > 0 else ""
    return ending if ending.lower() == ending else ""


def type_of(name: str, ending: str) -> tuple[str | None, str | None]:
    """The MIME type and the encoding for a file's name with that `ending_of`."""
    tables = TABLES
    if ending and tables["inited"] and ending not in tables["suffix_map"] and ending not in tables["encodings_map"]:
        # FAST (static): as `guess_type`, by the same tables, without parsing the name as a URL.
        return tables["types_map"].get(ending), None
    return mimetypes.guess_type(name)


def validators_of(path: str, mtime: float, size: int) -> tuple[str, str, str, bool, str]:
    """The ETag and the Last-Modified of a file, its name, whether that is a `SAFE_NAME`, and its `ending_of`."""
    key = (path, mtime, size)
    found = _validators.get(key)
    if found is None:
        if len(_validators) >= VALIDATORS_SIZE:
            _validators.clear()
        etag = f'"{mtime}-{size}-{adler32(path.encode()) & 0xFFFFFFFF}"'
        name = path[path.rfind("/") + 1 :]
        safe = SAFE_NAME(name) is not None
        found = _validators[key] = (etag, http_date(mtime), name, safe, ending_of(name, safe))
    return found


def is_current(environ: dict[str, Any], etag: str, modified: str) -> bool:
    """Whether the client holds this very file."""
    tag = environ.get("HTTP_IF_NONE_MATCH")
    if tag is not None:
        if tag == etag:
            return True
    else:
        since = environ.get("HTTP_IF_MODIFIED_SINCE")
        if since is None:
            return False
        if since == modified:
            return True
    return not is_resource_modified(environ, etag, last_modified=modified)


def from_directory(directory: Any, path: Any, options: dict[str, Any]) -> Any:
    """What ``send_from_directory(directory, path, **options)`` returns, or None where Werkzeug has to make it.

    Raises NotFound where there is no such file, and OSError for one that cannot be opened.
    """
    for name in options:
        if name not in OPTIONS:
            return None
    inside = simple_join(path_text(directory), path_text(path))
    if inside is None:
        return None
    return from_path(
        inside,
        options.get("mimetype"),
        options.get("as_attachment", False),
        options.get("download_name"),
        options.get("max_age"),
        True,
    )


def path_text(path: Any) -> Any:
    """*path*, or the text of a path object."""
    # FAST (static): the abstract class `os.PathLike` asks for the same, and takes longer.
    return os.fspath(path) if type(path) is not str and hasattr(type(path), "__fspath__") else path


def from_path(path: str, mimetype: Any, as_attachment: Any, name: Any, max_age: Any, inside: bool) -> Any:
    """The response of the current request with the file at *path*, as `file_response`.

    A relative *path* is one below the application's root. *inside*: raises NotFound where there is no file.
    """
    app_ctx = var_get(app_var, None)
    ctx = var_get(request_var, None)
    if app_ctx is None or ctx is None:
        return None
    app = app_ctx.app
    if app.config["USE_X_SENDFILE"]:
        return None
    if path[:1] != "/":
        path = os.path.join(app.root_path, path)
        if path[:1] != "/":
            return None
    if max_age is None:
        max_age = app.get_send_file_max_age
    environ = ctx.request.environ
    return file_response(app.response_class, environ, path, mimetype, as_attachment, name, max_age, inside)


def headers_of(
    path: str,
    name: str,
    safe: bool,
    ending: str,
    mimetype: Any,
    as_attachment: Any,
    max_age: Any,
    size: int,
    validators: Any,
) -> Any:
    """The list of headers for the file at *path*, as `file_response`, or None where Werkzeug has to write them."""
    if not safe and not name.isascii():
        return None
    pairs = []
    if mimetype is None:
        mimetype, encoding = type_of(name, ending)
        if mimetype is None:
            mimetype = "application/octet-stream"
        if encoding is not None and not as_attachment:
            pairs.append(("Content-Encoding", encoding))
    elif type(mimetype) is not str or "\n" in mimetype or "\r" in mimetype:
        return None
    shown = "attachment" if as_attachment else "inline"
    if safe:
        pairs.append(("Content-Disposition", f"{shown}; filename={name}"))
    else:
        value = dump_options_header(shown, {"filename": name})
        if "\n" in value or "\r" in value:
            return None
        pairs.append(("Content-Disposition", value))
    now = time.time()
    if callable(max_age):
        max_age = max_age(path)
    if max_age is not None and (type(max_age) is not int or not 0 <= max_age < LAST_SECOND - now):
        return None
    pairs.append(content_type_header(mimetype))
    pairs.append(("Content-Length", str(size)))
    pairs.append(("Last-Modified", validators[1]))
    if max_age is None:
        pairs.append(("Cache-Control", "no-cache"))
    else:
        pairs.append(("Cache-Control", f"public, max-age={max_age}" if max_age else "no-cache, max-age=0"))
        pairs.append(("Expires", date_of(int(now + max_age))))
    pairs.append(("ETag", validators[0]))
    pairs.append(("Date", date_of(int(now))))
    pairs.append(("Accept-Ranges", "bytes"))
    return pairs


def serves_whole(cls: Any, environ: dict[str, Any]) -> bool:
    """Whether the request is for a whole file, and each step that serving one skips is stock."""
    method = environ["REQUEST_METHOD"]
    return (
        (method == "GET" or method == "HEAD")
        and "HTTP_RANGE" not in environ
        and "HTTP_IF_MATCH" not in environ
        and cls.default_status == 200
        and shipped.response_file.holds(cls)
        and FILE_FUNCTIONS.unchanged()
    )


def file_response(
    cls: Any,
    environ: Any,
    path: str,
    mimetype: Any,
    as_attachment: Any,
    name: Any,
    max_age: Any,
    inside: bool = False,
) -> Any:
    """The response with the file at the absolute *path*, or None where Werkzeug has to make it.

    *max_age*: seconds, None, or a function that returns either for the path. Raises OSError for a file that cannot
    be opened; *inside*: NotFound where there is no file.
    """
    if not serves_whole(cls, environ):
        return None
    opened: OpenFile | None = None
    # FAST (static): quick where the system has the file in its caches.
    cached = open_cached(path)
    if cached is not None and cached[0] >= 0:
        opened = OpenFile(cached[0], path)
        mtime, size = cached[1], cached[2]
    else:
        stat = None
        try:
            if cached is None:
                stat = os.stat(path)
        except (OSError, ValueError):
            pass
        if stat is None or not S_ISREG(stat.st_mode):
            if inside:
                raise NotFound
            return None
        mtime, size = stat.st_mtime, stat.st_size
    if size == 0 or not 0 < mtime < LAST_SECOND:
        return None
    validators = validators_of(path, mtime, size)
    etag, modified, own_name, safe, ending = validators
    if name is None:
        name = own_name
    elif type(name) is str:
        safe = SAFE_NAME(name) is not None
        ending = ending_of(name, safe)
    else:
        return None
    pairs = headers_of(path, name, safe, ending, mimetype, as_attachment, max_age, size, validators)
    if pairs is None:
        return None
    status, code = ("304 NOT MODIFIED", 304) if is_current(environ, etag, modified) else ("200 OK", 200)
    response = bare_response(cls, status, code, pairs, None)
    response.direct_passthrough = True
    if opened is None:
        opened = OpenFile(os.open(path, os.O_RDONLY | os.O_CLOEXEC), path)
    wrapper: Callable[..., Any] | None = environ.get("wsgi.file_wrapper")
    response.response = FileBody(opened, size) if wrapper is None else wrapper(opened, BUFFER_SIZE)
    return response
