"""Points: every other form recorded, half points, points outside the province, and the order of x and y."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from nhip.datasets.conform.expected import MARGIN, province_box
from nhip.datasets.contract.model import Contract, Field
from nhip.kernel.geo import inside, wgs84_to_vn2000
from nhip.places.register import Register
from nhip.places.resolver import Resolver

Check = Callable[..., Any]

DEGREES = (Field(name="vi", type="number", kind="latitude"), Field(name="kinh", type="number", kind="longitude"))
METRES = (Field(name="x", type="number", kind="x", crs="EPSG:9214"), Field(name="y", type="number", kind="y"))
HUE = [[f"16.4{n}", f"107.5{n}"] for n in range(1, 9)]


@pytest.fixture(scope="module")
def resolver() -> Resolver:
    return Resolver(Register.load())


def contract(fields: tuple[Field, ...], province: str = "46") -> Contract:
    return Contract(id="c", version="1", dataset="d", fields=fields, province=province)


def told(made: Any, *rules: str) -> list[tuple[Any, ...]]:
    """Row, column, rule, severity, value, suggestion; of `rules`, or all."""
    return sorted(tuple(f) for f in made.findings if not rules or f[2] in rules)


def metres(lat: float, lon: float) -> tuple[str, str]:
    """Northing and easting as text."""
    east, north = wgs84_to_vn2000(lon, lat, 9214)
    return f"{north:.2f}", f"{east:.2f}"


GRID = [metres(16.2 + n / 50, 107.3 + n / 40) for n in range(20)]


def test_every_other_form_of_a_coordinate_is_recorded(check: Check) -> None:
    made = check(DEGREES, [["16°27'36\"N", "107.59"], ["16,46", "107,59"], ["16.46", "107.59"], ["16.460", "107.590"]])
    assert [f[:5] for f in told(made)] == [
        (2, "vi", "coordinate.form", "mended", "16°27'36\"N"),
        (3, "kinh", "coordinate.form", "mended", "107,59"),
        (3, "vi", "coordinate.form", "mended", "16,46"),
    ]
    assert [f[5] for f in told(made)] == ["16.46", "107.59", "16.46"]
    assert made.column("vi") == [16.46] * 4
    assert made.assessment.tally.cells_mended == 3


def test_half_a_point_is_told_at_the_empty_cell(check: Check) -> None:
    made = check(DEGREES, [["16.46", None], [None, "107.59"], ["16.46", "chưa có"], [None, None], ["-", "n/a"]])
    assert [f[:4] for f in told(made, "point.incomplete")] == [
        (2, "kinh", "point.incomplete", "error"),
        (3, "vi", "point.incomplete", "error"),
        (4, "kinh", "point.incomplete", "error"),
    ]
    assert made.column("vi") == [16.46, None, 16.46, None, None]
    assert {f[0] for f in told(made)} == {2, 3, 4, 6}


def test_half_a_point_is_told_once_where_it_is_required(check: Check) -> None:
    fields = (DEGREES[0], Field(name="kinh", type="number", kind="longitude", required=True))
    made = check(fields, [["16.46", None], [None, "107.59"]])
    assert [f[:3] for f in told(made)] == [(2, "kinh", "required"), (3, "vi", "point.incomplete")]


def test_half_a_point_in_metres(check: Check) -> None:
    made = check(contract(METRES), [[GRID[0][0], None], [None, GRID[0][1]], [None, None], [GRID[0][0], "-"], GRID[1]])
    assert [f[:3] for f in told(made, "point.incomplete")] == [
        (2, "y", "point.incomplete"),
        (3, "x", "point.incomplete"),
        (5, "y", "point.incomplete"),
    ]
    required = (METRES[0], Field(name="y", type="number", kind="y", required=True))
    made = check(contract(required), [[GRID[0][0], None], [GRID[0][0], "-"], ["n/a", GRID[0][1]]])
    assert [f[:3] for f in told(made, "point.incomplete", "required")] == [
        (2, "y", "required"),
        (3, "y", "required"),
        (4, "x", "point.incomplete"),
    ]


def test_a_lone_value_that_fits_only_the_other_column(check: Check) -> None:
    made = check(DEGREES, [[None, "16.46"], ["107.59", None], ["-", "16.46"]])
    assert [f[:4] for f in told(made) if f[3] != "mended"] == [
        (2, "kinh", "coordinate.swapped", "error"),
        (3, "vi", "coordinate.range", "error"),
        (4, "kinh", "coordinate.swapped", "error"),
    ]
    assert made.column("kinh") == [None] * 3


def test_the_box_of_a_province_holds_its_islands(resolver: Resolver) -> None:
    da_nang, khanh_hoa = province_box(resolver, "48"), province_box(resolver, "56")
    assert da_nang and inside(112.135, 16.568, da_nang)  # Hoàng Sa
    assert khanh_hoa and inside(114.45, 9.71, khanh_hoa)  # Trường Sa
    hue = province_box(resolver, "46")
    assert hue and inside(107.59, 16.46, hue) and not inside(107.59, 11.26, hue) and not inside(105.85, 21.03, hue)
    assert all(inside(unit.lon or 0, unit.lat or 0, hue) for unit in resolver.register.children("46"))
    assert (hue[2] - hue[0], hue[3] - hue[1]) > (2 * MARGIN, 2 * MARGIN)
    assert province_box(resolver, "49") == da_nang  # Quảng Nam went into Đà Nẵng
    assert province_box(resolver, "") is province_box(None, "46") is province_box(resolver, "xx") is None


def test_a_point_far_from_its_province_is_told_and_stays(check: Check, resolver: Resolver) -> None:
    rows = [*HUE, ["11.26", "107.59"], ["21.03", "105.85"]]
    made = check(contract(DEGREES), rows, resolver=resolver)
    assert told(made) == [
        (10, "vi", "point.unexpected", "warning", "11.26", ""),
        (11, "vi", "point.unexpected", "warning", "21.03", ""),
    ]
    assert made.column("vi")[-2:] == [11.26, 21.03]
    assert told(check(contract(DEGREES), rows)) == []  # nobody knows where the province is
    contract_without = contract(DEGREES, province="")
    assert len(told(check(contract_without, rows, resolver=resolver, province="46"))) == 2


def test_a_swapped_point_is_still_put_right(check: Check, resolver: Resolver) -> None:
    made = check(contract(DEGREES), [*HUE, ["107.59", "16.46"]], resolver=resolver)
    assert {f[2:4] for f in told(made)} == {("point.swapped", "mended")}
    assert made.column("vi")[-1] == 16.46


@pytest.mark.parametrize("turned", [False, True])
def test_a_dataset_about_another_place_is_told_once(check: Check, resolver: Resolver, turned: bool) -> None:
    rows = [[f"21.0{n}", f"105.8{n}"] for n in range(9)]
    made = check(contract(DEGREES), [row[::-1] if turned else row for row in rows], resolver=resolver)
    assert told(made, "point.unexpected") == [(0, "vi", "point.unexpected", "warning", "vi, kinh: 9/9", "")]


def test_the_severity_of_the_contract_counts(check: Check, resolver: Resolver) -> None:
    fields = (
        Field(name="vi", type="number", kind="latitude", severity={"point.unexpected": "error"}),
        Field(name="kinh", type="number", kind="longitude", severity={"point.incomplete": "warning"}),
    )
    made = check(contract(fields), [*HUE, ["11.26", "107.59"], ["16.46", None]], resolver=resolver)
    assert [(f[1], f[3]) for f in told(made)] == [("vi", "error"), ("kinh", "warning")]


def test_eastings_in_x_are_the_columns_reading(check: Check) -> None:
    rows = [[east, north] for north, east in GRID]
    rows[7] = list(GRID[7])
    made = check(contract(METRES), rows)
    straight = check(contract(METRES), GRID)
    assert made.column("latitude") == straight.column("latitude")
    assert made.column("longitude") == straight.column("longitude")
    assert straight.findings == []
    assert [f[:4] for f in told(made)] == [(0, "x", "point.axes", "mended"), (9, "x", "point.swapped", "mended")]
    assert told(made)[0][4:] == ("x, y", "y, x")
    assert made.assessment.tally.cells_mended == 1


def test_eastings_with_decimal_commas(check: Check) -> None:
    rows = [[east.replace(".", ","), north.replace(".", ",")] for north, east in GRID]
    made = check(contract(METRES), rows)
    assert [f[2] for f in told(made, "point.axes", "point.swapped")] == ["point.axes"]
    assert made.column("latitude")[0] == pytest.approx(16.2, abs=1e-6)


def test_without_a_clear_majority_x_is_the_northing(check: Check) -> None:
    rows = [list(pair) if n % 5 == 0 else list(pair[::-1]) for n, pair in enumerate(GRID)]
    made = check(contract(METRES), rows)
    assert told(made, "point.axes") == []
    assert len(told(made, "point.swapped")) == 16


def test_metres_far_from_the_province(check: Check, resolver: Resolver) -> None:
    far = metres(11.26, 107.59)
    made = check(contract(METRES), [*GRID, far], resolver=resolver)
    assert [f[:4] for f in told(made)] == [(22, "x", "point.unexpected", "warning")]
    assert made.column("latitude")[-1] == pytest.approx(11.26, abs=1e-6)
    assert [f[0] for f in told(check(contract(METRES), [far] * 3 + GRID[:1], resolver=resolver))] == [2, 3, 4]


def test_metres_of_another_province(check: Check, resolver: Resolver) -> None:
    rows = [metres(11.0 + n / 50, 107.1 + n / 50) for n in range(8)]
    made = check(contract(METRES), rows, resolver=resolver)
    assert told(made) == [(0, "x", "point.unexpected", "warning", "x, y: 8/8", "")]
