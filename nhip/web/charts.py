"""Small charts drawn by the server: one ink, one accent, direct labels, a text alternative made from the numbers.

Every function returns Markup. Colours come from the style sheet by class, so that both themes and print work; nothing is
an inline style (the content security policy forbids it). Across, places are percent, so that a chart fills its column
while its letters keep their size; down, they are pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

from markupsafe import Markup, escape

from nhip.kernel.time import VIETNAM
from nhip.web import formats
from nhip.web.i18n import translate as _

Value = float | int | None
Points = Sequence[tuple[float, float] | None]
_FEWEST_STEPS, _MANY_STEPS, _LONG = 6, 8.0, 5.0
"""A pause: so many times the usual step, at least so many hundredths of the width; with few values nobody knows what is usual."""
_LEFT, _WIDE = 1.0, 98.0
_HEAD, _FOOT = 44.0, 22.0


def _svg(height: float, label: str, kind: str, body: str) -> Markup:
    head = f'<svg class="chart {kind}" role="img" width="100%" height="{height:g}" aria-label="{escape(label)}">'
    return Markup(f"{head}{body}</svg>")  # noqa: S704 - every text in `body` is escaped


def _stretched(height: float, body: str) -> str:
    """Lines that are stretched to the width of the chart; their strokes are not."""
    box = f'viewBox="0 0 100 {height:g}" preserveAspectRatio="none" width="100%" height="{height:g}"'
    return f"<svg {box}>{body}</svg>"


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start", dx: float = 0) -> str:
    return f'<text x="{x:.2f}%" y="{y:.1f}" dx="{dx:g}" text-anchor="{anchor}" class="{kind}">{escape(text)}</text>'


def _dot(x: float, y: float) -> str:
    return f'<circle class="last" cx="{x:.2f}%" cy="{y:.1f}" r="4"/>'


def _rule(y: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{_LEFT}%" x2="{_LEFT + _WIDE}%" y1="{y:.1f}" y2="{y:.1f}"/>'


def _with_unit(value: Value, unit: str) -> str:
    text = formats.number(value if value is None else round(value, 2))
    return f"{text} {unit}".strip()


def _told(label: str, values: Sequence[float], unit: str) -> str:
    """The text alternative of a row of values."""
    if not values:
        return _("{label}: no values yet", label=label)
    return _(
        "{label}: {n} values, lowest {low}, highest {high}, last {last}",
        label=label,
        n=len(values),
        low=_with_unit(min(values), unit),
        high=_with_unit(max(values), unit),
        last=_with_unit(values[-1], unit),
    )


def _path(points: Points, kind: str = "line") -> str:
    """A line; a None breaks it, so that a gap is seen as one."""
    parts = []
    for run in _runs(points):
        parts += [f"{'L' if place else 'M'}{x:.2f} {y:.1f}" for place, (x, y) in enumerate(run)]
        if len(run) == 1:
            parts.append("h0")  # a dot, as lines end round
    return f'<path class="{kind}" d="{"".join(parts)}"/>'


def _runs(points: Points) -> list[list[tuple[float, float]]]:
    """The stretches between the gaps."""
    runs: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return [run for run in runs if run]


def _with_pauses(line: Points) -> Points:
    """With a None where nothing was known for much longer than usual: a line there would tell what nobody measured."""
    known = [point[0] for point in line if point is not None]
    steps = sorted(right - left for left, right in pairwise(known))
    if len(steps) < _FEWEST_STEPS:
        return line
    most = max(_MANY_STEPS * steps[len(steps) // 2], _LONG)
    made: list[tuple[float, float] | None] = []
    for point in line:
        if point is not None and made and made[-1] is not None and point[0] - made[-1][0] > most:
            made.append(None)
        made.append(point)
    return made


class _Scale:
    """From values to pixels down, between `head` and `foot`."""

    def __init__(self, values: Sequence[float], height: float, head: float, foot: float) -> None:
        self.low, self.high = min(values), max(values)
        self._span = (self.high - self.low) or 1.0
        self._bottom, self._room = height - foot, height - head - foot

    def y(self, value: float) -> float:
        return self._bottom - (value - self.low) / self._span * self._room


def sparkline(
    values: Sequence[Value], label: str, unit: str = "", *, low: float | None = None, high: float | None = None
) -> Markup:
    """A word-sized line, oldest value first; the last one has a dot. `low` and `high` fix the scale (0-100 for virtues)."""
    known = [v for v in values if v is not None]
    bounds = [edge for edge in (low, high) if edge is not None]
    told = escape(_told(label, known, unit))
    return Markup(f'<svg class="chart sparkline" role="img" viewBox="0 0 96 24" aria-label="{told}">{{}}</svg>').format(  # noqa: S704
        _spark(values, [*known, *bounds]) if known else ""
    )


def _spark(values: Sequence[Value], every: Sequence[float]) -> Markup:
    scale = _Scale(every, 24, 4, 4)
    step = 88 / max(1, len(values) - 1)
    points = [None if v is None else (4 + place * step, scale.y(v)) for place, v in enumerate(values)]
    body = _path(points)
    if points[-1] is not None:
        body += f'<circle class="last" cx="{points[-1][0]:.1f}" cy="{points[-1][1]:.1f}" r="2.5"/>'
    return Markup(body)  # noqa: S704 - numbers only


def series(
    points: Sequence[tuple[datetime | date, Value]],
    label: str,
    unit: str = "",
    *,
    zero: bool = True,
    target: float | None = None,
    band: Sequence[tuple[float, float]] = (),
) -> Markup:
    """Values over time. `zero=False` lets the scale begin above 0; `band` is the (low, high) of each point, its uncertainty."""
    height = 190.0
    caption = _text(_LEFT, 14, f"{label}, {unit}" if unit else label, "quiet")
    known = [v for _at, v in points if v is not None]
    if len(known) < 2:
        body = caption + _text(_LEFT, height / 2, _("Too few values for a line"))
        return _svg(height, _told(label, known, unit), "series", body)
    edges = [edge for pair in band for edge in pair]
    every = [*known, *edges, *([target] if target is not None else []), *([0.0] if zero else [])]
    scale = _Scale(every, height, _HEAD, _FOOT)
    xs = _across([moment for moment, _v in points])
    line = _with_pauses([None if v is None else (x, scale.y(v)) for x, (_at, v) in zip(xs, points, strict=True)])
    reach = _("from {low} to {high}", low=_with_unit(min(known), unit), high=_with_unit(max(known), unit))
    body = caption + _text(_LEFT, 30, reach, "quiet") + _rule(scale.y(scale.low), "axis")
    body += _stretched(height, _band(xs, band, scale) + _path(line))
    body += _target(target, scale, unit) + _ends(line, known[-1], unit)
    first, last = _edges(points[0][0], points[-1][0])
    body += _text(_LEFT, height - 5, first, "quiet") + _text(_LEFT + _WIDE, height - 5, last, "quiet", "end")
    return _svg(height, _told(label, known, unit), "series", body)


def _edges(first: datetime | date, last: datetime | date) -> tuple[str, str]:
    """When a line begins and ends: the days, with the time of day where they are less than two days apart."""
    if isinstance(first, datetime) and isinstance(last, datetime) and last - first < timedelta(days=2):
        return formats.datetime_(_aware(first)), formats.datetime_(_aware(last))
    return formats.date_(first), formats.date_(last)


def _aware(moment: datetime) -> datetime:
    """A moment without a zone is Vietnam's time."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=VIETNAM)


