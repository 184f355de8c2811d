"""The literal segments that may follow a state, with the states behind them: the twin of ``fan.pyx``.

What lives here a type card cannot express: compiled, a segment is looked up by the letters of a path, where they are.
"""

from __future__ import annotations

SegmentTable = dict
"""By text. Compiled, it has ``get`` and ``[]``, and takes each text once."""
