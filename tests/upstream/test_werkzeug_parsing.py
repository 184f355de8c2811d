"""Werkzeug's own tests of parsing and wrappers, from its released archive, with our classes in their place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from upstream import archives, own_tests

VERSION = "3.1.9"

# Runs in a process of its own: the names are replaced before the tests that import them are collected.
RUN = """
import sys
import pytest
import werkzeug.formparser, werkzeug.http, werkzeug.sansio.http, werkzeug.sansio.multipart, werkzeug.sansio.request
import werkzeug.test, werkzeug.wrappers
from bolthead import _core, formparser, wrappers
from bolthead._core.http.cookies import parse_cookie_pairs
from bolthead._core.http.headers import parse_options, parse_int, unquote_value
assert _core.build_name() == sys.argv[1], _core.modules()

def parse_cookie(cookie=None, cls=None):
    cls = cls or werkzeug.datastructures.MultiDict
    return cls(parse_cookie_pairs(cookie)) if cookie else cls()

class Response(wrappers.Response):
    default_mimetype = werkzeug.wrappers.Response.default_mimetype

werkzeug.sansio.http.parse_cookie = parse_cookie
werkzeug.http.parse_options_header = parse_options
werkzeug.http.unquote_header_value = unquote_value
werkzeug.http._plain_int = parse_int
werkzeug.sansio.multipart.MultipartDecoder = formparser.MultipartDecoder
werkzeug.formparser.FormDataParser = formparser.FormDataParser
werkzeug.formparser.MultiPartParser = formparser.MultiPartParser
werkzeug.Request = werkzeug.wrappers.Request = werkzeug.test.Request = wrappers.Request
werkzeug.Response = werkzeug.wrappers.Response = Response
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "-c", "empty.ini", *sys.argv[2:]]))
"""

FILES = {
    "test_formparser.py": 29,
    "sansio/test_multipart.py": 15,
    "test_wrappers.py": 90,
    "test_http.py": 125,
}
"""The files, of which every test passes, and how many each has: one that is not collected must not pass."""


@pytest.mark.parametrize("file", FILES)
def test_werkzeugs_own_tests_pass(build: str, file: str, tmp_path: Path) -> None:
    source = archives.fetch("werkzeug", VERSION) / "tests"
    (tmp_path / "sansio").mkdir()
    shutil.copy(source / file, tmp_path / file)
    shutil.copytree(source / "multipart", tmp_path / "multipart")
    shutil.copytree(source / "res", tmp_path / "res")
    passed, _ = own_tests.run(tmp_path, RUN, build, file)
    assert passed >= FILES[file], "the archive's tests were not collected"
