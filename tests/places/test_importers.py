"""Importers: the official conversion table, unit lists, boundaries; what they say otherwise than the register."""

from __future__ import annotations

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nhip.places import geojson, lists, nso
from nhip.places.boundaries import FILE, Boundaries
from nhip.places.errors import NotATable, NotBoundaries, RegisterBroken
from nhip.places.imported import difference, overlay, split_name
from nhip.places.register import Register, save
from nhip.places.resolver import BY_POINT, Resolver

HEAD = 'Đơn vị mới,,,Đơn vị cũ,,,,,\n"Tỉnh, thành phố",Tên Xã mới,Mã,Tên Xã cũ,Mã,Ghi chú,Quận,Tỉnh cũ,\nTHÀNH PHỐ HUẾ,,,,,,,,\n'
CITY = "Thành phố Huế (46)"
FIRST = date(2025, 7, 1)


def _row(
    new: str, code: str, old: str, old_code: str, note: str = "Nhập toàn bộ", district: str = "Quận Phú Xuân (475)"
) -> str:
    return f"{CITY},{new},{code},{old},{old_code},{note},{district},{CITY},\n"


def _table(folder: Path, *rows: str) -> Path:
    path = folder / "table.csv"
    path.write_text(HEAD + "".join(rows), encoding="utf-8")
    return path


@pytest.mark.real
def test_the_official_table_and_the_seed_say_the_same(register: Register, real_data: Path) -> None:
    imported = nso.read(real_data / "vi" / "nso_conversion_2025.csv", register)
    assert (len(imported.edges), len([u for u in imported.units.values() if u.level == "commune"])) == (10_570, 3321)
    found = difference(register, imported)
    assert found.empty, found
    whats = {fault.what for fault in found.faults}
    assert {nso.UNTIDY, nso.OTHER_CODE, nso.NO_TYPE, nso.BAD_CODE} == whats
    assert [fault.row for fault in found.faults if fault.what == nso.OTHER_CODE] == [426, 912, 1260]


@pytest.mark.real
def test_a_published_list_differs_in_one_code(register: Register, real_data: Path) -> None:
    imported = lists.read(real_data / "admin" / "units_2026-07-25.json")
    assert imported.effective == date(2026, 7, 25)
    found = difference(register, imported)
    assert found.recoded == [("Xã Ba Chẽ", "06970", "06978")]
    assert not (found.added or found.removed or found.renamed or found.mapping or found.faults)


@pytest.mark.real
def test_real_boundaries_answer_points(register: Register, real_data: Path, tmp_path: Path) -> None:
    shapes, faults = geojson.read(real_data / "admin" / "46_hue.geojson.gz", register, date(2026, 11, 21))
    assert (len(shapes), faults) == (40, [])
    boundaries = Boundaries(register, shapes)
    assert boundaries.locate(107.5786, 16.4698, date(2026, 11, 21)) == ("19753",)
    assert boundaries.locate(105.85, 21.02, date(2026, 11, 21)) == ()
    for unit in register.children("46", date(2026, 11, 21)):
        assert unit.lon is not None
        assert unit.lat is not None
        assert len(boundaries.locate(unit.lon, unit.lat, date(2026, 11, 21))) <= 1


def test_dirty_rows_are_read_and_told(register: Register, tmp_path: Path) -> None:
    path = _table(
        tmp_path,
        _row("Phường Phú Xuân", "19753", "phường  Thuận Hoà ", "19762"),
        _row("Phường Phú Xuân", "19753", "Xa Hương Thọ", "20028", "Nhâp  một phần diện tích"),
        _row("Phường Phú Xuân", "19753", "Tây Lộc", "19750"),
        _row("Phường Phú Xuân", "19753", "Phường Gia Hội", "1975"),
        "a,b\n",
        ",,,,,,,,\n",
    )
    imported = nso.read(path, register)
    assert [(edge.old, edge.kind) for edge in imported.edges] == [
        ("19762", "whole"),
        ("20028", "part"),
        ("19750", "whole"),
    ]
    assert imported.before["19762"].name == "Thuận Hòa"
    assert imported.before["19750"].type == "phường"
    assert [(fault.row, fault.what) for fault in imported.faults] == [
        (4, nso.UNTIDY),
        (5, nso.UNTIDY),
        (6, nso.NO_TYPE),
        (7, nso.BAD_CODE),
        (8, nso.NO_COLUMNS),
    ]


