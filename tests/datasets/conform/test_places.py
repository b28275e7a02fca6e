"""Columns of places: the present code, the old one, candidates instead of guesses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import shapely

from nhip.datasets.contract.model import Contract, Field
from nhip.kernel.geo import wgs84_to_vn2000
from nhip.places.boundaries import Boundaries
from nhip.places.register import Register
from nhip.places.resolver import Resolver

Check = Callable[..., Any]


@pytest.fixture(scope="module")
def resolver() -> Resolver:
    return Resolver(Register.load())


def test_commune_with_its_district_and_province(check: Check, resolver: Resolver) -> None:
    fields = (
        Field(name="xa", kind="commune"),
        Field(name="huyen", kind="district"),
        Field(name="tinh", kind="province"),
    )
    rows = [
        ["Phường Thuận Hòa", "Thành phố Huế", "Thừa Thiên Huế"],
        ["phường  thuận hoà", "TP Huế", "Thừa Thiên Huế"],
        ["Xã Không Có Thật", "Huyện Không", "Tỉnh Nào"],
        [None, None, None],
    ]
    made = check(Contract(id="c", version="1", dataset="d", fields=fields), rows, resolver=resolver)
    unit, old = made.column("xa__unit"), made.column("xa__unit_old")
    expected = resolver.resolve("Phường Thuận Hòa, Thành phố Huế, Thừa Thiên Huế")
    assert expected.status == "exact"
    assert unit == [expected.codes[0], expected.codes[0], None, None]
    assert old[0] == ";".join(expected.old_codes)
    assert (4, "xa") in made.cells("place.none")
    assert not [cell for cell in made.cells() if cell[0] in (2, 3, 5)]


def test_ambiguous_places_keep_their_candidates(check: Check, resolver: Resolver) -> None:
    made = check([Field(name="xa", kind="commune"), Field(name="b")], [["Xã Tân Lập", "x"]], resolver=resolver)
    candidates = resolver.resolve("Xã Tân Lập").codes
    assert len(candidates) > 1
    assert (made.column("xa__unit"), made.column("xa__units")) == ([None], [";".join(candidates)])
    assert [finding[:4] for finding in made.findings] == [(2, "xa", "place.ambiguous", "warning")]


def test_the_province_of_the_installation_decides(check: Check, resolver: Resolver) -> None:
    rows = [["Phường Phú Xuân", "x"]]
    made = check([Field(name="xa", kind="commune"), Field(name="b")], rows, resolver=resolver, province="46")
    assert made.column("xa__unit") == [resolver.resolve("Phường Phú Xuân", province="46").codes[0]]


def test_without_a_resolver_places_are_text(check: Check) -> None:
    made = check([Field(name="xa", kind="commune")], [["Xã  Hoà Bình"]])
    assert (made.columns, made.version) == (["_row", "xa"], [(2, "Xã Hòa Bình")])


def test_a_point_decides_between_candidates(check: Check, resolver: Resolver) -> None:
    candidates = resolver.resolve("Xã Tân Lập").codes
    unit = next(u for code in candidates if (u := resolver.register.find_unit(code)) and u.lon and u.lat)
    fields = [
        Field(name="xa", kind="commune"),
        Field(name="vi", type="number", kind="latitude"),
        Field(name="kinh", type="number", kind="longitude"),
    ]
    rows = [["Xã Tân Lập", str(unit.lat), str(unit.lon)], ["Xã Tân Lập", None, None]]
    made = check(fields, rows, resolver=resolver)
    assert made.column("xa__unit") == [unit.code, None]
    assert made.column("xa__units") == [unit.code, ";".join(candidates)]
    assert made.cells("place.ambiguous") == [(3, "xa")]


def test_a_point_outside_its_unit_is_told(check: Check, resolver: Resolver) -> None:
    text = "Phường Thuận Hòa, Thành phố Huế, Thừa Thiên Huế"
    here = resolver.register.unit(resolver.resolve(text).codes[0])
    there = next(u for u in resolver.register.iter_units("commune") if u.code != here.code)
    squares = {
        here.uid: shapely.box(107.5, 16.4, 107.6, 16.5).wkb,
        there.uid: shapely.box(107.6, 16.4, 107.7, 16.5).wkb,
    }
    bounded = Resolver(resolver.register, Boundaries(resolver.register, squares))
    fields = [
        Field(name="noi", kind="address"),
        Field(name="vi", type="number", kind="latitude"),
        Field(name="kinh", type="number", kind="longitude"),
    ]
    made = check(fields, [[text, "16.45", "107.55"], [text, "16.45", "107.65"]], resolver=bounded)
    assert [(f[0], f[1], f[2], f[5]) for f in made.findings] == [(3, "noi", "point.unit", there.code)]
    assert made.column("noi__unit") == [here.code] * 2


@pytest.mark.parametrize("zone", [9209, 9214])
def test_metres_are_placed_as_the_whole_table_is_read(check: Check, resolver: Resolver, zone: int) -> None:
    """Bắc Ninh has two meridians since its merger and nobody says which; GIS wrote the easting first. Both are settled once."""
    here, there = [u for u in resolver.register.children("24") if u.lon and u.lat and u.level == "commune"][:2]
    squares = {u.uid: shapely.box(u.lon - 0.01, u.lat - 0.01, u.lon + 0.01, u.lat + 0.01).wkb for u in (here, there)}
    bounded = Resolver(resolver.register, Boundaries(resolver.register, squares))
    fields = (
        Field(name="noi", kind="commune"),
        Field(name="x", type="number", kind="x"),
        Field(name="y", type="number", kind="y"),
    )
    terms = Contract(id="c", version="1", dataset="d", fields=fields, province="24")
    rows = [
        [here.code, *(f"{metre:.2f}" for metre in wgs84_to_vn2000(u.lon + n / 10_000, u.lat, zone))]
        for n, u in enumerate([here] * 8 + [there])
    ]
    made = check(terms, rows, resolver=bounded)
    assert [(f[0], f[2], f[5]) for f in made.findings if f[2] == "point.unit"] == [(10, "point.unit", there.code)]
