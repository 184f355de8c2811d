"""Horizontal bars as SVG: all that the documentation's plots need."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

INK, FAINT, PAPER = "#1f2430", "#d8dce3", "#ffffff"
DARK_INK, DARK_FAINT, DARK_PAPER = "#d5d9df", "#3a3f47", "#131416"
COLOURS = {
    "compiled": "#3d7fc4",
    "pure": "#8fb8de",
    "bolthead": "#3d7fc4",
    "flask": "#c2703d",
    "falcon": "#7a9a3a",
    "bottle": "#9b6fb0",
    "bare": "#8a919e",
}
LABELS = {"compiled": "bolthead, compiled", "pure": "bolthead, pure", "flask": "Flask", "falcon": "Falcon"}
LABELS |= {"bottle": "Bottle", "django": "Django", "bare": "bare WSGI callable"}

WIDTH, LEFT, RIGHT = 440, 10, 58
BAR, LINE, BETWEEN = 14, 18, 10
"""Heights of a bar, of a line of text, and of the space between groups; the width is that of a phone."""
LETTERS = 58
"""What fits on a line of a label."""

STYLE = (
    f"<style>svg{{fill:{INK}}}.p{{fill:{PAPER}}}.f{{stroke:{FAINT}}}"
    + "".join(f".{name}{{fill:{colour}}}" for name, colour in COLOURS.items())
    + f"@media(prefers-color-scheme:dark){{svg{{fill:{DARK_INK}}}.p{{fill:{DARK_PAPER}}}.f{{stroke:{DARK_FAINT}}}"
    + ".flask{fill:#d68a58}}</style>"
)


@dataclass
class Group:
    """A label, and below it a bar for each series that has a value here."""

    label: str
    values: dict[str, float]

    @property
    def lines(self) -> list[str]:
        """The label, on as many lines as it needs."""
        return textwrap.wrap(self.label, LETTERS)


def steps(top: float) -> list[float]:
    """Places for the grid, at most eight, at round numbers."""
    size = 1.0
    while top / size > 8:
        for factor in (2, 2.5, 2):
            size *= factor
            if top / size <= 8:
                break
    return [size * n for n in range(int(top / size) + 1)]


def text(x: float, y: float, said: str, anchor: str = "start", size: int = 14, more: str = "") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"'
    return f"<text {place}{more}>{escape(said)}</text>"


def legend(series: Sequence[str], top: int) -> tuple[list[str], int]:
    """The series with their colours from *top* on, and where they end."""
    out, x, y = [], float(LEFT), top
    for name in series:
        label = LABELS.get(name, name)
        long = 28 + 7.6 * len(label)
        if x + long > WIDTH and x > LEFT:
            x, y = float(LEFT), y + LINE + 2
        out.append(f'<rect x="{x:.1f}" y="{y - 11}" width="12" height="12" class="{name}"/>')
        out.append(text(x + 17, y, label))
        x += long
    return out, y


def bars(title: str, unit: str, groups: Sequence[Group], digits: int = 1) -> str:
    """A plot of *groups*, as wide as a phone; its colours follow the reader's preference for light or dark."""
    series = [name for name in COLOURS if any(name in group.values for group in groups)]
    scale = (WIDTH - LEFT - RIGHT) / (max(max(group.values.values()) for group in groups) * 1.02)
    explained, start = legend(series, 50)
    start += LINE
    height = start + sum(LINE * len(group.lines) + len(group.values) * BAR + BETWEEN for group in groups) + 6
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"',
        '     font-family="system-ui, sans-serif" role="img">',
        f"<title>{escape(title)}</title>",
        STYLE,
        f'<rect width="{WIDTH}" height="{height}" rx="6" class="p"/>',
        text(LEFT, 24, title, size=16, more=' font-weight="600"'),
        *explained,
    ]
    for place in steps((WIDTH - LEFT - RIGHT) / scale):
        out.append(f'<path d="M{LEFT + place * scale:.1f} {start}V{height - 6}" class="f"/>')
    y = start
    for group in groups:
        for line in group.lines:
            out.append(text(LEFT, y + LINE - 5, line))
            y += LINE
        for name in series:
            if name not in group.values:
                continue
            value = group.values[name]
            long = max(value * scale, 1)
            out.append(f'<rect x="{LEFT}" y="{y}" width="{long:.1f}" height="{BAR - 2}" class="{name}"/>')
            out.append(text(LEFT + long + 5, y + BAR - 3, f"{value:,.{digits}f}{unit}", size=12))
            y += BAR
        y += BETWEEN
    out.append("</svg>\n")
    return "\n".join(out)
