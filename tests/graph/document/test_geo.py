"""Geometries, right and wrong."""

from __future__ import annotations

from math import cos, inf, nan, pi, sin
from random import Random
from time import process_time
from typing import Any

import pytest

from nhip.graph.document.faults import Fault
from nhip.graph.document.geo import bbox, read_geometry

SQUARE = [[0, 0], [0, 2], [2, 2], [2, 0], [0, 0]]


@pytest.mark.parametrize(
    ("kind", "coordinates", "box"),
    [
        ("Point", [108.2, 16.1], (108.2, 16.1, 108.2, 16.1)),
        ("Point", [108.2, 16.1, 5], (108.2, 16.1, 108.2, 16.1)),
        ("MultiPoint", [[1, 2], [3, -4]], (1, -4, 3, 2)),
        ("LineString", [[1, 2], [3, 4]], (1, 2, 3, 4)),
        ("MultiLineString", [[[1, 2], [3, 4]], [[0, 0], [1, 1]]], (0, 0, 3, 4)),
        ("Polygon", [SQUARE, [[0.5, 0.5], [1, 0.5], [1, 1], [0.5, 0.5]]], (0, 0, 2, 2)),
        ("MultiPolygon", [[SQUARE], [[[5, 5], [6, 5], [6, 6], [5, 5]]]], (0, 0, 6, 6)),
    ],
)
def test_boxes(kind: str, coordinates: Any, box: tuple[float, ...]) -> None:
    assert bbox(read_geometry({"type": kind, "coordinates": coordinates})) == box


def test_a_polygon_that_crosses_itself_by_a_sliver_is_let_through() -> None:
    ring = [[13.286, 52.564], [13.287, 52.564], [13.279, 52.498], [13.477, 52.471], [13.504, 52.537], [13.286, 52.564]]
    assert read_geometry({"type": "Polygon", "coordinates": [ring]})["coordinates"] == [ring]


def star(count: int, swapped: int) -> list[list[float]]:
    """A circle in which some neighbours have changed places: a sliver each."""
    ring = [[cos(2 * pi * n / count), sin(2 * pi * n / count)] for n in range(count)]
    for n in range(1, count - 1, count // swapped):
        ring[n], ring[n + 1] = ring[n + 1], ring[n]
    return [*ring, ring[0]]


def test_a_large_outline_with_slivers_is_let_through() -> None:
    read_geometry({"type": "Polygon", "coordinates": [star(15_000, 50)]})


def tangle(count: int) -> list[list[float]]:
    """A line that goes to and fro without end."""
    dice = Random(count)
    ring = [[dice.uniform(-9, 9), dice.uniform(-9, 9)] for _ in range(count)]
    return [*ring, ring[0]]


TO_AND_FRO = [[float(n % 2), 0.0] for n in range(4000)]
TANGLES = [
    [tangle(600)],
    [tangle(20_000)],
    [star(16_000, 4000)],
    [[*TO_AND_FRO, TO_AND_FRO[0]]],
    [SQUARE, *([tangle(40)] * 20)],
    [[[0.0, 0.0]] * 5000],
    [star(60_000, 3)],
]


@pytest.mark.parametrize("rings", TANGLES, ids=range(len(TANGLES)))
def test_what_would_take_minutes_to_mend_is_refused_at_once(rings: Any) -> None:
    begun = process_time()
    with pytest.raises(Fault):
        read_geometry({"type": "Polygon", "coordinates": rings})
    assert process_time() - begun < 5, "GEOS mends 600 positions at random in three minutes"


@pytest.mark.parametrize(
    ("kind", "coordinates"),
    [
        ("Point", []),
        ("Point", [1]),
        ("Point", [1, 2, 3, 4]),
        ("Point", ["1", "2"]),
        ("Point", [True, 1]),
        ("Point", [nan, 1]),
        ("Point", [inf, 1]),
        ("Point", [181, 1]),
        ("Point", [1, -91]),
        ("Point", [[1, 2]]),
        ("Point", {"0": 1}),
        ("LineString", [[1, 2]]),
        ("Polygon", []),
        ("Polygon", [[[0, 0], [1, 1], [0, 0]]]),
        ("Polygon", [[[0, 0], [0, 2], [2, 2], [2, 0]]]),
        ("Polygon", [[[0, 0], [1, 1], [2, 2], [0, 0]]]),
        ("Polygon", [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]),
        ("Polygon", [SQUARE, [[5, 5], [6, 5], [6, 6], [5, 5]]]),
        ("MultiPolygon", [SQUARE]),
        ("GeometryCollection", []),
        ("Circle", [1, 2]),
        (None, [1, 2]),
        ([], [1, 2]),
    ],
)
def test_no_geometries(kind: Any, coordinates: Any) -> None:
    with pytest.raises(Fault):
        read_geometry({"type": kind, "coordinates": coordinates})
