"""A sketch of where the rows lie: points in their true proportions, drawn by the server, without tiles or scripts."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, radians

from markupsafe import Markup, escape

_WIDE, _MOST_HIGH = 320.0, 400.0
_EDGE = 8.0


def sketch(points: Sequence[tuple[float, float]], label: str) -> Markup:
    """SVG of longitudes and latitudes; north is up, a degree of longitude is as long as it is at this latitude."""
    west, east = min(x for x, _y in points), max(x for x, _y in points)
    south, north = min(y for _x, y in points), max(y for _x, y in points)
    narrow = cos(radians((south + north) / 2))
    scale = min(
        (_WIDE - 2 * _EDGE) / max((east - west) * narrow, 1e-6),
        (_MOST_HIGH - 2 * _EDGE) / max(north - south, 1e-6),
        1e5,
    )
    high = max(48.0, (north - south) * scale + 2 * _EDGE)
    left = (_WIDE - (east - west) * narrow * scale) / 2
    places = dict.fromkeys((left + (x - west) * narrow * scale, high - _EDGE - (y - south) * scale) for x, y in points)
    dots = "".join(f'<circle class="last" cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>' for x, y in places)
    frame = (
        f'<svg class="chart" role="img" width="100%" viewBox="0 0 {_WIDE:g} {high:.0f}" aria-label="{escape(label)}">'
    )
    return Markup(f"{frame}{dots}</svg>")  # noqa: S704 - numbers only, and the label is escaped
