"""The plot: what stands in the tables, in one picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from . import drivers as names
from .results import Section
from .svg import INK, Area, Drawing, Scale, draw_value_axis
from .table import number

COLOURS = {
    names.OURS: "#0b6e4f",
    names.OURS_KEPT: "#64b89c",
    names.OURS_MANY: "#a9d8c6",
    names.GO: "#2f7fc1",
    names.GO_MANY: "#9cc3e4",
    names.CACHE_LINE: "#999999",
    names.BARE_WAKE: "#999999",
    names.BARE_COPIES: "#999999",
    names.LL_MP: "#c8553d",
    names.LL_MP_SPINNING: "#e6a08f",
    names.ICEORYX: "#8a6bb1",
    names.TACHYON: "#c9a227",
}
WIDTH, HEIGHT = 460, 260
"""Of a panel."""

Groups = dict[str, dict[str, float]]
"""Bars: a group's name, then a value a peer."""
Lines = dict[str, list[tuple[float, float]]]
"""Points, a line a peer."""


def draw(sections: Sequence[Section]) -> str:
    """Return the picture of all that was measured."""
    sheet = _Sheet(sections)
    sheet.bars("pipeline", "A message's way in one thread: ns, by size (log)", _totals, True)
    sheet.bars("round trip", "There and back, spinning: ns (log)", _titles, True)
    sheet.bars("waking", "Send to wake through a sleeping broker: us (log)", _wakes, True)
    sheet.lines("throughput", "Through the broker: million messages/s, by senders", _counts, False)
    sheet.lines("idle clients", "A message alone: ns, by idle clients (log)", _counts, True)
    sheet.lines("memory", "Memory: MiB, by million messages (log)", _over_messages, True)
    return str(sheet.drawing)


class _Sheet:
    """Panels, two in a row."""

    def __init__(self, sections: Sequence[Section]) -> None:
        self.drawing = Drawing(2 * WIDTH, 3 * HEIGHT)
        self._found = {section.name: section for section in sections}
        self._panels = 0

    def bars(self, name: str, title: str, pick: Callable[[Section], Groups], log: bool) -> None:
        """Draw a panel of bars."""
        area, section = self._panel(name, title)
        if section is not None:
            groups = pick(section)
            self._legend(area, list(dict.fromkeys(peer for g in groups.values() for peer in g)))
            _draw_bars(self.drawing, area, groups, log)

    def lines(self, name: str, title: str, pick: Callable[[Section], Lines], log: bool) -> None:
        """Draw a panel of lines."""
        area, section = self._panel(name, title)
        if section is not None:
            lines = pick(section)
            self._legend(area, list(lines))
            _draw_lines(self.drawing, area, lines, log)

    def _panel(self, name: str, title: str) -> tuple[Area, Section | None]:
        x, y = WIDTH * (self._panels % 2), HEIGHT * (self._panels // 2)
        self._panels += 1
        self.drawing.text(x + 12, y + 20, title, size=13, bold=True)
        if name not in self._found:
            self.drawing.text(x + 52, y + 80, "not measured")
        return Area(x + 52, y + 58, WIDTH - 66, HEIGHT - 90), self._found.get(name)

    def _legend(self, area: Area, peers: list[str]) -> None:
        at = area.x - 40
        for peer in peers:
            self.drawing.rectangle(at, area.y - 27, 9, 9, COLOURS[peer])
            self.drawing.text(at + 12, area.y - 19, peer, size=10)
            at += 22 + 5.3 * len(peer)


# ------------------------------------------------------------------- data


def _groups(section: Section, named: dict[str, str]) -> Groups:
    """Return figures as groups of bars, under other names."""
    groups: Groups = {}
    for title, name in named.items():
        figure = section.figure(title)
        if figure is not None:
            medians = {peer: figure.median(peer) for peer in section.peers}
            groups[name] = {peer: value for peer, value in medians.items() if value is not None}
    return groups


def _totals(section: Section) -> Groups:
    titles = [figure.title for figure in section.figures if figure.title.endswith(", total")]
    return _groups(section, {title: title.removesuffix(", total") for title in titles})


def _titles(section: Section) -> Groups:
    return _groups(section, {figure.title: figure.title for figure in section.figures})


def _wakes(section: Section) -> Groups:
    return _groups(section, {"send to wake, p50": "p50", "send to wake, p99": "p99"})


def _counts(section: Section) -> Lines:
    """Return figures whose titles start with a number as points."""
    lines: Lines = {}
    for figure in section.figures:
        for peer in section.peers:
            value = figure.median(peer)
            if value is not None:
                lines.setdefault(peer, []).append((float(figure.title.split()[0]), value))
    return lines


def _over_messages(section: Section) -> Lines:
    lines: Lines = {}
    for row in section.rows:
        if row["bench"] == "memory":
            point = (row["messages"] / 1e6, row["total"])
            lines.setdefault(row["peer"], []).append(point)
    return lines


# ---------------------------------------------------------------- drawing


def _draw_bars(drawing: Drawing, area: Area, groups: Groups, log: bool) -> None:
    scale = Scale.around([v for group in groups.values() for v in group.values()], log)
    draw_value_axis(drawing, area, scale)
    wide = area.width / max(1, len(groups))
    for place, (name, values) in enumerate(groups.items()):
        left = area.x + place * wide
        bar = min(0.86 * wide / max(1, len(values)), 40)
        start = left + (wide - bar * len(values)) / 2
        for i, (peer, value) in enumerate(values.items()):
            height = area.height * scale.place(value)
            top = area.y + area.height - height
            drawing.rectangle(start + i * bar, top, bar - 2, height, COLOURS[peer])
            drawing.text(start + (i + 0.5) * bar - 1, top - 3, number(value), "middle", 8)
        drawing.text(left + wide / 2, area.y + area.height + 16, name, "middle", 11)
    _base(drawing, area)


def _draw_lines(drawing: Drawing, area: Area, lines: Lines, log: bool) -> None:
    points = [point for line in lines.values() for point in line]
    scale = Scale.around([y for _, y in points], log)
    draw_value_axis(drawing, area, scale)
    counts = sorted({x for x, _ in points})
    # A few counts stand at equal distances, many lie where they belong.
    few = len(counts) <= 8
    for peer, line in lines.items():
        places = []
        for x, y in line:
            share = (counts.index(x) + 0.5) / len(counts) if few else x / counts[-1]
            across = area.x + area.width * share
            places.append((across, area.y + area.height * (1 - scale.place(y))))
            if few:
                drawing.dot(*places[-1], COLOURS[peer])
                drawing.text(across, places[-1][1] - 6, number(y), "middle", 8)
        drawing.line(places, COLOURS[peer], 2)
    at = counts if few else [counts[-1] * i / 4 for i in range(5)]
    for i, count in enumerate(at):
        share = (i + 0.5) / len(at) if few else i / 4
        across = area.x + area.width * share
        drawing.text(across, area.y + area.height + 16, f"{count:g}", "middle", 11)
    _base(drawing, area)


def _base(drawing: Drawing, area: Area) -> None:
    bottom = area.y + area.height
    drawing.line([(area.x, bottom), (area.x + area.width, bottom)], INK)
