"""Many random templates: ``python tests/fuzz/templates.py --count 100000``, with BOLTHEAD_PURE=1 for the pure build.

A difference between Jinja's environment and ours is printed with its number and ends the run with status 1.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bolthead import _core
from core.templates.test_differential import difference


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--count", type=int, default=100_000)
    options = parser.parse_args()
    # Python's own about odd expressions, such as a call of a number.
    warnings.simplefilter("ignore", SyntaxWarning)
    for number in range(options.first, options.first + options.count):
        said = difference(number)
        if said:
            print(said)
            return 1
    print(f"{options.count} templates from {options.first} on, {_core.build_name()}: no difference")
    return 0


if __name__ == "__main__":
    sys.exit(main())
