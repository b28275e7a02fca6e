"""schema.org and Croissant: read by the programs that others read them with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rdflib import Graph, Namespace
from rdflib.namespace import RDF

from nhip.portal.dcat.search_engines import croissant, schema_org, written
from tests.portal.dcat.samples import BARE, ENTRY, FACTS, KINDS, NASTY, SITE, entry

SCHEMA = Namespace("https://schema.org/")


@pytest.mark.parametrize("kind", KINDS)
def test_schema_org_is_json_that_ends_no_script(kind: str) -> None:
    body = written(schema_org(SITE, KINDS[kind], FACTS))
    told = json.loads(body)
    assert not {b"<", b">", b"&"} & {bytes([sign]) for sign in body}
    assert told["@type"] == "Dataset" and told["name"] == KINDS[kind].title and told["license"].startswith("https://")
    assert [one["contentUrl"].rpartition(".")[2] for one in told.get("distribution", [])] == KINDS[kind].formats


def test_schema_org_says_what_search_engines_ask_for() -> None:
    told = schema_org(SITE, ENTRY, FACTS)
    assert told["temporalCoverage"] == "2026-01-01/2026-11-20" and told["creator"]["name"] == "Sở Xây dựng"
    assert told["spatialCoverage"][0] == {"@type": "Place", "name": "Phường Phú Xuân", "identifier": "19753"}
    assert told["spatialCoverage"][1]["geo"]["box"] == "16.400000 107.500000 16.500000 107.700000"
    assert schema_org(SITE, ENTRY, BARE)["temporalCoverage"] == "2026-11-20/2026-11-20"


def test_schema_org_means_a_dataset_in_rdf() -> None:
    told = json.loads(written(schema_org(SITE, ENTRY, FACTS))) | {"@context": {"@vocab": str(SCHEMA)}}
    graph = Graph().parse(data=json.dumps(told), format="json-ld")
    (dataset,) = graph.subjects(RDF.type, SCHEMA.Dataset)
    assert str(dataset) == f"{SITE.root}/dataset/tram-xe-buyt"
    assert len(list(graph.objects(dataset, SCHEMA.distribution))) == 5


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "no formats"])
def test_croissant_is_read_by_mlcroissant(kind: str, tmp_path: Path) -> None:
    library = pytest.importorskip("mlcroissant", reason="mlcroissant is not installed; it is no part of the test tools")
    file = tmp_path / "croissant.json"
    file.write_bytes(written(croissant(SITE, KINDS[kind], FACTS)))
    found = library.Dataset(jsonld=str(file)).metadata
    assert found.ctx.issues.errors == set()
    assert [field.name for field in found.record_sets[0].fields] == ["rows/ma", "rows/vi_do"]
    assert found.distribution[0].sha256 == FACTS.digest


def test_croissant_names_the_one_release_that_its_digest_is_of() -> None:
    told = croissant(SITE, entry(title=NASTY), FACTS)
    assert told["conformsTo"] == "http://mlcommons.org/croissant/1.0" and told["version"] == "3.0.0"
    assert told["distribution"][0]["encodingFormat"] == "application/x-parquet", (
        "mlcroissant reads rows of no other name"
    )
    assert told["distribution"][0]["contentUrl"].endswith("/dataset/tram-xe-buyt/export.parquet?release=3")
