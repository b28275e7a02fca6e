"""The catalogue as programs get it: by address and by negotiation, in pages, never anything that is closed."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from rdflib import Graph, URIRef
from rdflib.namespace import DCAT, DCTERMS, RDF, SKOS

from nhip.app import create_app
from nhip.connectors.dcat.reader import read_graph
from nhip.db.installation import Installation
from nhip.portal.dcat.service import look_at_due
from nhip.portal.service import get_entry, propose, publish
from nhip.security.service import set_administrator_password
from tests.portal.conftest import PEOPLE, PEOPLE_ROWS, STOP_ROWS, STOPS, WORDS
from tests.portal.conftest import _made as made
from tests.portal.dcat.samples import judged, read

Client = AsyncTestClient[Litestar]
ROOT = "http://testserver.local"
HYDRA = "http://www.w3.org/ns/hydra/core#"
TYPES = {"ttl": "text/turtle", "rdf": "application/rdf+xml", "jsonld": "application/ld+json"}
COUNTS = """\
apiVersion: v3.1.0
kind: DataContract
id: urn:counts
version: 1.0.0
status: active
schema:
  - name: dem-xe
    properties:
      - {name: ma, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: phuong, logicalType: string, customProperties: [{property: nhip.kind, value: commune}]}
      - {name: luc, logicalType: timestamp, customProperties: [{property: nhip.order, value: ymd}]}
      - {name: so_xe, logicalType: integer}
"""
COUNT_ROWS = (
    "ma,phuong,luc,so_xe\nC1,Phường Phú Xuân,2026-03-01 07:00:00,120\n"
    "C2,Phường Thuận Hóa,2026-03-04 17:30:00,310\nC3,Phường Phú Xuân,2026-03-02 12:00:00,95\n"
)


@pytest.fixture(scope="module")
async def portal(shared_installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """A stranger's program. Bus stops and counts of vehicles in communes at moments are open, the people are not."""
    installation, folder = shared_installation, tmp_path_factory.mktemp("dcat")
    stops = await made(installation, "tram-xe-buyt", "Trạm xe buýt", STOPS, STOP_ROWS, folder)
    counts = await made(installation, "dem-xe", "Đếm xe", COUNTS, COUNT_ROWS, folder)
    await made(installation, "nguoi-khuyet-tat", "Người khuyết tật", PEOPLE, PEOPLE_ROWS, folder)
    for dataset in (stops, counts):
        await propose(installation, dataset, treatment={}, **WORDS)
        await publish(installation, dataset)
    assert await look_at_due(installation) == 2 and await look_at_due(installation) == 0
    async with installation.db.tx() as tx:
        await set_administrator_password(tx)
    async with AsyncTestClient(create_app(installation.settings), base_url=ROOT) as client:
        yield client


async def test_a_dataset_comes_in_every_form(portal: Client) -> None:
    home = f"{ROOT}/dataset/tram-xe-buyt"
    graphs = []
    for ending, media_type in TYPES.items():
        answer = await portal.get(f"/dataset/tram-xe-buyt.{ending}")
        assert answer.status_code == 200 and answer.headers["content-type"].startswith(media_type)
        assert answer.headers["access-control-allow-origin"] == "*"
        again = await portal.get(
            "/dataset/tram-xe-buyt", headers={"Accept": media_type, "If-None-Match": answer.headers["etag"]}
        )
        assert again.status_code == 304, "negotiation gives the same"
        graphs.append(set(read(answer.content, ending)))
    assert graphs[0] == graphs[1] == graphs[2]
    graph = read((await portal.get("/dataset/tram-xe-buyt.ttl")).content, "ttl")
    assert judged(graph) == [] and (URIRef(home), RDF.type, DCAT.Dataset) in graph
    assert {str(o) for o in graph.objects(None, DCAT.downloadURL)} == {
        f"{home}/export.{form}" for form in ("csv", "xlsx", "json", "parquet", "geojson")
    }
    assert "107.588900 16.449800" in str(next(graph.objects(None, DCAT.bbox)))
    digest = (await portal.get("/dataset/tram-xe-buyt/export.parquet")).content
    assert int(str(next(graph.objects(None, DCAT.byteSize)))) == len(digest)
    for ending in ("schema.jsonld", "croissant.json"):
        answer = await portal.get(f"/dataset/tram-xe-buyt.{ending}")
        assert answer.headers["content-type"].startswith("application/ld+json") and json.loads(answer.content)["name"]


