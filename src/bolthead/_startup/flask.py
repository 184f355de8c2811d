"""What ``import flask`` finds in a child of ``python -m bolthead.as_flask``: this directory comes first on its path.

Nothing of bolthead is imported until then.
"""

from __future__ import annotations

import os
import sys
import warnings


def become_bolthead() -> None:
    # Out of the way of the second import, below.
    this = sys.modules.pop("flask", None)
    try:
        from bolthead import as_flask
    except ModuleNotFoundError as error:
        if error.name != "bolthead":
            raise
        # The parent had bolthead from a directory that is not on this process's path.
        sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
        from bolthead import as_flask
    as_flask.install()
    import flask

    if this is not None:
        as_flask.become(this, flask)
    # What follows may be `python -m bolthead.as_flask`, which then is loaded already.
    warnings.filterwarnings("ignore", "'bolthead.as_flask' found in sys.modules", RuntimeWarning)


become_bolthead()
if __name__ == "__main__":
    # `python -m flask` found this file.
    import runpy

    runpy.run_module("flask", run_name="__main__", alter_sys=True)
