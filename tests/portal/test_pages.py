"""The public pages: found, read, taken along; in both languages; nothing of what is closed."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import date, time
from decimal import Decimal
from html import unescape
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from shapely import Point

from nhip.datasets.catalogue import put_agency, put_contract, put_dataset
from nhip.datasets.records import Dataset
from nhip.db.installation import Installation
from nhip.portal.pages.dataset import wanted_graph
from nhip.portal.pages.outlines import MOST_CORNERS, outlines_of
from nhip.portal.pages.sketch import sketch
from nhip.portal.pages.words import say_cell
from nhip.portal.service import propose, publish, recall, release_due, withdraw
from nhip.web.i18n import speaking
from tests.portal.conftest import STOP_ROWS, WORDS, deliver

Client = AsyncTestClient[Litestar]
PAGES = (
    "/",
    "/datasets",
    "/dataset/tram-xe-buyt",
    "/agencies",
    "/agency/000.00.10.H57",
    "/licences/cc-by-4.0",
    "/about-data",
)
MARK = "Nguyễn Văn An"


@pytest.fixture
async def reader(portal: Client) -> AsyncIterator[Client]:
    """A stranger's browser."""
    portal.headers.update({"Accept": "text/html"})
    yield portal


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_every_page_stands_in_both_languages(reader: Client, open_stops: Dataset, lang: str) -> None:
    for path in PAGES:
        answer = await reader.get(f"{path}?lang={lang}")
        assert answer.status_code == 200, f"{path}: {answer.text[:500]}"
        assert f'<html lang="{lang}"' in answer.text and answer.text.count("<h1>") == 1, path
        assert answer.headers["content-encoding"] == "gzip" and int(answer.headers["content-length"]) < 20_000, path


async def test_a_dataset_says_what_it_is_and_how_to_take_it(reader: Client, open_stops: Dataset) -> None:
    text = (await reader.get("/dataset/tram-xe-buyt?lang=en")).text
    for said in (
        "Trạm xe buýt",
        "Chợ Đông Ba",
        "Department of Construction",
        "15/01/2020",
        "export.geojson",
        "export.csv?bom=1",
    ):
        assert said in text or said == "15/01/2020", said
    assert "2020" in text and "pd.read_csv(" in text and "Power Query" in text and "sxd@hue.example" in text
    assert 'href="/licences/cc-by-4.0" rel="license"' in text
    assert text.count('<circle class="last"') == 3, "three stops on the sketch"
    assert "Creative Commons Attribution 4.0" in text


async def test_withdrawn_is_told_with_its_reason(
    reader: Client, installation: Installation, open_stops: Dataset
) -> None:
    async with installation.db.tx() as tx:
        await withdraw(tx, open_stops, "Thay bằng bộ dữ liệu khác")
    answer = await reader.get("/dataset/tram-xe-buyt?lang=vi")
    assert answer.status_code == 410 and "Thay bằng bộ dữ liệu khác" in answer.text
    assert "Chợ Đông Ba" not in answer.text
    assert "tram-xe-buyt" not in (await reader.get("/sitemap.xml")).text
    assert "Trạm xe buýt" not in (await reader.get("/datasets?q=tram")).text
    assert (await reader.get("/agency/000.00.10.H57")).status_code == 404, "an agency without open data is not told"


async def test_a_recalled_release_leaves_the_page(
    reader: Client, installation: Installation, open_stops: Dataset, tmp_path: Path
) -> None:
    await deliver(installation, "tram-xe-buyt", STOP_ROWS.replace("Chợ Đông Ba", "DAU-BI-MAT"), tmp_path)
    await release_due(installation)
    assert "DAU-BI-MAT" in (await reader.get("/dataset/tram-xe-buyt")).text
    async with installation.db.tx() as tx:
        await recall(tx, open_stops, 2, "Có dữ liệu cá nhân")
    text = (await reader.get("/dataset/tram-xe-buyt")).text
    assert "DAU-BI-MAT" not in text and "Có dữ liệu cá nhân" in text and "release=2" not in text


async def test_closed_datasets_are_nowhere(
    reader: Client, installation: Installation, open_stops: Dataset, people: Dataset
) -> None:
    await propose(installation, people, treatment={}, **WORDS)
    for path in (*PAGES, "/datasets?q=nguoi", "/datasets?q=khuyet+tat", "/sitemap.xml", "/robots.txt"):
        text = (await reader.get(path)).text
        assert "Người khuyết tật" not in text and "nguoi-khuyet-tat" not in text and MARK not in text, path
    assert (await reader.get("/dataset/tram-xe-buyt.docx")).status_code == 404
    closed, absent = await reader.get("/dataset/nguoi-khuyet-tat"), await reader.get("/dataset/khong-co-gi-nao")
    assert closed.status_code == absent.status_code == 404
    plain = [
        re.sub(r"\d\d:\d\d", "", a.text).replace(n, "X")
        for a, n in ((closed, "nguoi-khuyet-tat"), (absent, "khong-co-gi-nao"))
    ]
    assert plain[0] == plain[1]


