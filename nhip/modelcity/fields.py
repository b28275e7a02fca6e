"""The kinds of columns that agencies' tables consist of. Each is data plus a maker of good values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

import numpy as np

from nhip.modelcity.model import Column, Draw, Values
from nhip.modelcity.places import TWICE, communes, points, street_address, vn2000
from nhip.modelcity.words import people, pick, words


def code(name: str, title: str, prefix: str, digits: int = 4) -> Column:
    """The primary key: prefix and running number."""

    def make(draw: Draw) -> Values:
        return [f"{prefix}{number:0{digits}d}" for number in range(1, draw.rows + 1)]

    return Column(
        name=name, title=title, make=make, kind="code", key=1, pattern=rf"^{re.escape(prefix)}\d{{{digits},}}$"
    )


def grid(name: str, title: str, dataset: str, column: str, prefix: str = "") -> Column:
    """First part of a two-part key: the members of another dataset in turn, once for every moment."""
    return Column(
        name=name, title=title, make=lambda draw: _in_turn(draw, dataset, column), kind="code", key=1,
        refers=(dataset, column), pattern=rf"^{prefix}\d+$" if prefix else "",
    )  # fmt: skip


def _in_turn(draw: Draw, dataset: str, column: str) -> Values:
    members = draw.keys[dataset][column]
    return [members[row % len(members)] for row in range(draw.rows)]


def moment(name: str, title: str, minutes: int, of: str) -> Column:
    """Second part of that key: moments `minutes` apart that end at midnight before the day of delivery."""

    def make(draw: Draw) -> Values:
        width = len(set(draw.table[of]))
        last = (draw.rows - 1) // width
        start = datetime.combine(draw.as_of, time(), None) - timedelta(minutes=minutes * (last + 1))
        return [start + timedelta(minutes=minutes * (row // width)) for row in range(draw.rows)]

    return Column(name=name, title=title, make=make, type="timestamp", key=2)


def position(name: str, title: str, of: str) -> Column:
    """Second part of such a key: 1, 2, 3 ... within each member."""

    def make(draw: Draw) -> Values:
        width = len(set(draw.table[of]))
        return [row // width + 1 for row in range(draw.rows)]

    return Column(name=name, title=title, make=make, type="integer", key=2, minimum=1)


def text(name: str, title: str, *parts: str, required: bool = True) -> Column:
    """Composed text: each part is a word list (`@quality`), `#` for a running number, or a literal."""

    def make(draw: Draw) -> Values:
        return [" ".join(row) for row in zip(*(_part(draw, part) for part in parts), strict=True)]

    return Column(name=name, title=title, make=make, required=required)


def _part(draw: Draw, part: str) -> list[str]:
    if part == "#":
        return [str(number) for number in range(1, draw.rows + 1)]
    return pick(draw.rng, words(part[1:]), draw.rows) if part.startswith("@") else [part] * draw.rows


def remark(name: str = "ghi_chu", title: str = "Ghi chú") -> Column:
    """Free text that may be empty."""
    return some(text(name, title, "@remark", required=False), 0.3)


def some(column: Column, empty: float) -> Column:
    """The column with about that share of its cells empty, which its contract allows."""

    def make(draw: Draw) -> Values:
        gone = (draw.rng.random(draw.rows) < empty).tolist()
        return [None if no else value for value, no in zip(column.make(draw), gone, strict=True)]

    return replace(column, make=make, required=False)


def replace(column: Column, **changes: Any) -> Column:
    """The column with other settings."""
    return Column(**{name: getattr(column, name) for name in Column.__dataclass_fields__} | changes)


def person(name: str, title: str) -> Column:
    """A composed name of nobody."""
    return Column(
        name=name,
        title=title,
        make=lambda draw: people(draw.rng, draw.rows),
        kind="person_name",
        classification="personal",
    )


def commune(name: str = "phuong_xa", title: str = "Phường/Xã", only: str = "") -> Column:
    """Full name of a commune of today, drawn evenly, or always `only`."""
    options = [only] if only else [unit.name for unit in communes() if unit.name not in TWICE]
    return Column(name=name, title=title, make=lambda draw: pick(draw.rng, options, draw.rows), kind="commune")


def each_commune(name: str = "ma_xa", title: str = "Mã xã") -> Column:
    """The codes of the 40 communes, each once a round: the key of statistics by commune."""
    codes = [unit.code for unit in communes()]
    return Column(
        name=name, title=title, key=1, kind="code", pattern=r"^\d{5}$",
        make=lambda draw: [codes[row % len(codes)] for row in range(draw.rows)],
    )  # fmt: skip


def commune_of(source: str = "ma_xa", name: str = "ten_xa", title: str = "Tên xã") -> Column:
    """The name that belongs to the code in `source`."""
    names = {unit.code: unit.name for unit in communes()}
    return Column(name=name, title=title, kind="commune", make=lambda draw: [names[c] for c in draw.table[source]])


def address(name: str = "dia_chi", title: str = "Địa chỉ", of: str = "phuong_xa") -> Column:
    """House, street, commune of `of` and city."""

    def make(draw: Draw) -> Values:
        return [street_address(draw.rng, unit) for unit in draw.table[of]]

    return Column(name=name, title=title, make=make, kind="address")


def point(of: str = "phuong_xa", latitude: str = "vi_do", longitude: str = "kinh_do") -> tuple[Column, Column]:
    """Latitude and longitude in WGS 84 degrees inside the commune of `of`."""

    def make(draw: Draw) -> Values:
        draw.table["\0east"], values = reversed(points(draw.rng, draw.table[of]))
        return values

    return (
        Column(name=latitude, title="Vĩ độ", make=make, type="number", kind="latitude", digits=6),
        Column(name=longitude, title="Kinh độ", make=_kept, type="number", kind="longitude", digits=6),
    )


def survey(of: str = "phuong_xa", north: str = "toa_do_x", east: str = "toa_do_y") -> tuple[Column, Column]:
    """Northing X and easting Y in VN-2000, meridian 107-00, metres."""

    def make(draw: Draw) -> Values:
        values, draw.table["\0east"] = vn2000(*points(draw.rng, draw.table[of]))
        return values

    shared = {"type": "number", "crs": "EPSG:9214", "digits": 2, "unit": "m"}
    return (
        Column(name=north, title="Tọa độ X (m)", make=make, kind="x", **shared),  # type: ignore[arg-type]
        Column(name=east, title="Tọa độ Y (m)", make=_kept, kind="y", **shared),  # type: ignore[arg-type]
    )


def _kept(draw: Draw) -> Values:
    return draw.table.pop("\0east")


_MOBILE = ("090", "091", "093", "094", "096", "097", "098", "035", "070", "082")


def phone(name: str = "dien_thoai", title: str = "Điện thoại", mobile: bool = False) -> Column:
    """A number of plausible form: landline 0234 3xxxxxx, or mobile."""

    def make(draw: Draw) -> Values:
        numbers = draw.rng.integers(1_000_000, 9_999_999, draw.rows).tolist()
        if not mobile:
            return [f"02343{number % 900_000 + 100_000}" for number in numbers]
        return [f"{head}{number}" for head, number in zip(pick(draw.rng, _MOBILE, draw.rows), numbers, strict=True)]

    classification = "personal" if mobile else "public"
    return Column(name=name, title=title, make=make, kind="phone", required=False, classification=classification)


def email(name: str = "thu_dien_tu", title: str = "Thư điện tử") -> Column:
    """An address in the domain `.example`, which belongs to nobody (RFC 2606)."""

    def make(draw: Draw) -> Values:
        return [f"lienhe{number}@donvi.example" for number in draw.rng.integers(1, 99_999, draw.rows).tolist()]

    return Column(name=name, title=title, make=make, kind="email", required=False)


def plate(name: str = "bien_so", title: str = "Biển số xe") -> Column:
    """A plate of province 75: 75B-012.34."""

    def make(draw: Draw) -> Values:
        letters = pick(draw.rng, list("ABCFH"), draw.rows)
        numbers = draw.rng.permutation(90_000)[: draw.rows] + 10_000
        return [f"75{letter}-{n // 100}.{n % 100:02d}" for letter, n in zip(letters, numbers.tolist(), strict=True)]

    return Column(name=name, title=title, make=make, kind="plate")


def citizen(name: str = "so_dinh_danh", title: str = "Số định danh cá nhân") -> Column:
    """An identity number of right form: province 046, century and sex, year of birth, six digits. Belongs to nobody known."""

    def make(draw: Draw) -> Values:
        years, serials = draw.rng.integers(60, 99, draw.rows), draw.rng.permutation(900_000)[: draw.rows] + 100_000
        sexes = draw.rng.integers(0, 2, draw.rows)
        return [f"046{s}{y:02d}{n}" for s, y, n in zip(sexes.tolist(), years.tolist(), serials.tolist(), strict=True)]

    return Column(name=name, title=title, make=make, kind="citizen_id", classification="sensitive")


_TAX_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)


def tax(name: str = "ma_so_thue", title: str = "Mã số thuế", key: int = 0) -> Column:
    """A tax code of ten digits whose check digit is right (weights 31, 29 ... 3, modulo 11)."""

    def make(draw: Draw) -> Values:
        found: list[str] = []
        for number in (draw.rng.permutation(700_000) + 330_000_000).tolist():
            check = 10 - sum(w * int(d) for w, d in zip(_TAX_WEIGHTS, str(number), strict=True)) % 11
            if check < 10:
                found.append(f"{number}{check}")
            if len(found) == draw.rows:
                break
        return found

    return Column(name=name, title=title, make=make, kind="tax_code", key=key)


def date(
    name: str, title: str, oldest: int = 3650, newest: int = 30, *, required: bool = True, order: str = "dmy"
) -> Column:
    """A day between `oldest` and `newest` days before the city's today."""

    def make(draw: Draw) -> Values:
        return [draw.as_of - timedelta(days=back) for back in draw.rng.integers(newest, oldest, draw.rows).tolist()]

    return Column(name=name, title=title, make=make, type="date", required=required, order=order)


