"""Horizontal bars as SVG: all that the documentation's plots need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

INK, FAINT, PAPER = "#1f2430", "#d8dce3", "#ffffff"
COLOURS = {
    "compiled": "#2563a8",
    "pure": "#8fb8de",
    "bolthead": "#2563a8",
    "flask": "#c2703d",
    "falcon": "#7a9a3a",
    "bottle": "#9b6fb0",
    "bare": "#8a919e",
}
LABELS = {"compiled": "bolthead, compiled", "pure": "bolthead, pure", "flask": "Flask", "falcon": "Falcon"}
LABELS |= {"bottle": "Bottle", "bare": "bare WSGI callable"}

WIDTH, LEFT, RIGHT = 820, 352, 56
BAR, BETWEEN, TOP = 11, 9, 74


@dataclass
class Group:
    """One line of the plot: a label and a bar for each series that has a value here; *marks* are goals."""

    label: str
    values: dict[str, float]
    marks: dict[str, float] = field(default_factory=dict)


def steps(top: float) -> list[float]:
    """Places for the grid, at most eight, at round numbers."""
    size = 1.0
    while top / size > 8:
        for factor in (2, 2.5, 2):
            size *= factor
            if top / size <= 8:
                break
    return [size * n for n in range(int(top / size) + 1)]


def text(x: float, y: float, said: str, anchor: str = "start", size: int = 12, more: str = "") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"'
    return f"<text {place}{more}>{escape(said)}</text>"


def bars(title: str, unit: str, groups: Sequence[Group], digits: int = 1) -> str:
    """A plot of *groups*; a thin line across a bar is the goal it has."""
    series = [name for name in COLOURS if any(name in group.values for group in groups)]
    top = max(max([*group.values.values(), *group.marks.values()]) for group in groups) * 1.02
    scale = (WIDTH - LEFT - RIGHT) / top
    height = TOP + sum(len(group.values) * BAR + BETWEEN for group in groups) + 14
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"',
        f'     font-family="system-ui, sans-serif" fill="{INK}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" rx="6" fill="{PAPER}"/>',
        text(16, 24, title, size=15, more=' font-weight="600"'),
    ]
    x = 16.0
    for name in series:
        label = LABELS.get(name, name)
        out.append(f'<rect x="{x:.1f}" y="37" width="11" height="11" fill="{COLOURS[name]}"/>')
        out.append(text(x + 16, 47, label))
        x += 30 + 6.6 * len(label)
    if any(group.marks for group in groups):
        out.append(f'<path d="M{x + 5:.1f} 35v15" stroke="{INK}" stroke-width="2"/>')
        out.append(text(x + 12, 47, "target"))
    for place in steps(top):
        at = LEFT + place * scale
        out.append(f'<path d="M{at:.1f} {TOP - 6}V{height - 12}" stroke="{FAINT}"/>')
        out.append(text(at, TOP - 10, f"{place:,g}{unit}", "middle", 10))
    y = float(TOP)
    for group in groups:
        tall = len(group.values) * BAR
        out.append(text(LEFT - 8, y + tall / 2 + 4, group.label, "end"))
        for name in series:
            if name not in group.values:
                continue
            value = group.values[name]
            long = max(value * scale, 1)
            out.append(f'<rect x="{LEFT}" y="{y:.1f}" width="{long:.1f}" height="{BAR - 1}" fill="{COLOURS[name]}"/>')
            if name in group.marks:
                at = LEFT + group.marks[name] * scale
                out.append(f'<path d="M{at:.1f} {y - 1:.1f}v{BAR + 1}" stroke="{INK}" stroke-width="2"/>')
            halo = f' stroke="{PAPER}" stroke-width="3" paint-order="stroke"'
            out.append(text(LEFT + long + 4, y + BAR - 2, f"{value:,.{digits}f}", size=10, more=halo))
            y += BAR
        y += BETWEEN
    out.append("</svg>\n")
    return "\n".join(out)
