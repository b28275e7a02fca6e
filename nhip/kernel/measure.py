"""Units of measure that Vietnamese agencies write, and conversion between them.

Sources: SI and Decree 86/2012/ND-CP for legal units; `sào`, `mẫu`, `thước` and `công` are traditional land measures whose size
depends on the region (Bắc Bộ 360 m² a sào, Trung Bộ 500 m²), so the bare words are not units but questions.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import NamedTuple

from nhip.errors import BadInput
from nhip.kernel.text import fold


class UnknownUnit(BadInput):
    """There is no unit “{unit}”. Use one of the list in the reference, e.g. m2, ha, kg, VND."""


class UnitMismatch(BadInput):
    """“{source}” cannot be converted to “{target}”: they measure different things."""


class Unit(NamedTuple):
    """A unit. `factor` times a number in this unit is the number in the first unit of its dimension."""

    symbol: str
    dimension: str
    factor: Decimal


_TABLE: dict[str, str] = {
    "length": "m=1 met metre meter|mm=0.001 milimet|cm=0.01 centimet|dm=0.1 decimet|hm=100|km=1000 kilomet cay_so|hai lý=1852 nm",
    "area": "m2=1 m^2 met_vuong sqm|cm2=0.0001|dm2=0.01|km2=1000000 km^2 kilomet_vuong|ha=10000 hecta hec_ta|a=100 are"
    "|sào Bắc Bộ=360|sào Trung Bộ=500|sào Nam Bộ=1000|mẫu Bắc Bộ=3600|mẫu Trung Bộ=5000|mẫu Nam Bộ=10000"
    "|thước Bắc Bộ=24|công=1000 cong_dat cong_tam_nho|công tầm lớn=1296",
    "volume": "m3=1 m^3 met_khoi khoi cbm|l=0.001 lit litre liter dm3|ml=0.000001 mililit cm3 cc|triệu m3=1000000",
    "mass": "kg=1 kilogam kilogram can ki ky|g=0.001 gam gram gr|mg=0.000001|lạng=0.1|yến=10|tạ=100|tấn=1000 t ton tons tonne",
    "money": "VND=1 d ₫ dong vn_dong viet_nam_dong đvn|nghìn đồng=1000 ngan_dong nghin_vnd 1000d 1.000d 1000_dong 1.000_dong"
    "|triệu đồng=1000000 trieu_vnd trieu_d tr.d trd|tỷ đồng=1000000000 ti_dong ty_vnd ti_vnd ty_d",
    "money USD": "USD=1 $ us$ do_la",
    "money EUR": "EUR=1 € euro",
    "ratio": "ratio=1 ty_le|%=0.01 percent phan_tram pct|‰=0.001 phan_nghin",
    "people": "người=1 nhan_khau khau people persons|nghìn người=1000 ngan_nguoi|triệu người=1000000",
    "households": "hộ=1 ho_dan ho_gia_dinh households",
    "pieces": "cái=1 chiec pcs piece pieces",
    "time": "s=1 giay sec|phút=60 min mins minutes|giờ=3600 h hour hours tieng|ngày=86400 day days|tuần=604800 week weeks",
    "months": "tháng=1 month months|quý=3 quarter|năm=12 year years nam",
    "speed": "m/s=1|km/h=0.27777777777777777777777778 kmh km/gio",
    "flow": "m3/s=1|l/s=0.001|m3/h=0.00027777777777777777777777778|m3/ngày đêm=0.000011574074074074074074074 m3/ngay m3/d",
    "energy": "kWh=1|MWh=1000|GWh=1000000|Wh=0.001",
    "power": "kW=1|MW=1000|W=0.001",
    "concentration": "mg/l=1 mg/lit|µg/l=0.001 ug/l",
    "density": "mg/m3=1|µg/m3=0.001 ug/m3",
    "temperature": "°C=1 oc do_c c",
}
"""Dimension -> `symbol=factor alias alias`, blanks in aliases as `_`."""

_LAND = {"sao": "sào", "mau": "mẫu", "thuoc": "thước"}


def unit_key(text: str) -> str:
    """The form in which units are compared: compatible letters, no marks, no case, single blanks."""
    return fold(unicodedata.normalize("NFKC", text)).strip(" .")


def _build() -> dict[str, Unit]:
    units: dict[str, Unit] = {}
    for dimension, row in _TABLE.items():
        for entry in row.split("|"):
            symbol, _, rest = entry.partition("=")
            factor, *aliases = rest.split(" ")
            unit = Unit(symbol, dimension, Decimal(factor))
            for name in (symbol, *(alias.replace("_", " ") for alias in aliases)):
                units[unit_key(name)] = unit
    return units


_UNITS = _build()
_SPACED = re.compile(r"\s*([/^])\s*")


def list_units() -> list[Unit]:
    """Every unit once, in the order of the table."""
    return list(dict.fromkeys(_UNITS.values()))


def find_unit(text: str, like: Unit | None = None) -> Unit | None:
    """The unit that a text names, or None. A bare `sào`, `mẫu` or `thước` is one only beside `like` of the same name."""
    key = _SPACED.sub(r"\1", unit_key(text))
    if key in _LAND:
        return like if like is not None and like.symbol.startswith(_LAND[key]) else None
    return _UNITS.get(key)


def is_land_measure(text: str) -> bool:
    """True for a traditional land measure without its region, whose size nobody can know."""
    return unit_key(text) in _LAND


def get_unit(text: str) -> Unit:
    """The unit that a text names; raises UnknownUnit."""
    unit = find_unit(text)
    if unit is None:
        raise UnknownUnit(unit=text)
    return unit


def convert(value: Decimal, source: Unit, target: Unit) -> Decimal:
    """`value` of `source` in `target`; raises UnitMismatch when they measure different things."""
    if source.dimension != target.dimension:
        raise UnitMismatch(source=source.symbol, target=target.symbol)
    return value * source.factor / target.factor
