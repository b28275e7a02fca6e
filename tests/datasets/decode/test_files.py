"""Whole files: encodings, mixed columns, bad lines, lost letters, row numbers."""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nhip.datasets.decode import charsets, decode, sample_rows
from nhip.settings import Settings
from tests.datasets.decode.conftest import PLACES, Decode

HEADER = ("Số", "Tỉnh", "Xã", "Đường")
TEXT = "\n".join(",".join(row) for row in (HEADER, *PLACES)) + "\n"


def test_clean_csv_is_read_where_it_lies(run: Decode, tmp_path: Path) -> None:
    done = run(TEXT.encode(), "a.csv")
    assert done.cells() == PLACES and done.names() == list(HEADER)
    assert [row[0] for row in done.rows()] == list(range(2, len(PLACES) + 2))
    assert "read_csv" in done.table.relation and done.table.findings is None and not done.decoded.problems
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_and_line_ends(run: Decode, delimiter: str) -> None:
    for name, end in (("n", "\n"), ("rn", "\r\n")):
        done = run(TEXT.replace(",", delimiter).replace("\n", end).encode(), f"{name}.csv")
        assert done.cells() == PLACES


@pytest.mark.parametrize(
    ("codec", "mark"),
    [
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-32-le", codecs.BOM_UTF32_LE),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
        ("utf-32-be", b""),
    ],
)
def test_unicode_encodings(run: Decode, codec: str, mark: bytes) -> None:
    done = run(mark + TEXT.encode(codec), "a.csv")
    assert (done.cells(), done.names()) == (PLACES, list(HEADER))
    assert done.decoded.encoding.startswith(codec)
    assert done.findings() == []


@pytest.mark.parametrize("charset", ["tcvn3", "vni", "viscii", "cp1258"])
def test_whole_files_in_legacy_bytes(run: Decode, charset: str) -> None:
    done = run(charsets.encode(TEXT, charset), "a.csv")
    capitals = {"Xã Tịnh Ấn Tây": "Xã Tịnh ấn Tây"} if charset == "tcvn3" else {}  # it has no toned capitals
    assert done.cells() == [tuple(capitals.get(cell, cell) for cell in row) for row in PLACES]
    assert done.names() == list(HEADER)
    assert done.decoded.encoding == charset
    assert {row[2] for row in done.findings()} == (set() if charset == "cp1258" else {"text.encoding"})


def test_each_column_in_its_own_set_of_bytes(run: Decode) -> None:
    sets = ("utf-8", "tcvn3", "vni", "viscii")
    lines = [
        b",".join(
            cell.encode() if name == "utf-8" else charsets.encode(cell, name)
            for cell, name in zip(row, sets, strict=True)
        )
        for row in PLACES
    ]
    done = run(b"so,tinh,xa,duong\n" + b"\n".join(lines), "a.csv")
    assert done.cells() == PLACES
    assert [column.encoding for column in done.table.columns] == ["utf-8", "tcvn3", "vni", "viscii"]
    value = charsets.encode_shown("Thừa Thiên Huế", "tcvn3")
    assert (2, "tinh", "text.encoding", "mended", value, "Thừa Thiên Huế") in done.findings()
    assert all(column.repaired == len(PLACES) for column in done.table.columns[1:])


def test_viqr_column(run: Decode) -> None:
    rows = [(number, charsets.encode_shown(province, "viqr")) for number, province, _, _ in PLACES]
    text = "so,tinh\n" + "\n".join(",".join(row) for row in rows)
    done = run(text.encode(), "a.csv")
    assert done.cells() == [row[:2] for row in PLACES]
    assert done.table.columns[1].encoding == "viqr"


def test_double_encoding_and_decomposed_cells_in_a_good_file(run: Decode) -> None:
    loose = unicodedata.normalize("NFD", "Đường Nguyễn Huệ")
    text = TEXT + f"7,Huáº¿,Vá»¹ Dáº¡,{loose}\n8,Huế,A &amp; B,x\n"
    done = run(text.encode(), "a.csv")
    assert done.cells() == [*PLACES, ("7", "Huế", "Vỹ Dạ", "Đường Nguyễn Huệ"), ("8", "Huế", "A & B", "x")]
    assert [row[:4] for row in done.findings()] == [
        (8, "Tỉnh", "text.encoding", "mended"), (8, "Xã", "text.encoding", "mended"),
        (8, "Đường", "text.form", "mended"), (9, "Xã", "text.encoding", "mended"),
    ]  # fmt: skip


def test_lost_letters_are_findings(run: Decode) -> None:
    text = "ten,hang\nB_nh vi_n Gia __nh,1\nB_nh vi_n Ch_ R_y,2\nB_nh vi_n 115,3\nBV Hu_,4\n"
    done = run(text.encode(), "a.csv")
    assert [(row[0], row[2], row[3], row[5]) for row in done.findings()] == [
        (number, "text.lost", "error", None) for number in (2, 3, 4, 5)
    ]
    assert done.cells()[0] == ("B_nh vi_n Gia __nh", "1")
    assert done.table.columns[0].lost == 4


