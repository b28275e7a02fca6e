"""Programs that know nothing of us read a served installation unchanged: GDAL, pandas, a spreadsheet, ranged Parquet, udata."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import httpx
import openpyxl
import pandas as pd
import pyogrio
import pytest
from rdflib import Graph, Namespace, URIRef
from rdflib.namespace import DCAT, DCTERMS, RDF

HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
HOME = "/dataset/tram-xe-buyt"
TITLES = ["Bến xe phía Nam", "Chợ Đông Ba", "Đại học Huế"]


async def _work(work: Callable[[], Any]) -> Any:
    """Others' clients block; the server runs in this loop."""
    return await asyncio.to_thread(work)


@pytest.mark.parametrize(
    "path", [f"{HOME}/export.geojson", f"{HOME}/rows?_format=geojson", f"{HOME}/rows?_format=geojson&_size=2"]
)
async def test_gdal_opens_us_by_address(address: str, path: str) -> None:
    """As `ogrinfo` and QGIS do: the GeoJSON driver over /vsicurl/, nothing downloaded by hand."""
    url = f"/vsicurl/{address}{path}" if "?" not in path else f"{address}{path}"
    told = await _work(lambda: pyogrio.read_info(url))
    count = 2 if "_size=2" in path else 3
    assert (told["driver"], told["geometry_type"], told["features"]) == ("GeoJSON", "Point", count)
    assert told["crs"] == "EPSG:4326" and {"ma", "ten"} <= set(told["fields"])
    layers = await _work(lambda: pyogrio.list_layers(url))
    assert len(layers) == 1
    meta, _index, geometry, fields = await _work(lambda: pyogrio.raw.read(url, bbox=(107.58, 16.45, 107.595, 16.48)))
    names = dict(zip(meta["fields"], fields, strict=True))["ten"]
    assert set(names) <= {"Chợ Đông Ba", "Đại học Huế"} and len(geometry) == len(names) >= 1


async def test_pandas_reads_files_and_pages(address: str) -> None:
    table = await _work(lambda: pd.read_csv(f"{address}{HOME}/export.csv"))
    assert list(table["ten"]) == TITLES and table["vi_do"].dtype == "float64" and "\ufeffma" not in table.columns
    marked = await _work(lambda: pd.read_csv(f"{address}{HOME}/export.csv?bom=1", encoding="utf-8-sig"))
    assert list(marked.columns) == list(table.columns)
    same = await _work(lambda: pd.read_json(f"{address}{HOME}/export.json"))
    assert list(same["ten"]) == TITLES
    sheet = await _work(lambda: pd.read_excel(f"{address}{HOME}/export.xlsx"))
    assert list(sheet.iloc[:, 1]) == TITLES
    pages, url = [], f"{address}{HOME}/rows?_size=2"
    while url:
        page = await _work(lambda u=url: httpx.get(u, timeout=60).json())
        pages.append(pd.json_normalize(page["rows"]))
        url = page["next"]
    assert [len(page) for page in pages] == [2, 1] and list(pd.concat(pages)["ten"]) == TITLES


async def test_a_spreadsheet_holds_values_and_runs_nothing(address: str) -> None:
    body = (await _work(lambda: httpx.get(f"{address}{HOME}/export.xlsx", timeout=60))).content
    book = openpyxl.load_workbook(io.BytesIO(body))
    rows = list(book.worksheets[0].iter_rows())
    assert [cell.value for cell in rows[1]][:2] == ["T01", "Bến xe phía Nam"]
    cells = {cell.coordinate: cell for row in rows for cell in row}
    assert not [name for name, cell in cells.items() if cell.data_type == "f"], "no cell is a formula"
    assert any(cell.value in ("=1+1", "'=1+1") and cell.data_type == "s" for cell in cells.values())
    assert isinstance(rows[1][3].value, float)


async def test_parquet_is_read_by_ranges(address: str, tmp_path: Path) -> None:
    """As QGIS, DuckDB and Arrow read it from afar: the end, the footer, the pages of one column; the rest is never sent."""
    url, sparse = f"{address}{HOME}/export.parquet", tmp_path / "sparse.parquet"
    async with httpx.AsyncClient(timeout=60) as client:

        async def part(first: int, length: int) -> bytes:
            answer = await client.get(url, headers={"Range": f"bytes={first}-{first + length - 1}", "If-Range": etag})
            assert answer.status_code == 206 and len(answer.content) == length
            return answer.content

        head = await client.head(url)
        etag, size = head.headers["etag"], int(head.headers["content-length"])
        assert head.headers["accept-ranges"] == "bytes"
        end = (await client.get(url, headers={"Range": "bytes=-8"})).content
        assert end[4:] == b"PAR1"
        footer = int.from_bytes(end[:4], "little")
        with sparse.open("wb") as file:
            file.truncate(size)
            file.seek(size - 8 - footer)
            file.write(await part(size - 8 - footer, footer + 8))
            with duckdb.connect() as con:
                file.flush()
                places = "coalesce(dictionary_page_offset, data_page_offset), total_compressed_size"
                asked = f"select {places} from parquet_metadata(?) where path_in_schema = 'ten'"
                chunks = con.execute(asked, [str(sparse)]).fetchall()
                for first, length in chunks:
                    file.seek(first)
                    file.write(await part(first, length))
                file.flush()
                assert [
                    row[0] for row in con.execute("select ten from read_parquet(?)", [str(sparse)]).fetchall()
                ] == TITLES
        beyond = await client.get(url, headers={"Range": f"bytes={size}-{size + 9}"})
        assert beyond.status_code == 416 and beyond.headers["content-range"] == f"bytes */{size}"