def test_an_old_code_of_another_commune_is_recognised_by_the_name(register: Register, tmp_path: Path) -> None:
    path = _table(tmp_path, _row("Phường Phú Xuân", "19753", "Phường Tây Lộc", "19762"))
    imported = nso.read(path, register)
    assert [edge.old for edge in imported.edges] == ["19750"]
    assert imported.faults[0].what == nso.OTHER_CODE


def test_a_table_that_says_otherwise_is_laid_over_the_register(register: Register, tmp_path: Path) -> None:
    path = _table(
        tmp_path,
        _row("Phường Phú Xuân Mới", "19753", "Phường Tây Lộc", "19750", "Nhập một phần"),
        _row("Phường Kim Long", "19774", "Phường Tây Lộc", "19750", "Nhập một phần"),
        _row("Xã Thử", "99991", "Phường Thuận Hòa", "19762"),
    )
    imported = nso.read(path, register)
    found = difference(register, imported)
    assert [unit.code for unit in found.added] == ["99991"]
    assert found.renamed == [("19753", "Phường Phú Xuân", "Phường Phú Xuân Mới")]
    assert found.mapping == [("19750", ["19753"], ["19753", "19774"]), ("19762", ["19753"], ["99991"])]
    assert len(found.removed) == 38
    save(tmp_path / "places", overlay(register, imported, found))
    loaded = Register.load(tmp_path / "places")
    assert difference(loaded, imported).empty
    assert loaded.unit("19753", FIRST).name == "Phú Xuân Mới"
    resolver = Resolver(loaded)
    day = date(2026, 1, 1)
    assert resolver.resolve("Phường Tây Lộc, TP Huế", as_of=day).codes == ("19753", "19774")
    assert resolver.resolve("Phường Thuận Hòa, TP Huế", as_of=day).codes == ("99991",)
    assert resolver.resolve("Phường Phú Xuân Mới, TP Huế", as_of=day).codes == ("19753",)


def _list(folder: Path, wards: list[tuple[str, str]], province: tuple[str, str] = ("46", "Thành phố Huế")) -> Path:
    content = [{"Code": province[0], "FullName": province[1], "Wards": [{"Code": c, "FullName": n} for c, n in wards]}]
    path = folder / "units_2027-01-01.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_a_later_list_begins_new_versions_on_its_day(register: Register, tmp_path: Path) -> None:
    day, eve = date(2027, 1, 1), date(2026, 12, 31)
    now = [(u.code, u.full_name) for u in register.children("46", eve)]
    changed = [(c, "Phường A Lưới" if c == "20044" else n) for c, n in now if c not in {"19753", "20056"}]
    imported = lists.read(_list(tmp_path, [*changed, ("29999", "Phường Phú Xuân"), ("90000", "Xã Mới")]))
    found = difference(register, imported)
    assert found.recoded == [("Phường Phú Xuân", "19753", "29999")]
    assert found.removed == ["20056"]
    assert found.renamed == [("20044", "Xã A Lưới 2", "Phường A Lưới")]
    assert [unit.code for unit in found.added] == ["90000"]
    save(tmp_path / "places", overlay(register, imported, found))
    loaded = Register.load(tmp_path / "places")
    assert difference(loaded, imported).empty
    assert (loaded.unit("20044", eve).type, loaded.unit("20044", day).type) == ("xã", "phường")
    assert loaded.moved(loaded.unit("20044", eve).uid, day) == ("20044",)
    assert loaded.find_unit("20056", day) is None
    assert loaded.find_unit("20056", eve) is not None


def test_tone_placement_and_apostrophes_are_no_difference(register: Register, tmp_path: Path) -> None:
    names = [
        (u.code, u.full_name.replace("òa", "oà").replace("ủy", "uỷ").replace("'", "’"))
        for u in register.children("66", FIRST)
    ]
    imported = lists.read(_list(tmp_path, names, ("66", "Tỉnh Đắk Lắk")), FIRST)
    assert difference(register, imported).empty


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", "[1]", '[{"Code":1}]', "[" * 100_000, '[{"Code":"x","FullName":"y"}]']
)
def test_what_is_no_list_is_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "units.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(NotATable, match="units"):
        lists.read(path)


