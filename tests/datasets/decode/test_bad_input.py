"""Every unusable file gets a clear error, every usable one is read with a problem that says what was wrong."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nhip.datasets.decode import decode
from nhip.errors import NhipError
from nhip.formats import errors
from nhip.settings import Settings
from tests.datasets.decode.conftest import Decode

CSV = "Mã,Tên\n1,Vỹ Dạ\n2,Kim Long\n"
ROWS = [("1", "Vỹ Dạ"), ("2", "Kim Long")]


def xlsx(rows: int = 2, *, far: bool = False, columns: int = 2) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet()
    page.write_row(0, 0, ["Mã", "Tên", *(f"c{n}" for n in range(columns - 2))])
    for number in range(rows):
        page.write_row(number + 1, 0, list(ROWS[number % 2]))
    if far:
        page.write(1_048_575, 16_383, "x")
    book.close()
    return out.getvalue()


def zipped(files: dict[str, bytes], level: int = 6) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def encrypted_office() -> bytes:
    """The start of a compound file whose directory names an encrypted package, as Excel writes for a password."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1016) + "EncryptedPackage".encode("utf-16-le") + bytes(512)


@pytest.mark.parametrize(
    ("content", "name", "error"),
    [
        (b"", "a.csv", errors.EmptyFile),
        (b"\n\n \n", "a.csv", errors.NothingInside),
        (b"\xef\xbb\xbf", "a.csv", errors.NothingInside),
        (b"%PDF-1.7 ...", "a.csv", errors.UnknownFormat),
        (b"<html><table><tr><td>1</td></tr></table></html>", "a.xls", errors.UnknownFormat),
        (bytes(range(256)) * 40, "a.csv", errors.UnknownFormat),
        (encrypted_office(), "a.xlsx", errors.PasswordProtected),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "a.xls", errors.UnknownFormat),
        (xlsx()[:-200], "a.xlsx", errors.BrokenFile),
        (xlsx()[:300], "a.xlsx", errors.BrokenFile),
        (zipped({"a.csv": CSV.encode()})[:-30], "a.zip", errors.BrokenFile),
        (gzip.compress(CSV.encode() * 99, mtime=0)[:-20], "a.csv.gz", errors.BrokenFile),
        (b"PAR1" + bytes(50), "a.parquet", errors.BrokenFile),
        (b"SQLite format 3\0" + bytes(200), "a.gpkg", errors.BrokenFile),
        (zipped({}), "a.zip", errors.NothingInside),
        (zipped({"doc.pdf": b"%PDF"}), "a.zip", errors.NothingInside),
        (zipped({"../a.csv": CSV.encode()}), "a.zip", errors.UnsafeArchive),
        (zipped({"/etc/a.csv": CSV.encode()}), "a.zip", errors.UnsafeArchive),
        (zipped({"a.zip": zipped({"a.zip": zipped({"a.csv": b"a,b\n1,2\n"})})}), "a.zip", errors.UnusableFile),
        (b'[{"a": 1}, {"a": ', "a.json", errors.BrokenFile),
        (b'{"a": ' * 50_000, "a.json", errors.UnusableFile),
        (b"[" * 100_000, "a.json", errors.UnusableFile),
        (b'{"a": 1}\n{"b": \n{"c": 1}\n', "a.ndjson", errors.BrokenLine),
        (b'<?xml version="1.0"?><!DOCTYPE k [<!ENTITY a "b">]><kml>&a;</kml>', "a.kml", errors.BrokenFile),
        (b'<?xml version="1.0"?><kml><Document><Placemark>', "a.kml", errors.UnusableFile),
    ],
)
def test_unusable_files(run: Decode, content: bytes, name: str, error: type[NhipError]) -> None:
    with pytest.raises(error) as caught:
        run(content, name)
    assert name in str(caught.value)
    assert "Traceback" not in str(caught.value) and "/tmp" not in str(caught.value)


def test_size_limits(run: Decode) -> None:
    with pytest.raises(errors.TooLarge):
        run(b"a,b\n" + b"1,2\n" * 300_000, "a.csv", max_file_mb=1)
    bomb = zipped({"a.csv": b"a,b\n" + b"1,1\n" * 3_000_000}, 9)
    assert len(bomb) < 100_000
    with pytest.raises(errors.UnpacksTooLarge):
        run(bomb, "a.zip", max_unpacked_mb=5)
    with pytest.raises(errors.UnpacksTooLarge):
        run(gzip.compress(b"a,b\n" + b"1,1\n" * 3_000_000, mtime=0), "a.csv.gz", max_unpacked_mb=5)
    with pytest.raises(errors.UnpacksTooLarge):
        run(zipped({"[Content_Types].xml": b"", "xl/workbook.xml": bytes(9 << 20)}), "a.xlsx", max_unpacked_mb=5)


def test_sizes_that_a_zip_only_claims_are_not_believed(run: Decode) -> None:
    data = bytearray(zipped({"a.csv": b"a,b\n" + b"1,1\n" * 3_000_000}))
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.index(mark) + at
        data[place : place + 4] = struct.pack("<I", 1000)
    with pytest.raises(errors.UnusableFile):
        run(bytes(data), "a.zip", max_unpacked_mb=5)


def test_too_many_columns(run: Decode) -> None:
    head = ",".join(f"c{n}" for n in range(5_000))
    with pytest.raises(errors.TooManyColumns) as caught:
        run(f"{head}\n{head}\n".encode(), "a.csv")
    assert "5000 columns; at most 2000" in str(caught.value)
    with pytest.raises(errors.TooManyColumns):
        run(xlsx(columns=5_000), "a.xlsx")
    with pytest.raises(errors.TooManyColumns):
        run(("[{" + ",".join(f'"c{n}":1' for n in range(5_000)) + "}]").encode(), "a.json")


