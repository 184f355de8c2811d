"""Converters with arguments that no application should give: as Werkzeug takes or refuses them."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import werkzeug.routing

from samples import some

Load = Callable[[str], ModuleType]
HUGE = 10**20
LIMIT = 2**32 - 1
"""Where repetitions are too many for `re`."""

NUMBERS = [*(HUGE, -HUGE, 0, -1, 3, LIMIT - 1, LIMIT, LIMIT + 1, 2**31, 2**63 - 1, 2**63, 10**9 - 1, 10**9)]
TEXTS = [*map(str, NUMBERS), *("1.5", "True", "None", "'2'", "'x'", "1e3", "inf", "nan", "007", "1_0", "9" * 5000)]
ARGUMENTS = {
    "string": [
        *(f"{name}={text}" for name in ("length", "minlength", "maxlength") for text in TEXTS),
        *("minlength=0,maxlength=0", "minlength=3,maxlength=1", "length=2,minlength=5", "1,2", "2,1", "0", "1,2,3"),
        *(f"minlength={HUGE},maxlength=1", f"minlength=1,maxlength={HUGE}", f"minlength={HUGE},maxlength={HUGE}"),
        *(f"minlength={LIMIT - 1},maxlength={LIMIT - 1}", f"minlength=0,maxlength={LIMIT}"),
    ],
    "int": [
        *(f"{name}={text}" for name in ("min", "max") for text in TEXTS),
        # A number that memory would hold is one that `zfill` fills.
        *(
            f"fixed_digits={text}"
            for text in (HUGE, -HUGE, 2**63, 0, -1, 3, "1.5", "2.0", "True", "None", "'2'", "nan")
        ),
        *(
            "min=5,max=2",
            "signed=True",
            "signed=True,min=-5,max=-2",
            "signed=True,fixed_digits=3",
            "signed='x'",
            "3,1,5",
        ),
        *("signed=True,fixed_digits=-1", f"signed=True,min=-{HUGE}", f"signed=True,max=-{HUGE}"),
    ],
    "float": [
        *(f"{name}={text}" for name in ("min", "max") for text in TEXTS),
        *("max=-1e400", "min=0.0,max=0.0", "min=-0.0", "signed=True", "signed=True,max=-1.5", "1,2", "min=5,max=2"),
        *(f"min={10**400}", f"max={10**400}"),
    ],
    "any": ["", "1", "1,2", "1.5", "True", "None", "-1", str(HUGE), "''", "a,a", "'a|b'", "'a/b',c", "'é'"],
    "path": ["1", "length=1"],
    "uuid": ["1"],
}
PATTERNS = ["/%s", "/pre-%s.txt", "/%s-%s"]
SEGMENTS = [
    *(
        "",
        "a",
        "ab",
        "abc",
        "0",
        "1",
        "3",
        "00",
        "001",
        "-1",
        "-5",
        "-001",
        "1.0",
        "0.0",
        "-1.5",
        "2.5",
        "1.0e5",
        "inf",
    ),
    *(
        str(HUGE),
        str(HUGE + 1),
        str(-HUGE - 1),
        "9" * 4301,
        "-" + "9" * 5000,
        "9" * 400 + ".0",
        "\u0663",
        "\u0663.\u0665",
        "²",
        "a/b",
    ),
]
VALUES: list[Any] = [
    *(0, 1, 3, -1, HUGE, -HUGE, 10**400, 10**5000, 1.5, -0.0, 1e300, float("inf"), float("nan"), True, None),
    *("", "a", "abc", "1", "-1", "1.5", "inf", "9" * 5000, "é", "a/b", b"1", [], [1]),
]


def outcome(function: Callable[[], Any]) -> Any:
    """What comes back, with its class, or the error."""
    try:
        return repr(function())
    except Exception as error:
        return type(error).__name__, re.sub(r"bolthead|werkzeug", "", str(error))


def outcomes(routing: Any, rule: str) -> Any:
    made: list[Any] = []
    refused = outcome(lambda: made.append(routing.Map([routing.Rule(rule, endpoint="odd"), routing.Rule("/other")])))
    if not made:
        return refused
    bound = made[0].bind("h")
    names = re.findall(r"(\w+)>", rule)
    literal = re.sub("<.*?>", "%s", rule)
    found = [outcome(lambda: bound.build("odd", dict.fromkeys(names, VALUES[0])))]
    for segment in SEGMENTS:
        found.append(outcome(lambda segment=segment: bound.match(literal % ((segment,) * len(names)))))  # type: ignore[misc]
    found.append(outcome(lambda: bound.match("/other")))
    for value in VALUES * 2:
        found.append(outcome(lambda value=value: bound.build("odd", dict.fromkeys(names, value))))  # type: ignore[misc]
    return found


@pytest.mark.parametrize("name", ARGUMENTS)
@pytest.mark.parametrize("pattern", PATTERNS)
def test_as_werkzeug(load: Load, name: str, pattern: str) -> None:
    ours = load("bolthead.routing")
    for arguments in some(ARGUMENTS[name], name, pattern):
        variables = [f"<{name}({arguments}):x{nth}>" for nth in range(pattern.count("%s"))]
        rule = pattern % tuple(variables)
        assert outcomes(ours, rule) == outcomes(werkzeug.routing, rule), rule[:200]