@pytest.mark.parametrize("content", [b"", b"a,b\n", b"\xff\xfe\x00", b"\x00" * 100, b"1,2,3,4,5,6,7,8,9\n" * 3])
def test_what_is_no_conversion_table_is_told(register: Register, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(NotATable, match="table"):
        nso.read(path, register)


def _square(west: float, south: float, size: float = 0.1) -> dict[str, Any]:
    ring = [[west, south], [west + size, south], [west + size, south + size], [west, south + size], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def _collection(folder: Path, features: list[dict[str, Any]], packed: bool = False) -> Path:
    data = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    path = folder / ("shapes.geojson.gz" if packed else "shapes.geojson")
    path.write_bytes(gzip.compress(data) if packed else data)
    return path


def _feature(code: str, geometry: dict[str, Any] | None) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"code": code}, "geometry": geometry}


@pytest.mark.parametrize("packed", [False, True])
def test_boundaries_decide_a_split(register: Register, tmp_path: Path, day: date, packed: bool) -> None:
    path = _collection(
        tmp_path,
        [_feature("00070", _square(105.5, 21.0, 0.25)), _feature("00082", _square(105.75, 21.0, 0.25))],
        packed,
    )
    shapes, faults = geojson.read(path, register, day)
    assert faults == []
    Boundaries(register, shapes).save(tmp_path / "places")
    loaded = Register.load(tmp_path / "places")
    resolver = Resolver(loaded)
    assert len(resolver.boundaries) == 2
    text = "phường Tràng Tiền, quận Hoàn Kiếm, Hà Nội"
    found = resolver.resolve(text, as_of=day, point=(105.9, 21.05))
    assert (found.status, found.codes, found.note) == ("exact", ("00082",), BY_POINT)
    assert resolver.boundaries.locate(105.75, 21.05, day) == ("00070", "00082")
    assert resolver.resolve(text, as_of=day, point=(105.75, 21.05)).status == "ambiguous"
    assert resolver.boundaries.locate(float("nan"), 21.0, day) == ()


def test_bad_features_are_told_and_the_rest_is_taken(register: Register, tmp_path: Path, day: date) -> None:
    bow = {"type": "Polygon", "coordinates": [[[105.8, 21], [105.9, 21.1], [105.9, 21], [105.8, 21.1], [105.8, 21]]]}
    path = _collection(
        tmp_path,
        [
            _feature("46", _square(107, 16)),
            _feature("12345", _square(105.8, 21)),
            _feature("00070", None),
            _feature("00070", {"type": "Point", "coordinates": [105, 21]}),
            _feature("00070", {"type": "Polygon", "coordinates": "x"}),
            _feature("00070", _square(21.0, 105.8)),
            _feature("00082", bow),
        ],
    )
    shapes, faults = geojson.read(path, register, day)
    wanted = [geojson.NO_UNIT, geojson.NO_AREA, geojson.NO_AREA, geojson.NO_AREA, geojson.OUTSIDE, geojson.MENDED]
    assert [fault.what for fault in faults] == wanted
    assert list(shapes) == ["00082@2025-07-01"]


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\x1f\x8b broken", b'{"features":1}'])
def test_what_is_no_geojson_is_told(register: Register, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "shapes.geojson"
    path.write_bytes(content)
    with pytest.raises(NotBoundaries, match="shapes"):
        geojson.read(path, register)


def test_a_broken_boundary_file_is_told(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"broken")
    with pytest.raises(RegisterBroken):
        Resolver(Register.load(tmp_path))


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("Thị Xã  Hương Trà", "thị xã", "Hương Trà"),
        ("phường Vĩnh Hải", "phường", "Vĩnh Hải"),
        ("Thi trấn Ngan Dừa", "thị trấn", "Ngan Dừa"),
        ("Xa Ea Kly", "xã", "Ea Kly"),
        ("Xuân Phước", "", "Xuân Phước"),
        ("ĐẶC KHU Phú Quốc", "đặc khu", "Phú Quốc"),
    ],
)
def test_types_are_split_from_names(text: str, kind: str, name: str) -> None:
    assert split_name(text) == (kind, name)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(st.lists(st.text(max_size=20), max_size=10), max_size=6))
def test_any_table_is_read_or_refused(register: Register, tmp_path: Path, cells: list[list[str]]) -> None:
    path = tmp_path / "any.csv"
    path.write_text("\n".join(",".join(row) for row in cells), encoding="utf-8", errors="replace")
    try:
        nso.read(path, register)
    except NotATable as error:
        assert "any.csv" in error.message()
