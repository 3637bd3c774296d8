"""Just enough of SVG to draw bars and lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

FONT = "system-ui, sans-serif"
INK, FAINT = "#222", "#ddd"
Anchor = Literal["start", "middle", "end"]


class Drawing:
    """Elements on a white sheet."""

    def __init__(self, width: float, height: float) -> None:
        self._size = width, height
        self._elements: list[str] = []
        self.rectangle(0, 0, width, height, "#fff")

    def rectangle(self, x: float, y: float, width: float, height: float, fill: str) -> None:
        """Fill a rectangle."""
        self._add("rect", x=x, y=y, width=width, height=height, fill=fill)

    def line(self, points: Sequence[tuple[float, float]], stroke: str, width: float = 1) -> None:
        """Draw a line through points."""
        path = " ".join(f"{_short(x)},{_short(y)}" for x, y in points)
        self._add("polyline", points=path, fill="none", stroke=stroke, stroke_width=width)

    def dot(self, x: float, y: float, fill: str) -> None:
        """Draw a dot."""
        self._add("circle", cx=x, cy=y, r=2.5, fill=fill)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        anchor: Anchor = "start",
        size: int = 11,
        bold: bool = False,
    ) -> None:
        """Write a line of text."""
        weight = {"font_weight": "bold"} if bold else {}
        self._add(
            "text", escape(text), x=x, y=y, text_anchor=anchor, font_size=size, fill=INK, **weight
        )

    def _add(self, name: str, content: str = "", **attributes: float | str) -> None:
        words = " ".join(
            f'{key.replace("_", "-")}="{value if isinstance(value, str) else _short(value)}"'
            for key, value in attributes.items()
        )
        self._elements.append(
            f"<{name} {words}>{content}</{name}>" if content else f"<{name} {words}/>"
        )

    def __str__(self) -> str:
        width, height = self._size
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
            f'width="{width:g}" height="{height:g}" font-family="{FONT}">'
        )
        return "\n".join([head, *self._elements, "</svg>"]) + "\n"


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


@dataclass(frozen=True)
class Area:
    """Where a chart goes, its axis included."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Scale:
    """Values of an axis, and where on a stretch they lie."""

    low: float
    high: float
    log: bool

    @classmethod
    def around(cls, values: Sequence[float], log: bool) -> Scale:
        """Return a scale that has all values, from 0 or from a power of ten."""
        known = [value for value in values if value > 0]
        if not known:
            return cls(0, 1, False)
        if log:
            low = 10.0 ** math.floor(math.log10(min(known)))
            high = 10.0 ** math.ceil(math.log10(max(known) * 1.05))
            return cls(low, max(high, low * 10), True)
        step = _nice_step(max(known) * 1.05 / 5)
        return cls(0, step * math.ceil(max(known) * 1.05 / step), False)

    def place(self, value: float) -> float:
        """Return where a value lies, from 0 to 1."""
        if self.log:
            value = max(value, self.low)
            return math.log10(value / self.low) / math.log10(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Return the values that stand at the axis."""
        if self.log:
            first, last = round(math.log10(self.low)), round(math.log10(self.high))
            return [10.0**power for power in range(first, last + 1)]
        step = _nice_step(self.high / 5)
        return [step * i for i in range(round(self.high / step) + 1)]


def _nice_step(least: float) -> float:
    power: float = 10.0 ** math.floor(math.log10(least))
    return next(power * n for n in (1, 2, 5, 10) if power * n >= least * 0.999)


def draw_value_axis(drawing: Drawing, area: Area, scale: Scale) -> None:
    """Draw the vertical axis of an area, and its grid."""
    for tick in scale.ticks():
        y = area.y + area.height * (1 - scale.place(tick))
        drawing.line([(area.x, y), (area.x + area.width, y)], FAINT)
        drawing.text(area.x - 5, y + 4, f"{tick:,.10g}", "end", 10)
