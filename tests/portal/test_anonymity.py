"""Groups of people too small to be open: k and l beside a plain count, what is inferred of columns, names beside homes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nhip.datasets.contract.model import Contract, Field
from nhip.modelcity.catalogue import DATASETS
from nhip.modelcity.contracts import contract as contract_of
from nhip.portal.gate.anonymity import anonymity_of
from nhip.portal.gate.people import about
from nhip.portal.gate.service import examine
from nhip.portal.model import GateReport, OpenColumn, Role, Shaping

Row = tuple[Any, ...]
SQL = {"text": "varchar", "integer": "bigint", "number": "double", "date": "date"}


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def _table(con: duckdb.DuckDBPyConnection, columns: list[OpenColumn], rows: list[Row]) -> None:
    con.execute(f"create or replace temp table t ({', '.join(f'{c.name} {SQL[c.type]}' for c in columns)})")
    con.executemany(f"insert into t values ({', '.join('?' for _ in columns)})", rows)


def _col(name: str, type_: str = "text", **more: Any) -> OpenColumn:
    return OpenColumn(name=name, type=type_, **more)


def _look(
    con: duckdb.DuckDBPyConnection, columns: list[OpenColumn], rows: list[Row], left_out: tuple[Field, ...] = (),
    roles: dict[str, Role] | None = None,
) -> GateReport:  # fmt: skip
    _table(con, columns, rows)
    fields = (*left_out, *(Field(name=c.name, kind=c.kind, title=c.title) for c in columns))
    contract = Contract(id="urn:t", version="1", dataset="t", fields=fields)
    return examine(con, "t", columns, contract, fields, Shaping(roles=roles or {}))


def _whats(report: GateReport) -> set[str]:
    return {s.what for s in report.suspicions}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([1950, 1960, None]), st.sampled_from(["A", "B", None]), st.sampled_from(["x", "y", None])
        ),
        min_size=1,
        max_size=40,
    )
)
def test_k_and_l_are_what_a_plain_count_says(con: duckdb.DuckDBPyConnection, rows: list[Row]) -> None:
    _table(con, [_col("nam", "integer"), _col("xa"), _col("benh")], rows)
    groups: dict[Row, list[Any]] = defaultdict(list)
    for *keys, said in rows:
        groups[tuple(keys)].append(said)
    found = anonymity_of(con, "t", ["nam", "xa"], ["benh"], 3)
    assert found.k == min(map(len, groups.values()))
    assert found.few_rows == sum(len(group) for group in groups.values() if len(group) < 3)
    speaking = [set(group) for group in groups.values() if set(group) != {None}]
    assert found.l == (min(map(len, speaking)) if speaking else None)


PEOPLE = [_col("nam_sinh", "integer"), _col("phuong", kind="commune"), _col("dang_tat", title="Dạng tật")]
NAME = Field(name="ho_ten", kind="person_name", classification="personal")


def test_one_person_alone_in_a_ward_and_a_year_of_birth_closes_the_gate(con: duckdb.DuckDBPyConnection) -> None:
    many: list[Row] = [(1950, "Vỹ Dạ", said) for said in ("vận động", "nghe", "nhìn", "nghe", "nói")]
    report = _look(con, PEOPLE, many, (NAME,))
    assert (report.open, report.k, report.l, report.quasi) == (True, 5, 4, ["nam_sinh", "phuong"])
    report = _look(con, PEOPLE, [*many, (1962, "Vỹ Dạ", "nghe")], (NAME,))
    assert not report.open and (report.k, report.few_rows) == (1, 1) and {"few", "alike"} <= _whats(report)


def test_a_band_is_coarse_only_when_it_is_wide_and_no_identifier(con: duckdb.DuckDBPyConnection) -> None:
    born = Field(name="nam_sinh", classification="personal")
    contract = Contract(id="urn:t", version="1", dataset="t", fields=(born,))
    for width, kind, declared in ((10, "", False), (2, "", True), (1_000, "citizen_id", True)):
        column = _col("nam_sinh", act="band", to=width, kind=kind)
        _table(con, [column], [("1950–1959",)] * 9)
        assert ("declared" in _whats(examine(con, "t", [column], contract))) == declared


def test_a_group_of_whom_all_is_said_closes_the_gate(con: duckdb.DuckDBPyConnection) -> None:
    report = _look(con, PEOPLE, [(1950, "Vỹ Dạ", "nghe")] * 9, (NAME,))
    assert (report.k, report.l) == (9, 1) and _whats(report) == {"alike"}


def test_whoever_proposes_can_say_otherwise_and_is_named(con: duckdb.DuckDBPyConnection) -> None:
    rows: list[Row] = [(1950 + i, "Vỹ Dạ", "nghe" if i % 2 else "nhìn") for i in range(10)]
    assert "few" in _whats(_look(con, PEOPLE, rows, (NAME,)))
    report = _look(con, PEOPLE, rows, (NAME,), {"nam_sinh": ""})
    assert report.open and report.overruled == ["nam_sinh"] and report.quasi == ["phuong"]


def test_a_code_for_each_person_is_no_way_out(con: duckdb.DuckDBPyConnection) -> None:
    columns = [_col("ma_ho_so", kind="code"), _col("nam_sinh", "integer")]
    rows: list[Row] = [(f"K{i}", 1950) for i in range(10)]
    assert _whats(_look(con, columns, rows, (NAME,))) == {"pseudonym"}
    assert _look(con, columns, rows, (NAME,), {"ma_ho_so": ""}).overruled == ["ma_ho_so"]
    assert _look(con, columns, [("K1", 1950)] * 10, (NAME,)).open, "a code of a group"


def test_rows_that_are_no_people_have_no_groups(con: duckdb.DuckDBPyConnection) -> None:
    stops = [_col("ma", kind="code"), _col("phuong", kind="commune"), _col("vi_do", "number", kind="latitude")]
    report = _look(con, stops, [("T1", "Vỹ Dạ", 16.4), ("T2", "Phú Hội", 16.5)])
    assert report.open and report.k is None
    counts = [_col("phuong", kind="commune"), _col("gioi_tinh"), _col("nhom_tuoi"), _col("tong_so", "integer")]
    fields = [Field(name=c.name, kind=c.kind, type="integer" if c.type == "integer" else "string") for c in counts]
    assert not about(fields, (), counts).people, "numbers of people"
    assert about([f for f in fields if f.name != "tong_so"], (), counts).people, "a survey without names"


@pytest.mark.parametrize("spec", DATASETS, ids=lambda spec: str(spec.slug))
def test_what_the_model_city_is_about(spec: Any) -> None:
    contract = contract_of(spec)
    private = {f.name for f in contract.fields if f.classification in ("personal", "sensitive")}
    columns = [_col(f.name, kind=f.kind, title=f.title) for f in contract.fields if f.name not in private]
    assert about(contract.fields, private, columns).people == (spec.slug in ("hanh-nghe-y", "chinh-sach-phu-bai"))


def test_names_beside_births_and_homes(con: duckdb.DuckDBPyConnection) -> None:
    people: list[Row] = [("Nguyễn Văn An", 1950, "12 Lê Lợi, Vỹ Dạ"), ("Trần Thị Bình", 1962, "Kiệt 3/45 Bà Triệu")]
    who = [_col("ten"), _col("nam_sinh", "integer", title="Năm sinh"), _col("noi", title="Địa chỉ")]
    report = _look(con, who, people)
    assert {"name_birth_row", "name_address", "person_name"} <= _whats(report) and not report.open
    homes = [_col("ho_so", kind="code"), _col("noi_o", title="Nơi ở hiện nay")]
    assert "residence" in _whats(_look(con, homes, [("1", "12 Lê Lợi"), ("2", "Vỹ Dạ")]))
    heads = [
        _col("ten_truong", title="Tên trường"),
        _col("hieu_truong", title="Hiệu trưởng"),
        _col("dia_chi", title="Địa chỉ"),
    ]
    rows: list[Row] = [("Tiểu học Lê Lợi", "Nguyễn Văn An", "12 Lê Lợi, Vỹ Dạ")]
    assert {"contact_person"} <= _whats(_look(con, heads, rows)) and not {"name_address"} & _whats(
        _look(con, heads, rows)
    )


def test_streets_and_kings_are_no_people(con: duckdb.DuckDBPyConnection) -> None:
    streets = [
        _col("ten_duong", title="Tên đường"),
        _col("phuong", kind="commune"),
        _col("nam", "integer", title="Năm đặt tên"),
    ]
    assert _whats(_look(con, streets, [("Lê Lợi", "Vỹ Dạ", 1956), ("Trần Hưng Đạo", "Phú Hội", 1989)])) == set()
    kings = [_col("danh_nhan", title="Danh nhân"), _col("nam_sinh", "integer", title="Năm sinh")]
    found = _whats(_look(con, kings, [("Nguyễn Tri Phương", 1800), ("Lê Văn Duyệt", 1764)]))
    assert "name_birth_row" not in found, "nobody who lives"


def test_plates_of_owners_whose_names_are_left_out_block(con: duckdb.DuckDBPyConnection) -> None:
    plates = [_col("bien_so"), _col("loai")]
    rows: list[Row] = [("75A-123.45", "xe con"), ("75A-678.90", "xe tải")]
    fleet = _look(con, plates, rows)
    assert fleet.open and fleet.warns and _whats(fleet) == {"plate"}
    owned = _look(con, plates, rows, (Field(name="chu_xe", kind="person_name", classification="personal"),))
    assert not owned.open and _whats(owned) == {"owner_plate"}