def test_faults_far_beyond_the_sample_are_found(run: Decode) -> None:
    line = "1,Thừa Thiên Huế,phường Vỹ Dạ,đường Nguyễn Sinh Cung\n"
    block = "Số,Tỉnh,Xã,Đường\n" + line * 40_000
    for number, bad in enumerate([unicodedata.normalize("NFD", "Huế"), "Huáº¿", "Hu\ufffd", "B?nh vi?n"]):
        done = run((block + f"2,{bad},x,y\n" + line * 10_000).encode(), f"{number}.csv")
        assert len(done.findings()) == 1, bad
        assert done.findings()[0][:2] == (40_002, "Tỉnh")


def test_wrong_bytes_far_beyond_the_sample(run: Decode) -> None:
    line = "1,Thừa Thiên Huế,phường Vỹ Dạ,đường Nguyễn Sinh Cung\n".encode()
    done = run("Số,Tỉnh,Xã,Đường\n".encode() + line * 40_000 + b"2,H\xff,x,y\n" + line * 10_000, "a.csv")
    assert done.table.rows == 50_001
    assert done.rows()[40_000][:3] == (40_002, "2", "Hÿ")
    assert done.rows()[0][2] == "Thừa Thiên Huế"


def test_lines_with_too_few_or_many_cells(run: Decode) -> None:
    done = run(b"a,b,c\n1,2,3\n4,5\n6,7,8,9\n10,11,12\n", "a.csv")
    assert done.rows() == [(2, "1", "2", "3"), (3, "4", "5", None), (4, "6", "7", "8"), (5, "10", "11", "12")]
    assert [(row[0], row[1], row[2], row[4]) for row in done.findings()] == [
        (3, "", "row.shape", "4 | 5"), (4, "", "row.shape", "6 | 7 | 8 | 9"),
    ]  # fmt: skip


def test_a_stray_quote_costs_only_its_own_line(run: Decode) -> None:
    good = [f"{n},ống,{n}" for n in range(2_000)]
    text = "a,b,c\n" + "\n".join([*good[:1000], '7,"ống thép,3', *good[1000:]]) + "\n"
    done = run(text.encode(), "a.csv")
    assert len(done.rows()) == 2_001
    assert [(row[0], row[2]) for row in done.findings()] == [(1_002, "row.shape")]
    assert done.rows()[-1] == (2_002, "1999", "ống", "1999")


def test_inches_are_no_quotes(run: Decode) -> None:
    done = run('a,b,c\n1,ống 5" dài,x\n2,"nói ""thế""",y\n3,z,t\n'.encode(), "a.csv")
    assert [row[1] for row in done.cells()] == ['ống 5" dài', 'nói "thế"', "z"]


def test_blank_lines_keep_the_numbers(run: Decode) -> None:
    done = run(b"a,b\n\n1,2\n\n\n3,4\n", "a.csv")
    assert done.rows() == [(3, "1", "2"), (6, "3", "4")]


def test_quoted_line_breaks_count_as_one_record(run: Decode) -> None:
    done = run(b'a,b\n1,"x\ny"\n2,z\n', "a.csv")
    assert done.rows() == [(2, "1", "x\ny"), (3, "2", "z")]


def test_separator_line_of_excel(run: Decode) -> None:
    done = run(b"sep=;\na;b\n1;2\n", "a.csv")
    assert (done.names(), done.rows()) == (["a", "b"], [(3, "1", "2")])


def test_careful_reading_gives_the_same(run: Decode) -> None:
    quick, slow = run(TEXT.encode(), "a.csv"), run(TEXT.encode(), "a.csv", careful=True)
    assert quick.rows() == slow.rows() and quick.names() == slow.names()


def test_names_with_patterns_in_the_path(run: Decode) -> None:
    assert run(TEXT.encode(), "a[1]*?.csv").cells() == PLACES


def test_sample_rows(run: Decode, con: duckdb.DuckDBPyConnection) -> None:
    done = run(TEXT.encode(), "a.csv")
    assert sample_rows(done.table, con, 1) == [dict(zip(("_row", *HEADER), (2, *PLACES[0]), strict=True))]


@pytest.mark.parametrize("different", [97, 8_000, 60_000])
def test_order_is_kept_when_letters_are_mended(run: Decode, different: int) -> None:
    rows = "".join(f"{n},Huáº¿ {n % different}\n" for n in range(60_000))
    done = run(("so,ten\n" + rows).encode(), "a.csv")
    assert [row[0] for row in done.rows()] == list(range(2, 60_002))
    assert done.rows()[12_345][2] == f"Huế {12_345 % different}"


CELLS = st.text(st.sampled_from('ab"\n,;éế 1'), max_size=6)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(CELLS, CELLS, st.sampled_from(["x", "y z"])), min_size=1, max_size=8))
def test_what_is_written_is_read(rows: list[tuple[str, str, str]], tmp_path: Path) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([("Cột một", "Cột hai", "Cột ba"), *rows])
    path = tmp_path / "a.csv"
    path.write_text(out.getvalue(), encoding="utf-8", newline="")
    with duckdb.connect() as con:
        for careful in (False, True):
            done = decode(path, tmp_path / "w", Settings(), con=con, careful=careful)
            found = con.execute(f"FROM {done.tables[0].relation}").fetchall()
            assert [row[1:] for row in found] == [tuple(cell or None for cell in row) for row in rows]
