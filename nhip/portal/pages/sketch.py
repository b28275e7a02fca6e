"""A sketch of where the rows lie: points in their true proportions, drawn by the server, without tiles or scripts."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, radians

from markupsafe import Markup, escape

At = tuple[float, float]
_WIDE, _MOST_HIGH = 320.0, 400.0
_EDGE = 8.0


def sketch(points: Sequence[At], label: str, lines: Sequence[Sequence[At]] = ()) -> Markup:
    """SVG of longitudes and latitudes; north is up, a degree of longitude is as long as it is at this latitude."""
    everywhere = [*points, *(at for line in lines for at in line)]
    west, east = min(x for x, _y in everywhere), max(x for x, _y in everywhere)
    south, north = min(y for _x, y in everywhere), max(y for _x, y in everywhere)
    narrow = cos(radians((south + north) / 2))
    scale = min(
        (_WIDE - 2 * _EDGE) / max((east - west) * narrow, 1e-6),
        (_MOST_HIGH - 2 * _EDGE) / max(north - south, 1e-6),
        1e5,
    )
    high = max(48.0, (north - south) * scale + 2 * _EDGE)
    left = (_WIDE - (east - west) * narrow * scale) / 2

    def placed(at: At) -> At:
        return left + (at[0] - west) * narrow * scale, high - _EDGE - (at[1] - south) * scale

    places = dict.fromkeys(placed(at) for at in points)
    dots = "".join(f'<circle class="last" cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>' for x, y in places)
    edges = "".join("M" + "L".join("{:.0f} {:.0f}".format(*placed(at)) for at in line) for line in lines)
    if edges:
        dots = f'<path class="line" d="{edges}"/>{dots}'
    frame = (
        f'<svg class="chart" role="img" width="100%" viewBox="0 0 {_WIDE:g} {high:.0f}" aria-label="{escape(label)}">'
    )
    return Markup(f"{frame}{dots}</svg>")  # noqa: S704 - numbers only, and the label is escaped