def test_a_cell_far_away_does_not_take_all_memory(run: Decode) -> None:
    with pytest.raises(errors.UnusableFile):
        run(xlsx(far=True), "a.xlsx", max_columns=20_000)


def test_a_cell_of_ten_megabytes(run: Decode) -> None:
    done = run(CSV.encode() + b"3," + b"x" * (10 << 20) + b"\n4,An C\xe1\xbb\xb1u\n", "a.csv")
    assert done.cells() == [*ROWS, ("3", None), ("4", "An Cựu")]
    ((row, column, rule, severity, value, _),) = done.findings()
    assert (row, column, rule, severity, value[:3]) == (4, "Tên", "cell.size", "error", "xxx")
    assert "cell.size" in done.codes(), "inspect tells it too"


def test_nul_bytes(run: Decode) -> None:
    done = run(CSV.encode().replace("Vỹ".encode(), b"V\0" + "ỹ".encode()), "a.csv")
    assert done.cells() == ROWS
    assert "file.nul" in done.codes()


@pytest.mark.parametrize("name", ["a.xlsx", "a.json", "a.dbf", "a.zip"])
def test_a_wrong_extension_is_a_problem_only(run: Decode, name: str) -> None:
    done = run(CSV.encode(), name)
    assert done.cells() == ROWS
    assert done.codes() == {"file.extension"}


def test_a_workbook_named_csv(run: Decode) -> None:
    done = run(xlsx(), "a.csv")
    assert (done.cells(), done.decoded.format) == (ROWS, "xlsx")
    assert "file.extension" in done.codes()


def test_no_rows(run: Decode) -> None:
    for content, name in ((b"a,b\n", "a.csv"), (xlsx(0), "a.xlsx"), (b"[]", "a.json")):
        done = run(content, name)
        assert (done.table.rows, done.cells()) == (0, [])
        assert "table.no_rows" in done.codes()


def test_formulas_stay_text_and_macros_are_named(run: Decode) -> None:
    done = run(b"Ten,Ma\n\"=cmd|'/c calc'!A1\",1\n+1+1,2\n", "a.csv")
    assert [row[0] for row in done.cells()] == ["=cmd|'/c calc'!A1", "+1+1"]
    out = io.BytesIO(xlsx())
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0")
    done = run(out.getvalue(), "a.xlsm")
    assert done.cells() == ROWS
    assert done.codes() == {"file.macros"}


def test_formulas_that_nobody_computed_are_told(run: Decode) -> None:
    def book(result: object, shown: bytes, stored: bytes) -> bytes:
        out, bare = io.BytesIO(), io.BytesIO()
        made = xlsxwriter.Workbook(out, {"in_memory": True})
        page = made.add_worksheet()
        page.write_row(0, 0, ["Mã", "Giá"])
        page.write(1, 0, "a")
        page.write_formula(1, 1, "=1+1", None, result)
        page.write_row(2, 0, ["b", 3])
        made.close()
        with zipfile.ZipFile(out) as whole, zipfile.ZipFile(bare, "w") as target:
            for name in whole.namelist():
                target.writestr(name, whole.read(name).replace(shown, stored))
        return bare.getvalue()

    for stored in (b"", b"<v></v>", b"<v/>"):  # as programs write it that do not compute
        done = run(book(7, b"<v>7</v>", stored), "a.xlsx")
        assert (done.cells(), done.codes()) == ([("a", None), ("b", "3")], {"file.formulas"})
    assert run(book("x", b"<v>x</v>", b"<v></v>"), "a.xlsx").codes() == set(), "an empty text is a result"


def test_formula_cells_give_their_stored_results(run: Decode) -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet()
    page.write_row(0, 0, ["Tên", "Tổng"])
    page.write(1, 0, "Vỹ Dạ")
    page.write_formula(1, 1, "=1+1", None, 2)
    page.write(2, 0, "Kim Long")
    page.write_formula(2, 1, "=1/0", None, "#DIV/0!")
    book.close()
    done = run(out.getvalue(), "a.xlsx")
    assert done.cells() == [("Vỹ Dạ", "2"), ("Kim Long", "#DIV/0!")]
    assert done.codes() == {"cell.error"}


def test_an_archive_with_a_bad_file_gives_the_good_ones(run: Decode) -> None:
    done = run(zipped({"tốt.csv": CSV.encode(), "hỏng.xlsx": xlsx()[:300], "README.txt": b"x"}), "a.zip")
    assert done.cells() == ROWS
    assert done.codes() == {"archive.skipped"}


def test_many_quotes_do_not_stop_it(run: Decode) -> None:
    done = run(b"a,b\n" + b'"x,1\n' * 3_000 + b"y,2\n", "a.csv")
    assert done.rows()[-1] == (3_002, "y", "2")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(
        st.binary(min_size=1, max_size=300),
        st.text("a1,;\t\"'\n é\u0301ế", max_size=80).map(str.encode),
        st.text('{}[]":,a1 \n\\', max_size=60).map(lambda text: ("[" + text).encode()),
        st.tuples(
            st.sampled_from([xlsx(), encrypted_office(), zipped({"a.csv": CSV.encode()})]), st.integers(0, 3000)
        ).map(lambda pair: pair[0][: pair[1]] + b"\xff" + pair[0][pair[1] + 1 :]),
    )
)
def test_anything_at_all_is_read_or_refused_clearly(content: bytes, tmp_path: Path, con) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    try:
        done = decode(path, tmp_path / "work", Settings(), con=con)
    except errors.UnusableFile:
        return
    for table in done.tables:
        rows = con.execute(f"SELECT count(*) FROM {table.relation}").fetchone()
        assert rows == (table.rows,)