def later(name: str, title: str, than: str, least: int, most: int) -> Column:
    """A day `least` to `most` days after the one in `than`."""

    def make(draw: Draw) -> Values:
        ahead = draw.rng.integers(least, most, draw.rows).tolist()
        return [day + timedelta(days=days) for day, days in zip(draw.table[than], ahead, strict=True)]

    return Column(name=name, title=title, make=make, type="date")


def count(name: str, title: str, low: int, high: int, unit: str = "", *, required: bool = True) -> Column:
    """A whole number from `low` to `high`."""
    kind = "quantity" if unit else ""
    return Column(
        name=name, title=title, type="integer", minimum=low, maximum=high, unit=unit, kind=kind, required=required,
        make=lambda draw: draw.rng.integers(low, high, draw.rows, endpoint=True).tolist(),
    )  # fmt: skip


def part_of(name: str, title: str, whole: str) -> Column:
    """A whole number of at most the one in `whole`."""

    def make(draw: Draw) -> Values:
        shares = draw.rng.random(draw.rows).tolist()
        return [int(share * total) for share, total in zip(shares, draw.table[whole], strict=True)]

    return Column(name=name, title=title, make=make, type="integer", minimum=0)


def measure(name: str, title: str, low: float, high: float, unit: str, digits: int = 1) -> Column:
    """A measured number with at most two decimals, so that no reader can take its point for thousands."""

    def make(draw: Draw) -> Values:
        values: Values = np.round(draw.rng.uniform(low, high, draw.rows), digits).tolist()
        return values

    return Column(
        name=name,
        title=title,
        type="number",
        minimum=low,
        maximum=high,
        unit=unit,
        kind="quantity",
        digits=digits,
        make=make,
    )


