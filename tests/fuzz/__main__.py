"""Fuzzing of the compiled parsers, error paths above all, under the address and undefined-behaviour sanitizers.

    python tests/fuzz/sanitized.py --minutes 10     build with the sanitizers and fuzz that build
    python tests/fuzz --minutes 10                  fuzz the build that is there

Inputs are sound ones cut, repeated, spliced and overwritten. Each goes to the compiled module, to the pure module
and to Werkzeug or the standard library: a difference, or any error of another kind than theirs, is printed with
its seed and ends the run with status 1; the sanitizers abort by themselves. Without them, the same goes for memory
that an input takes and does not give back.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import sys
import time
import traceback
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import werkzeug.formparser
import werkzeug.urls
from werkzeug.datastructures import MultiDict
from werkzeug.http import parse_options_header
from werkzeug.sansio import http, multipart

import builds
from blocks import lost

MODULES = ("http.query", "http.cookies", "http.headers", "json.reader", "json.writer")
KEEP = "werkzeug.url_quote"
ODD = [0, 9, 10, 11, 12, 13, 32, 34, 37, 38, 39, 42, 43, 44, 45, 58, 59, 61, 92, 127, 128, 195, 233, 255]
SEEDS: dict[str, list[bytes]] = {
    "query": [b"a=1&b=%C3%A9+x&c", b"%%%4&%zz=%", b"a=&=b&&=&a=%e2%82"],
    "cookies": [b'a=1; b="x\\073\\"y"; c', b'"; =x;a="b;c="d"', b"a = b\t; c d=e"],
    "options": [
        b'multipart/form-data; boundary="a\\"b"; x=y',
        b"a; b*0=c; b*1*=%C3%A9; b*2*=utf-8'en'%a9; b=d",
        b'a/b;c="d;e=f',
    ],
    "json": [
        b'{"a":[1,-0,2.5,-1e-7,1.25E+300,12345678901234567890,null,true,false,NaN,-Infinity],"b":{"a":"x\\u00fc\\n"}}',
        b' [ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" , "\\ud83d\\ude00\\ud83d" , { } , [ ] , "0123456789abcdef" ] ',
        b'[{"id":1,"name":"thing","tags":["a","b"]},{"id":2,"name":"\\"\\\\\\/","tags":[]}]' * 2,
        b"[" * 102 + b'"\x7f"' + b"]" * 102,
        b'{"a":[' * 51 + b'{"b":1}' + b"]}" * 51,
    ],
    "headers": [b"Content-Disposition: form-data;\r\n name=a\r\nX:\ty \r\rZ", b"\r\n : \n x\r"],
    "multipart": [
        b'x\r\n--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nv\r\n--b\r\n'
        b'Content-Disposition: form-data; name="f"; filename="g"\r\nContent-Type: x/y; charset=latin-1\r\n\r\n'
        b"\r\n--bx\r\n\r\n--b--\r\nend",
        b"--b\nContent-Disposition: form-data; name=a\n\nv\n--b  \r\r\n--b--",
    ],
}


def mutate(rng: random.Random, seeds: list[bytes]) -> bytes:
    data = bytearray(rng.choice(seeds))
    for _ in range(rng.randrange(8)):
        at = rng.randrange(len(data) + 1)
        stop = min(len(data), at + rng.randrange(1, 12))
        kind = rng.randrange(6)
        if kind == 0:
            del data[at:stop]
        elif kind == 1:
            data[at:at] = bytes([rng.choice(ODD)]) * rng.choice([1, 1, 1, 2, 5, 300])
        elif kind == 2:
            data[at:at] = data[at:stop] * rng.choice([1, 2, 40])
        elif kind == 3:
            other = rng.choice(seeds)
            data[at:stop] = other[rng.randrange(len(other)) :]
        elif at < len(data):
            data[at] = rng.choice(ODD) if kind == 4 else rng.randrange(256)
    return bytes(data)


def outcome(function: Callable[[], Any]) -> Any:
    try:
        return function()
    except Exception as error:
        return type(error).__name__, str(error)


def form(parser: Any, body: bytes, size: int, limits: dict[str, Any]) -> Any:
    fields, files = parser(buffer_size=size, **limits).parse(io.BytesIO(body), b"b", len(body))
    shown = [(key, file.filename, list(file.headers), file.read()) for key, file in files.items(multi=True)]
    for _, file in files.items(multi=True):
        file.close()
    return list(fields.lists()), shown


class Fuzz:
    """The subjects: each is given bytes and returns the outcome on both builds and the expected one."""

    def __init__(self) -> None:
        self.modules = {
            build: {name.rpartition(".")[2]: builds.load(build, f"bolthead._core.{name}") for name in MODULES}
            | {
                "form_reader": builds.load(build, "bolthead._core.request.form_reader"),
                "percent": builds.load(build, "bolthead._core.http.url_encoding"),
                "formparser": builds.load(build, "bolthead.formparser"),
            }
            for build in builds.NAMES
        }

    def query(self, rng: random.Random, data: bytes) -> Any:
        text = data.decode("utf-8", rng.choice(["replace", "surrogateescape"]))
        for module in self.modules.values():
            yield outcome(lambda module=module: module["query"].parse_pairs(text, KEEP))
        yield outcome(lambda: urllib.parse.parse_qsl(text, keep_blank_values=True, errors=KEEP))

    def cookies(self, rng: random.Random, data: bytes) -> Any:
        text = data.decode(rng.choice(["latin-1", "latin-1", "utf-8"]), "surrogateescape")
        for module in self.modules.values():
            yield outcome(lambda module=module: module["cookies"].parse_cookie_pairs(text))
        yield outcome(lambda: list(http.parse_cookie(text, cls=list)))  # type: ignore[arg-type]

    def options(self, rng: random.Random, data: bytes) -> Any:
        text = data.decode("latin-1")
        for module in self.modules.values():
            yield outcome(lambda module=module: module["headers"].parse_options(text))
        yield outcome(lambda: parse_options_header(text))

    def json(self, rng: random.Random, data: bytes) -> Any:
        text: Any = data if rng.randrange(2) else data.decode("utf-8", rng.choice(["replace", "surrogateescape"]))
        options = {"ensure_ascii": rng.random() < 0.5, "sort_keys": rng.random() < 0.5}
        compact = rng.random() < 0.5

        def again(parse: Callable[[Any], Any], write: Callable[[Any], str]) -> Any:
            found = parse(text)
            return repr(found), write([found, {"a": (found,)}])

        for module in self.modules.values():
            writer = module["writer"].Writer(repr, *options.values(), compact)
            yield outcome(lambda module=module, writer=writer: again(module["reader"].parse, writer.text))
        written: dict[str, Any] = {**options, "separators": (",", ":") if compact else None}
        yield outcome(lambda: again(json.loads, lambda value: json.dumps(value, **written)))

    def headers(self, rng: random.Random, data: bytes) -> Any:
        for module in self.modules.values():
            yield outcome(lambda module=module: module["form_reader"].split_headers(data))
        yield outcome(lambda: list(multipart.MultipartDecoder(b"b")._parse_headers(data)))

    def multipart(self, rng: random.Random, data: bytes) -> Any:
        limits: dict[str, Any] = {"cls": MultiDict}
        size = 1 << 20
        if not rng.randrange(3):
            # A limit on what is held is met in other places when the body is cut otherwise.
            limits |= {"max_form_memory_size": rng.randrange(1, 600), "max_form_parts": rng.randrange(4)}
        for build, module in self.modules.items():
            cut = size if "max_form_memory_size" in limits else rng.choice([1, 2, 7, 50, size])
            yield outcome(lambda module=module, cut=cut: form(module["formparser"].MultiPartParser, data, cut, limits))
            del build
        yield outcome(lambda: form(werkzeug.formparser.MultiPartParser, data, size, limits))

    def run(self, seed: int) -> str | None:
        """One input to one subject; what went wrong, if anything did."""
        subject, data, found = self.case(seed)
        *ours, expected = found
        if any(one != expected for one in ours):
            shown = "\n".join(map(repr, [*ours, expected]))
            return f"seed {seed}, {subject}: {data!r}\n{shown}"
        del ours, expected
        taken = lost(lambda: list(self.case(seed)[2]))
        return f"seed {seed}, {subject}: {data!r}\nlost {taken} blocks of memory" if taken else None

    def case(self, seed: int) -> tuple[str, bytes, Any]:
        """A subject, an input, and the outcomes, which come when they are asked for."""
        rng = random.Random(seed)
        subject = rng.choice(list(SEEDS))
        data = mutate(rng, SEEDS[subject])
        return subject, data, getattr(self, subject)(rng, data)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=0, help="the number of the first input")
    args = parser.parse_args()
    fuzz = Fuzz()
    done = 0
    stop = time.monotonic() + args.minutes * 60
    while done % 200 or time.monotonic() < stop:
        try:
            wrong = fuzz.run(args.seed + done)
        except Exception:
            wrong = f"seed {args.seed + done}\n{traceback.format_exc()}"
        if wrong:
            print(wrong)
            return 1
        done += 1
    print(f"{done} inputs, nothing differs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
