"""Columns of places: the present code, the old one, candidates instead of guesses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from nhip.datasets.contract.model import Contract, Field
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