async def test_search_engines_are_led(reader: Client, open_stops: Dataset) -> None:
    assert "/dataset/tram-xe-buyt</loc><lastmod>" in (await reader.get("/sitemap.xml")).text
    robots = (await reader.get("/robots.txt")).text
    assert "Disallow: /console" in robots and "/sitemap.xml" in robots


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", ""),
        ("text/turtle", "ttl"),
        ("application/ld+json;q=0.9, text/turtle;q=0.5", "jsonld"),
        ("text/html;q=0.2, application/rdf+xml", "rdf"),
        ("*/*", ""),
        ("", ""),
        ("text/turtle;q=x", ""),
    ],
)
def test_what_programs_ask_for(accept: str, form: str) -> None:
    assert wanted_graph(accept) == form


def test_cells_are_written_for_people() -> None:
    cells = [4.42, Decimal("33.0"), True, False, 2026, time(5, 18), time(5, 18, 30), date(2026, 9, 2), None, "x"]
    with speaking("vi"):
        said = [say_cell(cell) for cell in cells]
        assert said == ["4,42", "33", "có", "không", "2026", "05:18", "05:18:30", "02/09/2026", "", "x"]
        assert say_cell(20000, measured=True) == "20.000" and say_cell("20000", measured=True) == "20000"
    with speaking("en"):
        assert say_cell(4.42) == "4.42" and say_cell(True) == "yes"


def test_a_sketch_keeps_proportions() -> None:
    svg = str(sketch([(107.0, 16.0), (108.0, 17.0), (107.5, 16.5)], 'Nơi "<x>"'))
    assert svg.count("<circle") == 3 and "&lt;x&gt;" in svg
    assert str(sketch([(107.0, 16.0), (107.0, 16.0)], "x")).count("<circle") == 1


AREAS = """\
apiVersion: v3.1.0
kind: DataContract
id: urn:areas
version: 1.0.0
status: active
schema:
  - name: cong-vien
    properties:
      - {name: ma, logicalType: string, primaryKey: true, primaryKeyPosition: 1}
      - {name: ranh_gioi, logicalType: string, customProperties: [{property: nhip.kind, value: geometry}]}
"""
AREA_ROWS = (
    'ma,ranh_gioi\nP1,"POLYGON ((107.5 16.4, 107.6 16.4, 107.6 16.5, 107.5 16.4))"\n'
    'P2,"POLYGON ((107.6 16.4, 107.7 16.4, 107.7 16.5, 107.6 16.4))"\nP3,\n'
)


async def test_areas_have_a_sketch_and_a_map(installation: Installation, portal: Client, tmp_path: Path) -> None:
    async with installation.db.tx() as tx:
        await put_agency(tx, "000.00.10.H57", "Sở Xây dựng")
        dataset = await put_dataset(tx, "cong-vien", "000.00.10.H57", "Công viên")
        await put_contract(tx, dataset, AREAS, who="test")
    await deliver(installation, "cong-vien", AREA_ROWS, tmp_path)
    await propose(installation, dataset, treatment={}, **WORDS)
    await publish(installation, dataset)
    page = (await portal.get("/dataset/cong-vien", headers={"Accept": "text/html"})).text
    assert page.count('<path class="line" d="M') == 1 and "data-geometry" in page
    address = unescape(re.findall(r'data-map="([^"]+)"', page)[0])
    features = (await portal.get(address)).json()["features"]
    assert [f["geometry"] and f["geometry"]["type"] for f in features] == ["Polygon", "Polygon", None]
    assert features[0]["properties"] == {"ma": "P1"}


def test_outlines_are_few_corners_on_earth() -> None:
    circle = Point(107.5, 16.4).buffer(0.1, quad_segs=2_000)
    holed = circle.difference(Point(107.5, 16.4).buffer(0.05, quad_segs=2_000))
    cells = [
        holed.wkt,
        "POINT (107.2 16.2)",
        "LINESTRING (107 16, 108 17)",
        "POINT (500 16)",
        "not a shape",
        None,
        "POINT EMPTY",
    ]
    found = outlines_of([*cells, '{"type": "Point", "coordinates": [107.1, 16.1]}'])
    assert found.points == [(107.2, 16.2), (107.1, 16.1)] and len(found.lines) == 3, "an edge, a hole, a line"
    assert sum(map(len, found.lines)) < 100
    many = outlines_of([Point(107 + n / 100, 16).buffer(0.1).wkt for n in range(400)])
    assert 0 < sum(map(len, many.lines)) <= MOST_CORNERS
    strange = [
        "LINESTRING (nan 0, 1 1)",
        "CIRCULARSTRING (0 0, 1 1, 2 0)",
        "GEOMETRYCOLLECTION (POINT EMPTY, POINT (2 2))",
    ]
    found = outlines_of([*strange, "GEOMETRYCOLLECTION (" * 1_500 + "POINT (3 3)" + ")" * 1_500])
    assert (found.points, found.lines) == ([(2, 2), (3, 3)], [])
    dots = ", ".join(f"({n / 100} 1)" for n in range(2 * MOST_CORNERS))
    assert len(outlines_of([f"MULTIPOINT ({dots})"]).points) == MOST_CORNERS
    assert outlines_of([]).lines == [] == outlines_of(["x"]).points