def amount(name: str, title: str, low: int, high: int, unit: str) -> Column:
    """A measured number that this agency rounds to whole units, so that `12.345` in it could be two numbers."""
    whole = count(name, title, low, high, unit)
    return replace(whole, type="number")


def money(name: str, title: str, low: int, high: int, step: int = 1000) -> Column:
    """An amount in đồng, a multiple of `step`."""

    def make(draw: Draw) -> Values:
        values: Values = (draw.rng.integers(low // step, high // step, draw.rows, endpoint=True) * step).tolist()
        return values

    return Column(
        name=name, title=title, type="integer", kind="money", unit="VND", minimum=low, maximum=high, make=make
    )


def choice(name: str, title: str, options: str, weights: Sequence[float] | None = None) -> Column:
    """One of the options, given as `a|b|c`; the contract's enum."""
    names = tuple(options.split("|"))

    def make(draw: Draw) -> Values:
        shares = None if weights is None else np.array(weights) / sum(weights)
        return [names[place] for place in draw.rng.choice(len(names), draw.rows, p=shares).tolist()]

    return Column(name=name, title=title, make=make, enum=names)


def flag(name: str, title: str, share: float = 0.5) -> Column:
    """Yes or no."""
    return Column(
        name=name, title=title, type="boolean", make=lambda draw: (draw.rng.random(draw.rows) < share).tolist()
    )


def ref(name: str, title: str, dataset: str, column: str) -> Column:
    """A key of another dataset."""
    return Column(
        name=name, title=title, kind="code", refers=(dataset, column),
        make=lambda draw: pick(draw.rng, draw.keys[dataset][column], draw.rows),
    )  # fmt: skip


def clock(name: str, title: str, low: int = 5, high: int = 21) -> Column:
    """A time of day, HH:MM:SS, from hour `low` to `high`."""

    def make(draw: Draw) -> Values:
        return [f"{m // 60:02d}:{m % 60:02d}:00" for m in draw.rng.integers(low * 60, high * 60, draw.rows).tolist()]

    return Column(name=name, title=title, make=make, type="time")


def year(name: str, title: str, oldest: int = 1990, newest: int = 2025) -> Column:
    """A year."""
    return count(name, title, oldest, newest)


def told(name: str, title: str, by: str, dataset: str, key: str) -> Column:
    """What another agency's dataset says in its column of the same name about the thing that `by` refers to by `key`."""

    def make(draw: Draw) -> Values:
        said = dict(zip(draw.keys[dataset][key], draw.keys[dataset][name], strict=True))
        return [said[member] for member in draw.table[by]]

    return Column(name=name, title=title, type="integer", make=make, minimum=0, repeats=(dataset, name))