async def test_the_page_leads_programs_on(portal: Client) -> None:
    page = (await portal.get("/dataset/tram-xe-buyt?lang=en", headers={"Accept": "text/html"})).text
    (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert json.loads(block) == json.loads((await portal.get("/dataset/tram-xe-buyt.schema.jsonld")).content)
    led = re.findall(r'<link rel="alternate" type="([^"]+)" title="[^"]+" href="http://testserver.local([^"]+)">', page)
    for media_type, path in led:
        answer = await portal.get(path)
        assert answer.status_code == 200 and answer.headers["content-type"].startswith(media_type)
    assert {path.partition(".")[2] for _type, path in led} >= {*TYPES, "schema.jsonld", "croissant.json"}
    assert "How well it is described: 309 of 405 points, good" in page and ">TRAN<" in page
    for path in ("/dataset/tram-xe-buyt", "/dataset/tram-xe-buyt.rdf", "/catalog.ttl"):
        answer = await portal.head(path)
        assert answer.status_code == 200 and answer.content == b"", path


async def test_the_catalogue_comes_in_pages(portal: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for ending, media_type in TYPES.items():
        answer = await portal.get(f"/catalog.{ending}")
        assert answer.status_code == 200 and answer.headers["content-type"].startswith(media_type)
        graph = read(answer.content, ending)
        assert len(set(graph.subjects(RDF.type, DCAT.Dataset))) == 2 and judged(graph) == []
    plain = await portal.get("/catalog.ttl", headers={"Accept-Encoding": "identity"})
    packed = await portal.get("/catalog.ttl", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    assert packed.content == plain.content
    for module in ("catalogue", "api"):
        monkeypatch.setattr(f"nhip.portal.dcat.{module}.SIZE", 1)
    seen: list[str] = []
    path: Any = "/catalog.jsonld"
    while path:
        graph = read((await portal.get(path)).content, "jsonld")
        seen += [str(one) for one in graph.subjects(RDF.type, DCAT.Dataset)]
        assert judged(graph) == [] and str(graph.value(None, URIRef(f"{HYDRA}totalItems")) or 2) == "2"
        path = next((str(o) for o in graph.objects(None, URIRef(f"{HYDRA}next"))), None)
    assert [one.rpartition("/")[2] for one in seen] == ["dem-xe", "tram-xe-buyt"]


async def test_what_changed_since_a_moment(portal: Client) -> None:
    for since, number in (("2020-01-01", 2), ("2999-01-01T00:00:00+07:00", 0), ("2999-01-01T00:00:00%2B07:00", 0)):
        graph = read((await portal.get(f"/catalog.ttl?modified_since={since}")).content, "ttl")
        assert len(set(graph.subjects(RDF.type, DCAT.Dataset))) == number, since
    for nonsense in ("page=0", "page=-1", "page=x", "page=9999999999", "modified_since=gestern", "modified_since=%00",
                     "modified_since=0001-01-01T00:00:00%2B23:00"):  # fmt: skip
        assert (await portal.get(f"/catalog.ttl?{nonsense}")).status_code == 400, nonsense
    beyond = await portal.get("/catalog.ttl?page=99")
    assert beyond.status_code == 200 and not list(read(beyond.content, "ttl").subjects(RDF.type, DCAT.Dataset))
    assert (await portal.head("/catalog.rdf")).content == b""
    led = await portal.get("/catalog", headers={"Accept": "text/turtle"}, follow_redirects=False)
    assert led.status_code == 303 and led.headers["location"] == "/catalog.ttl"
    assert (await portal.get("/catalog", follow_redirects=False)).headers["location"] == "/datasets"


async def test_units_and_days_are_those_that_the_rows_name(portal: Client, shared_installation: Installation) -> None:
    graph = read((await portal.get("/dataset/dem-xe.ttl")).content, "ttl")
    assert {str(o) for o in graph.objects(None, DCAT.startDate)} == {"2026-03-01"}
    assert {str(o) for o in graph.objects(None, DCAT.endDate)} == {"2026-03-04"}
    assert {str(o) for o in graph.objects(None, SKOS.prefLabel)} >= {"Phường Phú Xuân", "Phường Thuận Hóa"}
    async with shared_installation.db.read() as tx:
        entry = await get_entry(tx, "dem-xe")
    assert len(entry.places) == 2 and "46" not in entry.places
    assert "Đếm xe" in (await portal.get(f"/datasets?place={entry.places[0]}", headers={"Accept": "text/html"})).text


async def test_publisher_and_place_are_said_once_for_all(portal: Client) -> None:
    graph: Graph = read((await portal.get("/catalog.ttl")).content, "ttl")
    agency = URIRef(f"{ROOT}/agency/000.00.10.H57")
    assert len(list(graph.subjects(DCTERMS.publisher, agency))) == 4, "two datasets, two services"
    assert (await portal.get("/catalog.ttl")).text.count(f"<{agency}> a ") == 1


async def test_what_is_closed_is_told_by_no_form(portal: Client) -> None:
    for ending in (*TYPES, "schema.jsonld", "croissant.json"):
        closed = await portal.get(f"/dataset/nguoi-khuyet-tat.{ending}")
        absent = await portal.get(f"/dataset/khong-co-gi-nao.{ending}")
        assert closed.status_code == absent.status_code == 404
    for ending in TYPES:
        text = (await portal.get(f"/catalog.{ending}")).text
        assert "nguoi-khuyet-tat" not in text and "Người khuyết tật" not in text and "tram-xe-buyt" in text


async def test_our_own_connector_for_catalogues_understands_us(portal: Client) -> None:
    for ending in TYPES:
        graph = read((await portal.get(f"/catalog.{ending}")).content, ending)
        counts, stops = read_graph(graph, f"{ROOT}/catalog.{ending}")
        assert (counts.title, stops.title) == ("Đếm xe", "Trạm xe buýt") and stops.id == f"{ROOT}/dataset/tram-xe-buyt"
        assert (
            stops.organisation == "Sở Xây dựng" and stops.licence.endswith("/CC_BY_4_0") and stops.tags == ("xe buýt",)
        )
        assert [(one.format.lower(), one.url.rpartition(".")[2]) for one in stops.resources] == [
            (form, form) for form in ("csv", "xlsx", "geojson", "json", "parquet")
        ]