async def test_the_requests_of_udata_for_ckan(address: str) -> None:
    """Its CKAN backend: JSON headers on GETs, names by list or by search, one by one, a schema of its own for what comes."""
    async with httpx.AsyncClient(
        base_url=f"{address}/", headers={"content-type": "application/json"}, timeout=60
    ) as client:
        listed = await client.get("api/3/action/package_list")
        assert listed.headers["content-type"].split(";")[0] == "application/json" and listed.json()["success"] is True
        chosen = {"q": 'organization:000-00-10-h57 AND tags:"xe buýt"', "rows": "1000"}
        found = (await client.get("api/3/action/package_search", params=chosen)).json()["result"]["results"]
        left = {"q": "-organization:000-00-10-h57", "rows": "1000"}
        assert (await client.get("api/3/action/package_search", params=left)).json()["result"]["results"] == []
        assert [one["name"] for one in found] == listed.json()["result"]
        data = (await client.get("api/3/action/package_show", params={"id": listed.json()["result"][0]})).json()[
            "result"
        ]
    texts = ("id", "name", "title", "license_id", "metadata_created", "metadata_modified")
    assert (
        all(isinstance(data[field], str) for field in texts) and data["type"] == "dataset" and data["private"] is False
    )
    assert {
        "notes",
        "license_title",
        "tags",
        "organization",
        "resources",
        "author",
        "author_email",
        "state",
    } <= data.keys()
    for extra in data["extras"]:
        assert isinstance(extra["key"], str) and extra["value"] not in (None, "")
    needed = {
        *(
            "id",
            "position",
            "name",
            "description",
            "format",
            "mimetype",
            "size",
            "hash",
            "created",
            "last_modified",
            "url",
        ),
        "resource_type",
    }
    for resource in data["resources"]:
        assert needed <= resource.keys()
        assert resource["resource_type"] in (None, "", "file", "file.upload", "api"), "others are skipped"


@pytest.mark.parametrize("ending", ["ttl", "jsonld", "rdf"])
async def test_the_requests_of_udata_for_dcat(address: str, ending: str) -> None:
    """Its DCAT backend: the form by the ending or by HEAD, pages by Hydra, datasets known by their identifier."""
    forms = {"ttl": "turtle", "jsonld": "json-ld", "rdf": "xml"}
    async with httpx.AsyncClient(timeout=60) as client:
        url, seen = f"{address}/catalog.{ending}", []
        head = await client.head(url)
        assert head.status_code == 200 and head.headers["content-type"].split(";")[0] in (
            "text/turtle",
            "application/ld+json",
            "application/rdf+xml",
        )
        while url:
            page = Graph().parse(data=(await client.get(url)).text, format=forms[ending])
            seen += [(node, page.value(node, DCTERMS.identifier)) for node in page.subjects(RDF.type, DCAT.Dataset)]
            views = list(page.subjects(RDF.type, HYDRA.PartialCollectionView))
            url = str(page.value(views[0], HYDRA.next) or "") if views else ""
            if ending == "ttl":
                assert (None, RDF.type, DCAT.Distribution) in page
    assert len(seen) == 1 and isinstance(seen[0][0], URIRef) and str(seen[0][0]).startswith(f"{address}{HOME}")
    assert seen[0][1] is not None, "harvesters know a dataset by its identifier"


async def test_ckanext_harvest_gathers_by_organisation_and_since(address: str) -> None:
    """Its CKAN harvester, gather stage: a search by pages of 100 in the order of ids, again with what changed since."""
    async with httpx.AsyncClient(base_url=f"{address}/api/3/action", timeout=60) as client:
        for fq, count in (
            ("organization:000-00-10-h57", 1),
            ("organization:khac OR organization:000-00-10-h57", 1),
            ("-organization:000-00-10-h57", 0),
            ("-organization:khac +metadata_modified:[2026-01-01T00:00:00Z TO *]", 1),
            ("+groups:giao-thong", 1),
        ):
            ids: list[str] = []
            for start in (0, 100):
                asked = {"fq": fq, "rows": "100", "start": str(start), "sort": "id asc"}
                answer = (await client.get("/package_search", params=asked)).json()
                ids += [one["id"] for one in answer["result"]["results"]]
            assert len(ids) == count, fq
        organisation = (await client.get("/organization_show", params={"id": "000-00-10-h57"})).json()["result"]
        group = (await client.get("/group_show", params={"id": "giao-thong"})).json()["result"]
        assert organisation["name"] == "000-00-10-h57" and group["name"] == "giao-thong"