def _across(moments: Sequence[datetime | date]) -> list[float]:
    seconds = [m.timestamp() if isinstance(m, datetime) else m.toordinal() * 86_400.0 for m in moments]
    span = (seconds[-1] - seconds[0]) or 1.0
    return [_LEFT + (second - seconds[0]) / span * _WIDE for second in seconds]


def _band(xs: Sequence[float], edges: Sequence[tuple[float, float]], scale: _Scale) -> str:
    if not edges:
        return ""
    upper = [(x, scale.y(high)) for x, (_low, high) in zip(xs, edges, strict=True)]
    lower = [(x, scale.y(low)) for x, (low, _high) in zip(xs, edges, strict=True)]
    return _path([*upper, *reversed(lower)], "band")


def _target(target: float | None, scale: _Scale, unit: str) -> str:
    if target is None:
        return ""
    words = _("target {value}", value=_with_unit(target, unit))
    return _rule(scale.y(target), "target") + _text(_LEFT, scale.y(target) - 6, words, "quiet")


def _ends(line: Points, value: float, unit: str) -> str:
    """The last known point with its value above it."""
    x, y = next(point for point in reversed(line) if point is not None)
    return _dot(x, y) + _text(x, y - 10, _with_unit(value, unit), "value", "end", dx=4)


