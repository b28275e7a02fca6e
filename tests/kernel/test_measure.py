"""Units and conversion."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nhip.kernel.measure import UnitMismatch, UnknownUnit, convert, find_unit, get_unit, is_land_measure, list_units


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("m²", "m2"),
        ("M2", "m2"),
        ("mét vuông", "m2"),
        ("héc-ta", None),
        ("Hecta", "ha"),
        ("km / h", "km/h"),
        ("tấn.", "tấn"),
        ("triệu đồng", "triệu đồng"),
        ("Triệu VNĐ", "triệu đồng"),
        ("vnđ", "VND"),
        ("₫", "VND"),
        ("phần trăm", "%"),
        ("lít", "l"),
        ("khối", "m3"),
        ("furlong", None),
        ("", None),
    ],
)
def test_names_of_units(text, symbol):
    unit = find_unit(text)
    assert (unit.symbol if unit else None) == symbol


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        ("5", "ha", "m2", "50000"),
        ("1", "mẫu Bắc Bộ", "sào Bắc Bộ", "10"),
        ("1", "sào Trung Bộ", "m2", "500"),
        ("2", "công", "ha", "0.2"),
        ("1", "tấn", "tạ", "10"),
        ("1", "tạ", "yến", "10"),
        ("1500", "VND", "nghìn đồng", "1.5"),
        ("2", "giờ", "phút", "120"),
        ("1", "năm", "quý", "4"),
        ("36", "km/h", "m/s", "10"),
        ("250", "l", "m3", "0.25"),
    ],
)
def test_conversion(value, source, target, expected):
    assert round(convert(Decimal(value), get_unit(source), get_unit(target)), 12) == Decimal(expected)


def test_land_measures_need_their_region():
    assert is_land_measure("sào")
    assert find_unit("sào") is None
    assert find_unit("sào", like=get_unit("sào Bắc Bộ")) == get_unit("sào Bắc Bộ")
    assert find_unit("sào", like=get_unit("m2")) is None
    assert find_unit("sào", like=get_unit("mẫu Bắc Bộ")) is None


def test_what_cannot_be_converted():
    with pytest.raises(UnitMismatch, match="km"):
        convert(Decimal(1), get_unit("km"), get_unit("ha"))
    with pytest.raises(UnitMismatch):
        convert(Decimal(1), get_unit("USD"), get_unit("VND"))
    with pytest.raises(UnknownUnit, match="furlong"):
        get_unit("furlong")


@settings(deadline=None)
@given(st.sampled_from(list_units()), st.data())
def test_there_and_back(source, data):
    target = data.draw(st.sampled_from([unit for unit in list_units() if unit.dimension == source.dimension]))
    value = data.draw(st.decimals(min_value=-(10**9), max_value=10**9, places=3))
    back = convert(convert(value, source, target), target, source)
    assert abs(back - value) <= abs(value) * Decimal("1e-20") + Decimal("1e-20")


def test_every_symbol_names_its_unit():
    assert all(find_unit(unit.symbol) == unit for unit in list_units())
    assert len({unit.symbol for unit in list_units()}) == len(list_units())
