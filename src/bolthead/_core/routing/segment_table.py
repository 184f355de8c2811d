"""The literal segments that may follow a state, with the states behind them.

The compiled version, ``segment_table.pyx``, looks a segment up by the characters of a path, without making a string.
"""

from __future__ import annotations

SegmentTable = dict
"""By text. Compiled, it has ``get``, ``[]`` and ``copy``."""
