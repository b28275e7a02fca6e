"""Each reader on files made here by other software."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import duckdb
import numpy as np
import pytest
import shapely
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyogrio.raw import write

from nhip.formats import jsonrows, jsonstream, jsonsurvey, sniff
from nhip.formats.errors import BrokenFile, NothingInside, PlainDatabase, TooSpread
from nhip.formats.excel import cell_text, number_text
from nhip.formats.model import Grid, Opened, Records
from nhip.formats.opening import open_file
from nhip.kernel.geo import vn2000_to_wgs84
from nhip.kernel.values.meridians import MERIDIANS
from nhip.settings import Settings

POINT = {"type": "Point", "coordinates": [107.59, 16.46]}
ZONE_107 = MERIDIANS["107-00"]
BOW = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}


def opened(path: Path, name: str | None = None) -> Opened:
    return open_file(path, path.parent / "work", Settings(), name)


def records(path: Path) -> list[tuple[int, dict[str, str | None], str]]:
    (part,) = opened(path).parts
    assert isinstance(part, Records)
    return list(part.rows())


def test_json_shapes(tmp_path: Path) -> None:
    items = [{"a": 1.50, "b": {"c": "x", "d": {"e": True}}, "f": [1, 2.0, "z"], "g": None}, {"b": {}, "h": "y"}]
    want = [(1, {"a": "1.5", "b.c": "x", "b.d.e": "true", "f": '[1, 2.0, "z"]', "g": None}, ""), (2, {"h": "y"}, "")]
    for place, whole in enumerate(
        [items, {"data": items}, {"code": 200, "data": {"total": 2, "items": items}, "x": []}]
    ):
        path = tmp_path / f"{place}.json"
        path.write_text(json.dumps(whole), encoding="utf-8")
        assert records(path) == want
    path = tmp_path / "a.ndjson"
    path.write_text("\n\n".join(map(json.dumps, items)), encoding="utf-8")
    assert [row[1] for row in records(path)] == [row[1] for row in want]
    assert [row[0] for row in records(path)] == [1, 3]


def test_envelope_with_a_field_dictionary_gives_two_tables(tmp_path: Path) -> None:
    path = tmp_path / "hue.json"
    path.write_text(
        '{"code":1,"data":[{"ten":"A"},{"ten":"B"}],"hienthi":[{"field":"ten","title":"Tên"}]}', encoding="utf-8"
    )
    assert [part.name for part in opened(path).parts] == ["data", "hienthi"]


def test_numbers_keep_their_digits(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"a": 107.5900, "b": 12345678901234567890, "c": 1e3, "d": "007"}]', encoding="utf-8")
    assert records(path)[0][1] == {"a": "107.5900", "b": "12345678901234567890", "c": "1e3", "d": "007"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(items=st.lists(st.dictionaries(st.text(max_size=4), JSON, max_size=4), min_size=1, max_size=6))
@pytest.mark.parametrize("chunk", [1, 3, 1 << 18])
def test_streaming_gives_what_the_whole_parser_gives(
    items: list[dict[str, object]], chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonstream, "_CHUNK", chunk)
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"n": 12, "x": {"items": items}, "m": 34}, indent=chunk % 3), encoding="utf-8")
    assert list(jsonrows.iter_array(path, ("x", "items"), "a")) == _as_text(items)
    assert ("x", "items") in jsonsurvey.find_arrays(path, "a")


def _as_text(value: object) -> object:
    """Numbers as their JSON text."""
    if isinstance(value, dict):
        return {key: _as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    return value if isinstance(value, bool) or not isinstance(value, int | float) else json.dumps(value)


def test_geojson(tmp_path: Path) -> None:
    features = [
        {"type": "Feature", "id": 7, "properties": {"tên": "Cầu", "n": {"m": 1}}, "geometry": POINT},
        {"type": "Feature", "properties": None, "geometry": BOW},
        {"type": "Feature", "properties": {}, "geometry": None},
        {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": ["x"]}},
    ]
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    first, second, third, fourth = records(path)
    point = {"geometry": "POINT (107.59 16.46)", "longitude": "107.59", "latitude": "16.46"}
    assert first == (1, {"id": "7", "tên": "Cầu", "n.m": "1", **point}, "")
    assert second[2].startswith("Self-intersection")
    assert third == (3, {"geometry": None}, "")
    assert fourth[1] == {"geometry": None} and fourth[2]


def vector_file(path: Path, driver: str, kind: str = "Point") -> None:
    shapes = shapely.to_wkb(np.array([shapely.Point(107.59, 16.46), shapely.Point(107.6, 16.5)], object))
    data = [np.array(["Cầu Trường Tiền", "Chợ Đông Ba"], object)]
    write(path, shapes, data, ["Name"], geometry_type=kind, crs="EPSG:4326", driver=driver, encoding="UTF-8")


@pytest.mark.parametrize(("suffix", "driver"), [("kml", "LIBKML"), ("kmz", "LIBKML"), ("gpkg", "GPKG")])
def test_vector_files(tmp_path: Path, suffix: str, driver: str) -> None:
    path = tmp_path / f"a.{suffix}"
    vector_file(path, driver)
    done = opened(path)
    assert done.format == suffix and not done.notes
    rows = records(path)
    assert [row[1]["Name"] for row in rows] == ["Cầu Trường Tiền", "Chợ Đông Ba"]
    assert (rows[0][1]["longitude"], rows[0][1]["latitude"]) == ("107.59", "16.46")


def test_zipped_shapefile_and_dbf_alone(tmp_path: Path) -> None:
    vector_file(tmp_path / "lớp.shp", "ESRI Shapefile")
    target = tmp_path / "a.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for side in sorted(tmp_path.glob("lớp.*")):
            archive.write(side, f"thư mục/{side.name}")
    done = opened(target)
    assert done.format == "shapefile" and len(done.parts) == 1 and not done.notes
    rows = records(target)
    assert rows[0][0] == 1 and rows[0][1]["Name"] == "Cầu Trường Tiền" and rows[1][1]["latitude"] == "16.5"
    (tmp_path / "riêng").mkdir()
    rows = records((tmp_path / "lớp.dbf").rename(tmp_path / "riêng" / "lớp.dbf"))
    assert [row[1] for row in rows] == [{"Name": "Cầu Trường Tiền"}, {"Name": "Chợ Đông Ba"}]


def test_kml_under_another_name_is_read(tmp_path: Path) -> None:
    vector_file(tmp_path / "a.kml", "LIBKML")
    path = (tmp_path / "a.kml").rename(tmp_path / "a.txt")
    assert len(records(path)) == 2
    assert [note.code for note in opened(path).notes] == ["file.extension"]


def test_typed_cells_of_a_workbook(tmp_path: Path) -> None:
    from datetime import UTC, date, datetime, time

    path = tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet("Bảng")
    day, moment = (book.add_format({"num_format": form}) for form in ("dd/mm/yyyy", "dd/mm/yyyy hh:mm"))
    page.write_row(0, 0, [5.0, 0.1 + 0.2, 45000, True, 1e21, "x"])
    page.write_datetime(1, 0, datetime(2024, 3, 4, tzinfo=UTC).replace(tzinfo=None), day)
    page.write_datetime(1, 1, datetime(2024, 3, 4, 5, 6, tzinfo=UTC).replace(tzinfo=None), moment)
    page.write_formula(1, 2, "=1/0", None, "#DIV/0!")
    book.close()
    (grid,) = opened(path).parts
    assert isinstance(grid, Grid)
    assert list(grid.rows()) == [
        (1, ["5", "0.3", "45000", "TRUE", "1000000000000000000000", "x"]),
        (2, ["2024-03-04", "2024-03-04 05:06:00", "#DIV/0!", None, None, None]),
    ]
    assert cell_text(date(2024, 3, 4)) == "2024-03-04" and cell_text(time(7, 5)) == "07:05:00"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_as_text_are_plain_and_keep_fifteen_digits(value: float) -> None:
    text = number_text(value) or ""
    assert "e" not in text.lower() and not text.endswith(".0")
    assert float(text) == float(format(value, ".15g"))


NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text", "manifest")
)


def ods(path: Path, rows: str) -> Path:
    """A minimal ODS file with one sheet."""
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr(
            "content.xml",
            f"<office:document-content {NAMES}><office:body><office:spreadsheet>"
            f'<table:table table:name="Một">{rows}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
        archive.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest {NAMES}><manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
            "</manifest:manifest>",
        )
    return path


def ods_cell(text: str, more: str = "") -> str:
    return f'<table:table-cell office:value-type="string" {more}><text:p>{text}</text:p></table:table-cell>'


def test_ods(tmp_path: Path) -> None:
    number = '<table:table-cell office:value-type="float" office:value="3"><text:p>3</text:p></table:table-cell>'
    rows = (
        f"<table:table-row>{ods_cell('a')}{ods_cell('b')}</table:table-row><table:table-row>{number}</table:table-row>"
    )
    (grid,) = opened(ods(tmp_path / "a.ods", rows)).parts
    assert isinstance(grid, Grid)
    assert list(grid.rows()) == [(1, ["a", "b"]), (2, ["3", None])]


def test_ods_that_would_unroll_to_billions_of_cells(tmp_path: Path) -> None:
    cell = ods_cell("x", 'table:number-columns-repeated="16384"')
    rows = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'
    with pytest.raises(TooSpread):
        opened(ods(tmp_path / "a.ods", rows))
    with pytest.raises(BrokenFile):
        opened(ods(tmp_path / "b.ods", "<table:table-row>"))


def test_gzip_zip_and_parquet(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n"))
    assert opened(tmp_path / "a.csv.gz").parts[0].name == "a"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("x/stops.txt", "a,b\n1,2\n")
        archive.writestr("x/__MACOSX/._stops.txt", "junk")
        archive.writestr("routes.txt", "c,d\n1,2\n")
    (tmp_path / "g.zip").write_bytes(out.getvalue())
    assert sorted(part.name for part in opened(tmp_path / "g.zip").parts) == ["routes", "stops"]
    path = tmp_path / "a.parquet"
    duckdb.sql(f"COPY (SELECT 1 AS a) TO '{path}'")
    assert opened(path).format == "parquet"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"a,b\n", "csv"), (b'[{"a":1}]', "json"), (b'{"a":1}\n{"a":2}\n', "ndjson"), (b'{"a":1}', "json"),
        (b'{"type":"FeatureCollection","features":[]}', "geojson"), (b"\x1f\x8b\x08", "gzip"), (b"PAR1", "parquet"),
        (b"<?xml version='1.0'?><kml xmlns='x'>", "kml"), (b"SQLite format 3\0", "gpkg"), (b"%PDF-1", ""),
        (b"[x],y\n", "csv"), (b"{x},y\n", "csv"),
    ],
)  # fmt: skip
def test_sniffing_by_content(tmp_path: Path, content: bytes, kind: str) -> None:
    path = tmp_path / "không.biết"
    path.write_bytes(content)
    assert sniff.sniff(path) == kind


def zipped(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


@pytest.mark.parametrize(
    ("names", "read"),
    [
        (["huong-dan-vien.csv", "license_plates.csv", "about.hue.csv", "README.txt", "LICENSE"], 3),
        (["stops.txt", "license.txt", "Read me.md", "huong_dan_su_dung.txt"], 1),
    ],
)
def test_tables_named_like_a_read_me_are_tables(tmp_path: Path, names: list[str], read: int) -> None:
    path = zipped(tmp_path / "a.zip", dict.fromkeys(names, "ma,ten\n1,a\n"))
    assert len(opened(path).parts) == read


def test_pages_are_read_where_an_archive_has_nothing_else(tmp_path: Path) -> None:
    page = "<table><tr><td>ma</td><td>ten</td></tr><tr><td>1</td><td>a</td></tr></table>"
    assert len(opened(zipped(tmp_path / "a.zip", {"b.html": page})).parts) == 1
    both = opened(zipped(tmp_path / "b.zip", {"b.html": page, "c.csv": "ma,ten\n1,a\n"}))
    assert [part.name for part in both.parts] == ["c"]
    with pytest.raises(NothingInside):
        opened(zipped(tmp_path / "c.zip", {"b.pdf": "%PDF", "README": "x"}))


KML = """<?xml version="1.0" encoding="{letters}"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>Huế</name>
<ExtendedData><Data name="Dân số (người)"><value>1</value></Data><Data name="Số"><value>2</value></Data>
<Data name="Sổ"><value>3</value></Data><Data name='Name'><value>4</value></Data></ExtendedData>
<Point><coordinates>107.59,16.46</coordinates></Point></Placemark></Document></kml>"""


@pytest.mark.parametrize("letters", ["UTF-8", "UTF-16", "KMZ"])
def test_columns_of_kml_keep_their_names_and_letters(tmp_path: Path, letters: str) -> None:
    path = tmp_path / "a.kml"
    text = KML.format(letters=letters.replace("KMZ", "UTF-8"))
    if letters == "KMZ":
        path = zipped(tmp_path / "a.kmz", {"doc.kml": text, "files/a.txt": "x"})
    else:
        path.write_bytes(text.encode(letters))
    ((_number, cells, fault),) = records(path)
    assert not fault and cells["Name"] == "Huế"
    assert [cells[name] for name in ("Dân số (người)", "Số", "Sổ", "Name (2)")] == ["1", "2", "3", "4"]


def shapes_file(path: Path, crs: str | None, x: float, y: float, driver: str = "GPKG") -> Path:
    shapes = shapely.to_wkb(np.array([shapely.Point(x, y, 5), None, shapely.Point(107.5, 16.4, 5)], object))
    data = [np.array(["Cầu", "b", "c"], object)]
    write(path, shapes, data, ["ten"], geometry_type="Point Z", crs=crs, driver=driver, encoding="UTF-8")
    return path


@pytest.mark.parametrize(("crs", "x"), [("EPSG:9210", 695_000.0), ("EPSG:32648", 776_000.0), ("EPSG:3405", 776_000.0)])
def test_declared_metres_become_degrees(tmp_path: Path, crs: str, x: float) -> None:
    path = shapes_file(tmp_path / "a.gpkg", crs, x, 1_822_000.0)
    rows = [cells for _number, cells, _fault in records(path)]
    assert 107.5 < float(rows[0]["longitude"] or 0) < 107.7 and 16.4 < float(rows[0]["latitude"] or 0) < 16.6
    assert (rows[0]["geometry"] or "").startswith("POINT Z (107.") and (rows[0]["geometry"] or "").endswith(" 5)")
    assert rows[1]["geometry"] is None
    assert (rows[2]["longitude"], rows[2]["latitude"]) == ("107.5", "16.4")  # degrees already, whatever is declared
    (note,) = opened(path).notes
    assert note.code == "geometry.system" and note.mended


def test_what_does_not_fit_its_declaration_is_left_alone(tmp_path: Path) -> None:
    for place, (crs, x, y) in enumerate([("EPSG:4326", 562_345.0, 1_823_456.0), ("EPSG:9210", 1_823_456.0, 562_345.0)]):
        rows = records(shapes_file(tmp_path / f"{place}.gpkg", crs, x, y))
        assert rows[0][1]["longitude"] == f"{x:.0f}"


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_a_prj_of_vn_2000_is_followed_without_its_epsg_code(tmp_path: Path) -> None:
    path = shapes_file(tmp_path / "a.shp", None, 562_345.5, 1_823_456.5, "ESRI Shapefile")
    path.with_suffix(".prj").write_text(
        'PROJCS["VN_2000_TM3_Hue",GEOGCS["GCS_VN_2000",DATUM["D_Vietnam_2000",SPHEROID["WGS_1984",6378137,298.257223563]],'
        'PRIMEM["Greenwich",0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],'
        'PARAMETER["False_Easting",500000],PARAMETER["False_Northing",0],PARAMETER["Central_Meridian",107],'
        'PARAMETER["Scale_Factor",0.9999],PARAMETER["Latitude_Of_Origin",0],UNIT["Meter",1]]'
    )
    path.with_suffix(".shx").unlink()
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for file in tmp_path.glob("a.[!z]*"):
            archive.write(file, file.name)
    found = opened(tmp_path / "a.zip")
    (part,) = found.parts
    assert isinstance(part, Records) and part.strange is not None
    (_number, cells, _fault), *_others = part.rows()
    lon, lat = vn2000_to_wgs84(562_345.5, 1_823_456.5, ZONE_107)
    assert [float(cells[name] or 0) for name in ("longitude", "latitude")] == pytest.approx([lon, lat], abs=1e-7)
    assert not part.strange()  # all of its letters were UTF-8: nobody need be told to check them


def test_columns_are_known_without_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    write(path, np.array([], object), [np.array([], object)], ["tên"], geometry_type="Point", crs="EPSG:4326")
    (part,) = opened(path).parts
    assert isinstance(part, Records) and part.columns == ["tên"] and not list(part.rows())


def test_a_database_is_no_geopackage(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.gpkg")) as db:
        db.execute("CREATE TABLE t (a)")
    with pytest.raises(PlainDatabase):
        opened(tmp_path / "a.gpkg")
