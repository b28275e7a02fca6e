"""The seed and the register over it."""

from __future__ import annotations

import gzip
import time
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from nhip.places.errors import NoUnit, RegisterBroken
from nhip.places.model import Change, Tables, Unit
from nhip.places.register import SEED, Register, save
from nhip.places.tables import read_tables, write_tables

BEFORE, AFTER = date(2025, 6, 30), date(2025, 7, 1)


@pytest.mark.parametrize(
    ("on", "level", "count"),
    [
        (AFTER, "province", 34),
        (AFTER, "commune", 3321),
        (date(2026, 11, 21), "commune", 3321),
        (BEFORE, "province", 63),
        (BEFORE, "district", 696),
        (BEFORE, "commune", 10_035),
    ],
)
def test_it_counts_what_the_law_counts(register: Register, on: date, level: str, count: int) -> None:
    assert sum(1 for _ in register.iter_units(level, on)) == count  # type: ignore[arg-type]


def test_there_are_no_districts_since_july_2025(register: Register) -> None:
    assert not list(register.iter_units("district", AFTER))


@pytest.mark.parametrize(
    ("on", "wards", "communes"), [(AFTER, 687, 2621), (date(2026, 4, 30), 697, 2611), (date(2026, 9, 20), 709, 2599)]
)
def test_communes_became_wards_in_2026(register: Register, on: date, wards: int, communes: int) -> None:
    kinds = Counter(unit.type for unit in register.iter_units("commune", on))
    assert kinds == {"phường": wards, "xã": communes, "đặc khu": 13}


@pytest.mark.parametrize(
    ("code", "eve", "day", "name"),
    [
        ("75", date(2026, 4, 29), date(2026, 4, 30), "Đồng Nai"),
        ("22", date(2026, 8, 31), date(2026, 9, 1), "Quảng Ninh"),
        ("24", date(2026, 9, 19), date(2026, 9, 20), "Bắc Ninh"),
    ],
)
def test_provinces_became_cities_on_their_day(register: Register, code: str, eve: date, day: date, name: str) -> None:
    assert register.unit(code, eve).full_name == f"Tỉnh {name}"
    assert register.unit(code, day).full_name == f"Thành phố {name}"


def test_a_code_alone_does_not_identify(register: Register) -> None:
    assert register.unit("19753", BEFORE).full_name == "Phường Thuận Lộc"
    assert register.unit("19753", AFTER).full_name == "Phường Phú Xuân"
    assert register.unit("474", date(2024, 12, 31)).full_name == "Thành phố Huế"
    assert register.unit("474", date(2025, 1, 1)).full_name == "Quận Thuận Hóa"
    assert register.unit("46", date(2024, 12, 31)).full_name == "Tỉnh Thừa Thiên Huế"


def test_versions_of_a_code_never_overlap(register: Register) -> None:
    for code in {unit.code for unit in register.units.values()}:
        versions = register.versions(code)
        for earlier, later in pairwise(versions):
            assert earlier.valid_to is not None, code
            assert earlier.valid_to < later.valid_from, (earlier, later)


def test_what_a_unit_went_into_is_in_force_on_the_next_day(register: Register) -> None:
    for old, new in register.changes:
        before, after = register.units[old], register.units[new]
        assert before.valid_to is not None
        assert after.valid(before.valid_to + timedelta(days=1)), (old, new)


def test_a_unit_that_went_into_several_went_in_parts(register: Register) -> None:
    for uid in register.units:
        kinds = {change.kind for change in register.successors(uid)}
        assert kinds <= ({"part"} if len(register.successors(uid)) > 1 else {"whole"}), uid


def test_every_former_commune_leads_to_the_present(register: Register, day: date) -> None:
    for unit in register.units.values():
        if unit.level == "commune":
            assert register.moved(unit.uid, day), unit


def test_every_commune_has_a_parent_on_all_its_days(register: Register) -> None:
    for unit in register.units.values():
        if unit.parent:
            assert register.find_unit(unit.parent, unit.valid_from), unit
            assert register.find_unit(unit.parent, unit.valid_to or date(2026, 11, 21)), unit


def test_moved_goes_forward_and_backward(register: Register) -> None:
    assert register.moved("19756@2004-07-08", date(2026, 1, 1)) == ("19753",)
    assert register.present("19753", date(2024, 1, 1), AFTER) == ("19750", "19753", "19756", "19759", "19762", "19768")
    assert register.present("00079", AFTER, BEFORE) == ("00070", "00082")
    assert register.present("19753", date(1999, 1, 1)) == ()


def test_children_and_path(register: Register, day: date) -> None:
    assert len(register.children("46", day)) == 40
    assert len(register.children("483", date(2024, 6, 1))) == 10
    assert register.path(register.unit("20179", BEFORE)) == "Xã Hương Xuân, Huyện Phú Lộc, Thành phố Huế"
    assert register.path(register.unit("26830", date(2020, 6, 1))) == "Phường Long Bình, Quận 9, Thành phố Hồ Chí Minh"


def test_points_of_communes_lie_in_vietnam(register: Register, day: date) -> None:
    for unit in register.iter_units("commune", day):
        assert unit.lon is not None
        assert unit.lat is not None
        assert 102 < unit.lon < 118, unit
        assert 7 < unit.lat < 23.5, unit


def test_an_unknown_code_is_an_error_that_says_the_day(register: Register) -> None:
    with pytest.raises(NoUnit, match="99999 on 2025-07-01"):
        register.unit("99999", AFTER)


def test_the_seed_is_small_and_loads_fast() -> None:
    assert SEED.stat().st_size < 1_500_000
    start = time.process_time()
    read_tables(SEED)
    assert time.process_time() - start < 5


def test_writing_the_seed_again_gives_the_same_bytes(tmp_path: Path) -> None:
    tables = read_tables(SEED)
    write_tables(tmp_path / "again.tsv.gz", tables)
    assert gzip.decompress((tmp_path / "again.tsv.gz").read_bytes()) == gzip.decompress(SEED.read_bytes())
    lines = gzip.decompress(SEED.read_bytes()).decode().splitlines()[1:]
    assert lines == sorted(lines)


def test_an_overlay_is_a_numbered_file_over_the_seed(tmp_path: Path) -> None:
    unit = Unit(code="99999", level="commune", type="xã", name="Mới", valid_from=date(2027, 1, 1), parent="46")
    edge = Change(from_uid="19753@2025-07-01", to_uid=unit.uid, kind="part", effective=unit.valid_from)
    first = save(tmp_path, Tables(units=[unit], changes=[edge], source="test"))
    second = save(tmp_path, Tables(removed=[f"{edge.from_uid}>{edge.to_uid}"], source="taken back"))
    assert [first.name, second.name] == ["register-0001.tsv.gz", "register-0002.tsv.gz"]
    assert not list(tmp_path.glob("*.part"))
    loaded = Register.load(tmp_path)
    assert loaded.unit("99999", date(2027, 1, 1)) == unit
    assert loaded.successors(edge.from_uid) == []
    assert loaded.sources == ["test", "taken back"]
    second.unlink()
    assert Register.load(tmp_path).successors(edge.from_uid) == [edge]


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", gzip.compress(b"other file", mtime=0), gzip.compress(b"# nhip register 1\t\t\nX\t1", mtime=0)],
)
def test_a_broken_register_file_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "register-0001.tsv.gz").write_bytes(content)
    with pytest.raises(RegisterBroken, match="register-0001"):
        Register.load(tmp_path)
