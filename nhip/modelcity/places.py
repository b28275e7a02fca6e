"""Communes, streets and addresses of the model city, in the three generations in which people write them.

The 40 communes are Huế's real ones since 1 July 2025; `seed/communes.tsv` was drawn from `vietnamadminunits` (MIT). It is
kept apart from `nhip.places` on purpose: the truth must not come from the code that it judges.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import cos, radians, sqrt

import numpy as np
from pyproj import Transformer

CITY = "thành phố Huế"
VN2000 = "EPSG:9214"
"""VN-2000, TM-3, central meridian 107-00: the one of Huế."""

TWICE = ("Xã Phú Vinh",)
"""Names that Huế has today and had for another place from January to June 2025, so that nobody can tell which is meant."""

STREETS = tuple(
    """Lê Lợi|Hùng Vương|Nguyễn Huệ|Trần Hưng Đạo|Lê Duẩn|Điện Biên Phủ|Phan Bội Châu|Bến Nghé|Hà Nội|Đống Đa|Nguyễn Trường Tộ
Phan Chu Trinh|Ngô Quyền|Hai Bà Trưng|Lý Thường Kiệt|Bà Triệu|Tố Hữu|Nguyễn Sinh Cung|Phạm Văn Đồng|An Dương Vương|Đinh Tiên Hoàng
Đoàn Thị Điểm|Đặng Thái Thân|Chi Lăng|Bạch Đằng|Nguyễn Chí Thanh|Kim Long|Bùi Thị Xuân|Huyền Trân Công Chúa|Minh Mạng|Tự Đức
Nguyễn Tất Thành|Sóng Hồng|Thuận An|Nguyễn Văn Linh|Lý Thái Tổ|Tản Đà|Dương Văn An|Trường Chinh|Nguyễn Lộ Trạch|Xuân Diệu
Nguyễn Gia Thiều|Tăng Bạt Hổ|Lê Thánh Tôn|Mai Thúc Loan|Nguyễn Trãi|Yết Kiêu|Triệu Quang Phục|Phùng Hưng|Thái Phiên""".replace(
        "\n", "|"
    ).split("|")
)


@dataclass(frozen=True, slots=True)
class Former:
    """A commune before 1 July 2025 and its districts: of January to June 2025, and before ("" where its name differed)."""

    name: str
    district: str
    district_2021: str


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune of today with its middle in WGS 84 degrees and the communes that were merged into it."""

    code: str
    name: str
    latitude: float
    longitude: float
    reach_km: float
    before: tuple[Former, ...]


@cache
def communes() -> tuple[Commune, ...]:
    """All 40, in the order of their codes."""
    lines = (files("nhip.modelcity") / "seed" / "communes.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return tuple(_commune(line.split("\t")) for line in lines)


def _commune(parts: list[str]) -> Commune:
    code, name, latitude, longitude, area, before = parts
    former = tuple(Former(*unit.split("|")) for unit in before.split(";"))
    return Commune(code, name, float(latitude), float(longitude), sqrt(float(area)) / 5, former)


@cache
def by_name() -> dict[str, Commune]:
    """The communes by their full name of today."""
    return {commune.name: commune for commune in communes()}


def street_address(rng: np.random.Generator, commune: str) -> str:
    """`24/3 Lê Lợi, Phường Thuận Hóa, thành phố Huế`: house, street, commune of today and city."""
    return f"{street(rng)}, {commune}, {CITY}"


def street(rng: np.random.Generator) -> str:
    """House number and street; one in eight stands in a `kiệt`, as Huế calls its lanes."""
    house, lane, which = rng.integers(1, 320), rng.integers(0, 8), rng.integers(0, len(STREETS))
    return f"{house}{f' kiệt {rng.integers(1, 99)}' if lane == 0 else ''} {STREETS[which]}"


def former_address(rng: np.random.Generator, address: str) -> str | None:
    """The same place written as before 1 July 2025: half a year with quận Thuận Hóa and Phú Xuân, or the province before it."""
    head, commune, _ = address.split(", ")
    unit = by_name()[commune].before
    former = unit[int(rng.integers(0, len(unit)))]
    if former.district_2021 and rng.random() < 0.6:
        return f"{head}, {former.name}, {former.district_2021}, Thừa Thiên Huế"
    return f"{head}, {former.name}, {former.district}, {CITY}"


def points(rng: np.random.Generator, names: list[str]) -> tuple[list[float], list[float]]:
    """Latitudes and longitudes near the middle of each named commune, WGS 84 degrees with six decimals."""
    known = by_name()
    shifts = rng.uniform(-1, 1, size=(len(names), 2))
    latitudes, longitudes = [], []
    for name, (north, east) in zip(names, shifts.tolist(), strict=True):
        commune = known[name]
        latitudes.append(round(commune.latitude + north * commune.reach_km / 111.2, 6))
        longitudes.append(round(commune.longitude + east * commune.reach_km / (111.2 * cos(radians(16.4))), 6))
    return latitudes, longitudes


@cache
def _to_vn2000() -> Transformer:
    return Transformer.from_crs("EPSG:4326", VN2000, always_xy=True)


def vn2000(latitudes: list[float], longitudes: list[float]) -> tuple[list[float], list[float]]:
    """The same points as northing X and easting Y in metres, the way Vietnamese survey sheets name them."""
    east, north = _to_vn2000().transform(np.array(longitudes), np.array(latitudes))
    return np.round(north, 2).tolist(), np.round(east, 2).tolist()
