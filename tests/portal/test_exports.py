"""Whole files: read by the programs that people have, streamed as long as they are, counted, cut off when recalled."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import duckdb
import msgspec
import pyogrio
import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from python_calamine import CalamineWorkbook

from nhip.datasets.records import Dataset
from nhip.db.installation import Installation
from nhip.kernel.ids import new_id
from nhip.kernel.time import now
from nhip.portal.exports import xlsx
from nhip.portal.exports.ranges import Part, asked_part
from nhip.portal.exports.write import csv_of, json_of, xlsx_of
from nhip.portal.model import Entry, GateReport, OpenColumn, Release
from nhip.portal.rows.warm import Warm
from nhip.portal.service import recall, withdraw

Client = AsyncTestClient[Litestar]
FILE = "/dataset/tram-xe-buyt/export"


async def test_csv_is_read_by_the_csv_module_and_hides_no_formula(open_portal: Client) -> None:
    answer = await open_portal.get(f"{FILE}.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="tram-xe-buyt-1.csv"'
    assert answer.headers["access-control-allow-origin"] == "*"
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [row["ten"] for row in rows] == ["Bến xe phía Nam", "Chợ Đông Ba", "Đại học Huế"]
    assert (rows[1]["ghi_chu"], rows[1]["vi_do"], rows[1]["mo_cua"]) == ("'=1+1", "16.4726", "2020-01-15")
    assert not answer.content.startswith(b"\xef\xbb\xbf")
    assert (await open_portal.get(f"{FILE}.csv?bom=1")).content.startswith(b"\xef\xbb\xbfma,ten")


async def test_json_is_an_array_of_objects(open_portal: Client) -> None:
    rows = (await open_portal.get(f"{FILE}.json")).json()
    assert rows[1]["ghi_chu"] == "=1+1" and rows[1]["vi_do"] == 16.4726 and rows[0]["ghi_chu"] is None


async def test_gdal_reads_the_geojson_and_the_rows(open_portal: Client, tmp_path: Path) -> None:
    for name, address in (("export", f"{FILE}.geojson"), ("rows", "/dataset/tram-xe-buyt/rows?_format=geojson")):
        file = tmp_path / f"{name}.geojson"
        file.write_bytes((await open_portal.get(address)).content)
        info = pyogrio.read_info(file)
        assert (info["features"], info["geometry_type"], info["driver"]) == (3, "Point", "GeoJSON")
        assert info["total_bounds"] == pytest.approx((107.5889, 16.4498, 107.6021, 16.4726))
        assert "ten" in list(info["fields"])


async def test_a_spreadsheet_reads_the_workbook(open_portal: Client) -> None:
    book = CalamineWorkbook.from_filelike(io.BytesIO((await open_portal.get(f"{FILE}.xlsx")).content))
    assert book.sheet_names == ["Trạm xe buýt"]
    rows = book.get_sheet_by_index(0).to_python()
    assert rows[0][:2] == ["ma", "ten"]
    assert rows[2][1:4] == ["Chợ Đông Ba", "=1+1", 16.4726] and rows[2][5].isoformat() == "2020-01-15"


async def test_parquet_is_the_release_itself_and_comes_in_parts(open_portal: Client, tmp_path: Path) -> None:
    whole = await open_portal.get(f"{FILE}.parquet")
    assert int(whole.headers["content-length"]) == len(whole.content)
    part = await open_portal.get(f"{FILE}.parquet", headers={"Range": "bytes=-4"})
    assert (part.status_code, part.content) == (206, b"PAR1")
    head = await open_portal.head(f"{FILE}.parquet")
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(whole.content)), b"")
    (tmp_path / "x.parquet").write_bytes(whole.content)
    assert duckdb.sql(f"select count(*) from '{tmp_path}/x.parquet'").fetchone() == (3,)
    assert (await open_portal.get(f"{FILE}.parquet", headers={"Range": "bytes=9999999-"})).status_code == 416


async def test_geojson_has_a_size_and_parts_as_qgis_needs_them(open_portal: Client) -> None:
    whole = await open_portal.get(f"{FILE}.geojson")
    head = await open_portal.head(f"{FILE}.geojson")
    part = await open_portal.get(f"{FILE}.geojson", headers={"Range": "bytes=0-9"})
    assert int(head.headers["content-length"]) == len(whole.content) and head.headers["accept-ranges"] == "bytes"
    assert (part.status_code, part.content) == (206, whole.content[:10])


@pytest.mark.parametrize(
    ("told", "part"),
    [
        ("", Part(0, 99)), ("bytes=0-0", Part(0, 0)), ("bytes=10-", Part(10, 99)), ("bytes=90-200", Part(90, 99)),
        ("bytes=-10", Part(90, 99)), ("bytes=-500", Part(0, 99)), ("bytes=100-", None), ("bytes=-0", None),
        ("bytes=0-1,5-6", Part(0, 99)), ("items=1-2", Part(0, 99)),
    ],
)  # fmt: skip
def test_parts_of_a_file(told: str, part: Part | None) -> None:
    assert asked_part(told, "", '"e"', 100) == part
    assert asked_part("bytes=1-2", '"other"', '"e"', 100) == Part(0, 99)


async def test_each_download_is_noted_and_counts_as_use(
    portal: Client, installation: Installation, open_stops: Dataset
) -> None:
    for form in ("csv", "xlsx", "json", "geojson", "parquet"):
        assert (await portal.get(f"{FILE}.{form}")).status_code == 200
    await portal.head(f"{FILE}.csv")
    async with installation.db.read() as tx:
        noted = await (await tx.execute("select format, no from portal.download order by format")).fetchall()
        reads = await (await tx.execute("select reads from datasets.use_day")).fetchall()
    assert noted == [("csv", 1), ("geojson", 1), ("json", 1), ("parquet", 1), ("xlsx", 1)]
    assert reads == [(5,)]


async def test_recalled_withdrawn_and_closed_data_are_in_no_file(
    portal: Client, installation: Installation, open_stops: Dataset, people: Dataset
) -> None:
    closed = await portal.get("/dataset/nguoi-khuyet-tat/export.csv")
    absent = await portal.get("/dataset/khong-co/export.csv")
    assert closed.status_code == absent.status_code == 404 and "Nguyễn Văn An" not in closed.text
    assert (await portal.get(f"{FILE}.csv?release=9")).status_code == 404
    assert (await portal.get(f"{FILE}.csv?delimiter=;")).status_code == 400
    async with installation.db.tx() as tx:
        await recall(tx, open_stops, 1, "Có dữ liệu cá nhân")
    for form in ("csv", "xlsx", "json", "geojson", "parquet"):
        assert (await portal.get(f"{FILE}.{form}")).status_code in (404, 410)
    async with installation.db.tx() as tx:
        await withdraw(tx, open_stops, "Thôi công bố")
    gone = await portal.get(f"{FILE}.csv")
    assert gone.status_code == 410 and "Thôi công bố" in gone.json()["detail"]


ODD = [
    ("plain", 1, 1.5, True, None),
    ('quote " comma , line\nend', -(2**53) - 1, float("nan"), False, "2024-02-29"),
    ("<b>&amp;\x01</b>", 10**18, 1e300, None, "0999-01-01"),
    (None, None, None, None, None),
    ("  spaces  ", 0, -0.0, True, "9999-12-31"),
]


@pytest.fixture
async def odd(installation: Installation) -> AsyncIterator[tuple[Warm, Entry, Release]]:
    """A release whose cells are all that formats stumble over."""
    file = installation.objects.folder / "odd.parquet"
    with duckdb.connect() as con:
        con.execute('create table t ("a ""b" varchar, n bigint, x double, ok boolean, d date)')
        con.executemany("insert into t values (?, ?, ?, ?, ?)", ODD)
        con.execute(f"copy t to '{file}' (format parquet)")
    kinds = {'a "b': "text", "n": "integer", "x": "number", "ok": "boolean", "d": "date"}
    release = Release(
        dataset_id=new_id(), no=1, object="odd.parquet", digest="d", row_count=len(ODD), bytes=file.stat().st_size,
        columns=[OpenColumn(name=n, type=t) for n, t in kinds.items()], gate=GateReport(open=True), as_of=now(), made_at=now(),
    )  # fmt: skip
    empty = dict.fromkeys(Entry.__struct_fields__, "")
    lists = {"keywords": [], "formats": [], "places": [], "columns": release.columns, "virtues": {}}
    entry = Entry(**{**empty, **lists, "name": "odd", "title": "Odd [cells]: a/b?"})  # type: ignore[arg-type]
    warm = Warm(installation)
    yield warm, entry, release
    warm.close()


async def _all(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


async def test_odd_cells_come_through_every_format(odd: tuple[Warm, Entry, Release]) -> None:
    rows = list(csv.reader(io.StringIO((await _all(csv_of(*odd, bom=False))).decode(), newline="")))
    assert rows[0][0] == 'a "b' and rows[2][:2] == ['quote " comma , line\nend', str(-(2**53) - 1)]
    assert rows[4] == ["", "", "", "", ""]
    objects = json.loads(await _all(json_of(*odd)))
    assert objects[1] == {'a "b': ODD[1][0], "n": -(2**53) - 1, "x": None, "ok": False, "d": "2024-02-29"}
    assert objects[2]['a "b'] == ODD[2][0] and objects[2]["x"] == 1e300
    book = CalamineWorkbook.from_filelike(io.BytesIO(await _all(xlsx_of(*odd))))
    cells = book.get_sheet_by_index(0).to_python()
    assert cells[2][:2] == [ODD[1][0], str(-(2**53) - 1)], "a number that Excel would cut is text"
    assert cells[3][0] == "<b>&amp;</b>" and cells[3][4] == "0999-01-01" and cells[5][0] == "  spaces  "


async def test_a_table_too_long_for_a_sheet_goes_on_in_the_next(
    odd: tuple[Warm, Entry, Release], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xlsx, "ROWS_A_SHEET", 2)
    body = await _all(xlsx_of(*odd))
    assert zipfile.ZipFile(io.BytesIO(body)).testzip() is None
    book = CalamineWorkbook.from_filelike(io.BytesIO(body))
    sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
    assert [len(sheet) - 1 for sheet in sheets] == [2, 1, 1], "the empty row of the second is not told"
    assert all(sheet[0][1] == "n" for sheet in sheets)


async def test_a_long_export_is_made_while_it_is_read(
    odd: tuple[Warm, Entry, Release], installation: Installation
) -> None:
    """The first piece of ten million rows is there before the rest is made, and giving up ends the work."""
    warm, entry, release = odd
    file = installation.objects.folder / "long.parquet"
    with duckdb.connect() as con:
        con.execute(f"copy (select 'row ' || i as a, i as n from range(3000000) t(i)) to '{file}' (format parquet)")
    columns = [OpenColumn(name="a", type="text"), OpenColumn(name="n", type="integer")]
    long = msgspec.structs.replace(release, object="long.parquet", columns=columns, row_count=3_000_000)
    body = csv_of(warm, entry, long, bom=False)
    assert await anext(body) == b"a,n\r\n"
    piece = await anext(body)
    assert piece.startswith(b"row 0,0\r\n") and len(piece) < 200_000
    await body.aclose()  # type: ignore[attr-defined]
    assert warm._streams == 0
