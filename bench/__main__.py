"""The command line of the bench."""

from __future__ import annotations

import argparse
import sys

from . import inprocess


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    inprocess.options(top)
    return top


def main() -> int:
    args = parser().parse_args()
    return inprocess.main(args)


if __name__ == "__main__":
    sys.exit(main())