def bars(items: Sequence[tuple[str, Value]], label: str, unit: str = "") -> Markup:
    """Horizontal bars from zero, each with its name above and its value beside; the order is yours."""
    row = 44.0
    longest = max((abs(v) for _name, v in items if v is not None), default=0.0) or 1.0
    body = ""
    for place, (name, value) in enumerate(items):
        top, long = place * row, abs(value or 0) / longest * 72
        body += _text(0, top + 15, name)
        body += f'<rect class="bar" x="0" y="{top + 22:.1f}" width="{long:.2f}%" height="14"/>'
        body += _text(long, top + 34, _with_unit(value, unit), "value", dx=8)
    told = "; ".join(f"{name} {_with_unit(value, unit)}" for name, value in items)
    return _svg(max(row, row * len(items)), f"{label}: {told}" if items else _told(label, [], unit), "bars", body)


def histogram(counts: Sequence[int], edges: Sequence[float], label: str, unit: str = "") -> Markup:
    """How often values fall between neighbouring `edges` (one more than `counts`); heights begin at zero."""
    height = 150.0
    caption = _text(0, 14, label, "quiet")
    if not counts:
        return _svg(height, _told(label, [], unit), "histogram", caption)
    scale = _Scale([0, *counts], height, _HEAD, _FOOT)
    step, peak = 100 / len(counts), counts.index(max(counts))
    body = caption
    for place, count in enumerate(counts):
        top = scale.y(count)
        size = f'width="{step * 0.94:.2f}%" height="{height - _FOOT - top:.1f}"'
        body += f'<rect class="bar" x="{place * step:.2f}%" y="{top:.1f}" {size}/>'
    middle = min(max((peak + 0.5) * step, 6), 94)
    body += _text(middle, scale.y(counts[peak]) - 6, formats.number(counts[peak]), "value", "middle")
    body += _text(0, height - 5, _with_unit(edges[0], unit), "quiet")
    body += _text(100, height - 5, _with_unit(edges[-1], unit), "quiet", "end")
    return _svg(height, _histogram_told(counts, edges, label, unit), "histogram", body)


def _histogram_told(counts: Sequence[int], edges: Sequence[float], label: str, unit: str) -> str:
    peak = counts.index(max(counts))
    return _(
        "{label}: {n} values from {low} to {high}, most between {a} and {b}",
        label=label,
        n=sum(counts),
        low=_with_unit(edges[0], unit),
        high=_with_unit(edges[-1], unit),
        a=_with_unit(edges[peak], unit),
        b=_with_unit(edges[peak + 1], unit),
    )


def multiples(groups: Sequence[tuple[str, Sequence[Value]]], label: str, unit: str = "") -> Markup:
    """The same small line for many groups on one shared scale that begins at zero, as a list with the last values."""
    known = [v for _name, values in groups for v in values if v is not None]
    top = max(known, default=1.0)
    items = ""
    for name, values in groups:
        last = next((v for v in reversed(values) if v is not None), None)
        line = sparkline(values, name, unit, low=min(0.0, *known, 0.0), high=top)
        items += f"<li><span>{escape(name)}</span>{line}<b>{escape(_with_unit(last, unit))}</b></li>"
    return Markup(f'<ul class="multiples" aria-label="{escape(label)}">{items}</ul>')  # noqa: S704 - texts are escaped
