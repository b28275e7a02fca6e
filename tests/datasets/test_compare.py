"""Two datasets about the same things: what is compared, what counts as a conflict, what is left alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from nhip.datasets.compare import ColumnResult, Link, Side, compare
from nhip.datasets.conflicts import pairs_of
from nhip.datasets.contract.model import Contract, Field, Reference

LINK = Link(("ma_truong",), ("ma",))


def contract(name: str, *fields: Field, refers: tuple[str, ...] = ()) -> Contract:
    """A contract; `refers` are datasets whose `ma` its `ma_truong` is."""
    references = tuple(Reference(columns=("ma_truong",), to_dataset=to, to_columns=("ma",)) for to in refers)
    return Contract(id=name, version="1", dataset=name, fields=fields, references=references)


def side(folder: Path, name: str, fields: dict[str, Field], rows: Sequence[tuple[object, ...]]) -> Side:
    """A version of typed columns: text, or numbers where the field says so."""
    types = {"string": "VARCHAR", "number": "DOUBLE", "integer": "BIGINT", "date": "DATE"}
    path = folder / f"{name}.parquet"
    with duckdb.connect() as con:
        columns = ", ".join(f'"{column}" {types[field.type]}' for column, field in fields.items())
        con.execute(f"CREATE TABLE t (_row BIGINT, {columns})")
        con.executemany(f"INSERT INTO t VALUES ({', '.join('?' * (len(fields) + 1))})", rows)
        con.execute(f"COPY t TO '{path}' (FORMAT parquet)")
    known = [field for column, field in fields.items() if not column.endswith("__unit")]
    return Side(path, contract(name, *known))


def fields(key: str, **columns: Field) -> dict[str, Field]:
    return {key: Field(name=key), **columns}


def run(folder: Path, mine: Side, other: Side) -> tuple[list[ColumnResult], list[tuple[object, ...]]]:
    target = folder / "out.parquet"
    with duckdb.connect() as con:
        results = compare(con, mine, other, LINK, target)
        rows = con.execute(f"FROM read_parquet('{target}')").fetchall() if target.exists() else []
    return results, rows


TEN = {"ten": Field(name="ten")}


def test_cells_that_differ_are_kept_with_both_rows(tmp_path: Path) -> None:
    mine = [(2, "T1", "Lê Lợi"), (3, "T2", "Hai Bà  Trưng"), (4, "T3", "Nguyễn Huệ"), (5, "T9", "x"), (6, "T4", None)]
    theirs = [
        (8, "T1", "lê lợi "),
        (9, "T2", "Hai Bà Trưng"),
        (10, "T3", "Quang Trung"),
        (11, "T4", "y"),
        (12, "T5", "z"),
    ]
    results, rows = run(
        tmp_path,
        side(tmp_path, "a", fields("ma_truong", **TEN), mine),
        side(tmp_path, "b", fields("ma", **TEN), theirs),
    )
    assert results == [ColumnResult(column="ten", compared=3, conflicts=1)]
    assert rows == [(4, "T3", "ten", "Nguyễn Huệ", 10, "Quang Trung")]


@pytest.mark.parametrize(
    ("field", "mine", "other", "conflicts"),
    [
        (Field(name="v", type="number"), 1.0, 1.0000000001, 0),
        (Field(name="v", type="number"), 1.0, 1.001, 1),
        (Field(name="v", type="number", kind="latitude"), 16.46001, 16.46005, 0),
        (Field(name="v", type="number", kind="latitude"), 16.46, 16.47, 1),
        (Field(name="v", type="integer"), 5, 6, 1),
        (Field(name="v", type="date"), "2020-01-02", "2020-02-01", 1),
    ],
)
def test_how_far_values_may_differ(tmp_path: Path, field: Field, mine: object, other: object, conflicts: int) -> None:
    same = [(n, f"T{n}", other) for n in range(2, 6)]
    a = side(tmp_path, "a", fields("ma_truong", v=field), [*same[:3], (5, "T5", mine)])
    b = side(tmp_path, "b", fields("ma", v=field), same)
    assert run(tmp_path, a, b)[0] == [ColumnResult(column="v", compared=4, conflicts=conflicts)]


def test_places_are_compared_by_their_code(tmp_path: Path) -> None:
    columns = {"xa": Field(name="xa", kind="commune"), "xa__unit": Field(name="xa__unit")}
    a = side(
        tmp_path, "a", fields("ma_truong", **columns), [(2, "T1", "P. Thuận Hòa", "19753"), (3, "T2", "Xã A", "1")]
    )
    b = side(tmp_path, "b", fields("ma", **columns), [(2, "T1", "Phường Thuận Hóa", "19753"), (3, "T2", "Xã A", "2")])
    results, rows = run(tmp_path, a, b)
    assert results == [ColumnResult(column="xa", compared=2, conflicts=1)]
    assert rows == [(3, "T2", "xa", "Xã A", 3, "Xã A")]


def test_what_only_shares_a_name_is_no_conflict(tmp_path: Path) -> None:
    day = {"ngay": Field(name="ngay"), "ten": Field(name="ten")}
    about_rows = [(n, f"T{n % 5}", f"d{n}", f"n{n % 5}") for n in range(2, 22)]
    a = side(tmp_path, "a", fields("ma_truong", **day), about_rows)
    b = side(tmp_path, "b", fields("ma", **day), [(n, f"T{n}", "d", f"n{n}") for n in range(5)])
    assert run(tmp_path, a, b)[0] == [ColumnResult(column="ten", compared=20, conflicts=0)], "ngay speaks of the row"
    licence = {"so": Field(name="so")}
    a = side(tmp_path, "a", fields("ma_truong", **licence), [(n, f"T{n}", f"GP{n}") for n in range(2, 12)])
    b = side(tmp_path, "b", fields("ma", **licence), [(n, f"T{n}", f"QD{n}") for n in range(2, 12)])
    results, rows = run(tmp_path, a, b)
    assert (results, rows) == ([ColumnResult(column="so", compared=10, conflicts=10, alike=False)], [])


def test_personal_data_are_not_compared_and_a_personal_key_is_not_shown(tmp_path: Path) -> None:
    secret = {"ten": Field(name="ten", classification="personal"), "sdt": Field(name="sdt", kind="phone")}
    a = side(tmp_path, "a", fields("ma_truong", **secret), [(2, "T1", "a", "1")])
    b = side(tmp_path, "b", fields("ma", **secret), [(2, "T1", "b", "2")])
    assert run(tmp_path, a, b) == ([], [])
    keyed = {"ma_truong": Field(name="ma_truong", kind="citizen_id"), **TEN}
    a = side(tmp_path, "a", keyed, [(n, f"T{n}", "x") for n in (2, 3)])
    b = side(tmp_path, "b", fields("ma", **TEN), [(2, "T2", "x"), (3, "T3", "y")])
    assert run(tmp_path, a, b)[1] == [(3, "", "ten", "x", 3, "y")]


def test_a_key_with_two_values_on_the_other_side_decides_nothing(tmp_path: Path) -> None:
    a = side(tmp_path, "a", fields("ma_truong", **TEN), [(n, f"T{n}", "x") for n in range(2, 42)])
    both = (
        [(n, f"T{n}", "x") for n in range(2, 42)] + [(n + 50, f"T{n}", "x") for n in range(2, 42)] + [(99, "T2", "y")]
    )
    b = side(tmp_path, "b", fields("ma", **TEN), both)
    assert run(tmp_path, a, b)[0] == [ColumnResult(column="ten", compared=39, conflicts=0)]


def test_which_datasets_are_related() -> None:
    plain = {name: contract(name, Field(name="ma"), refers=refers) for name, refers in {
        "truong": (), "lop": ("truong",), "bep": ("truong",), "cau": (), "tu": ("tu", "khong-co"),
    }.items()}  # fmt: skip
    related = {(pair.mine, pair.other) for pair in pairs_of(plain)}
    three = ("truong", "lop", "bep")
    assert related == {(a, b) for a in three for b in three if a != b}
    links = {(pair.mine, pair.other): pair.link for pair in pairs_of(plain)}
    assert links["lop", "truong"] == LINK
    assert links["lop", "bep"] == Link(("ma_truong",), ("ma_truong",))
