"""A row with wrong coordinates neither stretches the map of a city nor the bounds that its description tells."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from nhip.portal.pages.words import say_cell
from nhip.portal.rows.shapes import Shape, geometry_of, near, placed
from nhip.web.i18n import speaking

SHAPE = Shape(longitude="kinh_do", latitude="vi_do")


def far_of(rows: str, folder: Path) -> list[tuple[float, float]]:
    """Of `rows` (SQL of `kinh_do` and `vi_do`) those that count as wrong."""
    file = folder / "rows.parquet"
    with duckdb.connect() as con:
        con.execute(f"copy ({rows}) to '{file}'")
        source = f"read_parquet('{file}', file_row_number = true)"
        return con.execute(f"select x, y from {placed(source, SHAPE)} where not near order by n").fetchall()


CITY = "select 107.5 + 0.01 * (i % 37) as kinh_do, 16.3 + 0.01 * (i % 23) as vi_do from range(400) t(i)"


@pytest.mark.parametrize(
    ("rows", "far"),
    [
        (CITY, []),
        (f"{CITY} union all select 107.8, 11.07", [(107.8, 11.07)]),
        (
            f"{CITY} union all select 16.4, 107.5 union all select null, 16.4",
            [],
        ),  # not on Earth, or nowhere: not told at all
        (f"{CITY} union all select 106.9, 16.0", []),  # the mountains beside the city
        ("select 107.5 as kinh_do, 16.4 as vi_do from range(9)", []),
        (
            "select 107.5 as kinh_do, 16.4 as vi_do union all select 108.2, 16.0",
            [],
        ),  # of two nobody knows which is wrong
        ("select 107.5 as kinh_do, 16.4 as vi_do limit 0", []),
    ],
)
def test_far_is_what_lies_many_widths_away(rows: str, far: list[tuple[float, float]], tmp_path: Path) -> None:
    assert far_of(rows, tmp_path) == far


def test_points_at_hand_are_judged_as_the_rows_of_a_file(tmp_path: Path) -> None:
    sets: list[list[tuple[float, float]]] = [
        [],
        [(107.5, 16.4)],
        [(107.5, 16.4), (108.2, 16.0)],
        [(107.5 + 0.01 * (i % 37), 16.3 + 0.01 * (i % 23)) for i in range(400)] + [(107.8, 11.07), (106.9, 16.0)],
    ]
    for points in sets:
        rows = " union all ".join(f"select {x} as kinh_do, {y} as vi_do" for x, y in points) or (
            "select 1.0 as kinh_do, 1.0 as vi_do limit 0"
        )
        far = far_of(rows, tmp_path)
        assert [at for at in points if at not in near(points)] == far


@pytest.mark.parametrize(("lang", "said"), [("vi", ["có", "không"]), ("en", ["yes", "no"])])
def test_yes_and_no_are_words_of_the_reader(lang: str, said: list[str]) -> None:
    with speaking(lang):
        assert [say_cell(True), say_cell(False)] == said


@pytest.mark.parametrize(
    "told",
    ["POINT (NaN NaN)", "POINT (107.5 inf)", "LINESTRING (0 0, nan 1)", '{"type": "Point", "coordinates": [1e400, 1]}'],
)
def test_a_geometry_with_coordinates_that_are_no_numbers_is_none(told: str) -> None:
    """GeoJSON has no way to say it: null among coordinates breaks every reader of the file."""
    assert geometry_of(Shape(geometry="g"), [told]) is None
    assert geometry_of(Shape(geometry="g"), ["POINT (107.5 16.4)"]) == {"type": "Point", "coordinates": [107.5, 16.4]}
