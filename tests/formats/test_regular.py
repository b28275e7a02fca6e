"""The proof of shape against Python's csv reader, and the reading of records."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nhip.formats import regular
from nhip.formats.delimited import first_lines, iter_records, sniff_dialect
from nhip.formats.model import Dialect

CELLS = st.text(st.sampled_from('ab"\n;, é'), max_size=5)
FIXTURE = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def written(rows: list[list[str]], end: str = "\n") -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator=end).writerows(rows)
    return out.getvalue().encode()


@FIXTURE
@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=9), end=st.sampled_from(["\n", "\r\n"])
)
@pytest.mark.parametrize("chunk", [7, 1 << 20])
def test_well_written_files_are_regular(
    rows: list[list[str]], end: str, chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(regular, "_CHUNK", chunk)
    path = tmp_path / "a.csv"
    path.write_bytes(written([["x", "y", "z"], *rows], end))
    found = regular.scan(path, ",", 3)
    blank = any(not any(row) for row in rows)
    if found.ok:
        assert found.records == len(rows) + 1 and not blank
    else:  # cautious where a quoted cell holds other line ends than the file has
        assert blank or any("\n" in cell or '"' in cell for row in rows for cell in row)


@FIXTURE
@given(text=st.text(st.sampled_from('a",\n;'), max_size=40))
def test_a_sure_proof_is_never_wrong(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x,y\n" + text, encoding="utf-8", newline="")
    found = regular.scan(path, ",", 2)
    if found.ok and found.quotes_sure:
        rows = list(csv.reader(io.StringIO("x,y\n" + text, newline=""), strict=True))
        assert [len(row) for row in rows] == [2] * found.records


def test_rare_bytes_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("a,b\nHuế,25°C\nx_y,e\u0301?\n".encode())
    found = regular.scan(path, ",", 2)
    assert found.ok and found.rare == {0xC2: 1, ord("_"): 1, 0xCC: 1, ord("?"): 1}


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1\n",
        "a,b\n1,2,3\n",
        "a,b\n\n1,2\n",
        "a,b\n,\n1,2\n",
        "a,b\n1,2\n,",
        "a,b\r\n1,2\r\n,\r\n",
        'a,b\n"1,2\n',
        "a,b\n1,2\nx",
        "a,b\n1,2\r\n3,4\n",
    ],
)
def test_irregular_files(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode())
    assert not regular.scan(path, ",", 2).ok


@FIXTURE
@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=9))
def test_records_are_read_as_written(rows: list[list[str]], tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(written(rows))
    found = list(iter_records(path, Dialect()))
    assert [record.cells for record in found] == rows
    assert [record.number for record in found] == list(range(1, len(rows) + 1))
    assert not any(record.stray_quote for record in found)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_dialects(delimiter: str) -> None:
    lines = [delimiter.join(cells) + "\n" for cells in (["Tên", "Giá, VND", "Ngày"], ["A", "1.234,5", "1/2/2024"])]
    assert sniff_dialect(lines).delimiter == delimiter


def test_a_title_does_not_hide_the_delimiter(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("DANH SÁCH, NĂM 2024\n\nSTT;Tên;Lớp\n1;A;2\n2;B;3\n", encoding="utf-8")
    assert sniff_dialect(first_lines(path)).delimiter == ";"


@pytest.mark.parametrize("delimiter", ["~", "^", "#", "!", "\x1f"])
def test_delimiters_of_old_programs(delimiter: str) -> None:
    lines = [f"mã{delimiter}tên{delimiter}ngày\n", f"1{delimiter}Huế, Việt Nam; ven sông{delimiter}2024\n", "\n"]
    assert sniff_dialect(lines).delimiter == delimiter
    assert sniff_dialect([*lines, "một dòng khác\n"]).delimiter in ",;"


def test_one_column_of_decimals_stays_one() -> None:
    assert sniff_dialect(["giá\n", "1,5\n", "-2,25\n"]).delimiter == ";"
    assert sniff_dialect(["a,b\n", "1,5\n"]).delimiter == ","
    assert sniff_dialect(["1,5\n", "2,5\n"]).delimiter == ","
