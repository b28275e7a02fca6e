"""Entries as the catalogue holds them, and RDF read back by rdflib."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from pyshacl import validate
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import RDF, SH

from nhip.portal.dcat.model import Facts, Site
from nhip.portal.dcat.nodes import PREFIXES, Iri, Nodes, Text
from nhip.portal.dcat.shapes import Violation
from nhip.portal.dcat.writers import WRITERS
from nhip.portal.model import Credit, Entry, OpenColumn

SITE = Site("https://dulieu.example", "Thành phố Huế", "46")
ID = uuid.UUID("0197a1b2-0000-7000-8000-000000000001")
AT = datetime(2026, 11, 20, 3, 4, 5, 678, tzinfo=UTC)
ENTRY = Entry(
    dataset_id=ID, name="tram-xe-buyt", title="Trạm xe buýt", title_en="Bus stops", description="Các trạm dừng.",
    agency_code="000.00.10.H57", agency_name="Sở Xây dựng", agency_name_en="Department of Construction", theme="giao-thong",
    keywords=["xe buýt", "bus"], formats=["csv", "xlsx", "json", "parquet", "geojson"], places=[], licence="cc-by-4.0",
    contact="sxd@hue.example", cadence="MONTHLY", release_no=3, row_count=2, bytes=4321,
    columns=[OpenColumn(name="ma", type="text", title="Mã trạm"), OpenColumn(name="vi_do", type="number", kind="latitude")],
    virtues={}, score=0, issued=AT, modified=AT, as_of=AT,
)  # fmt: skip
FACTS = Facts(
    dataset_id=ID, digest="ab" * 32, units=["19753"], west=107.5, south=16.4, east=107.7, north=16.5,
    begins=date(2026, 1, 1), ends=date(2026, 11, 20),
)  # fmt: skip
BARE = Facts(dataset_id=ID, digest="cd" * 32)


def entry(**other: Any) -> Entry:
    """The sample, some of it otherwise."""
    return msgspec.structs.replace(ENTRY, **other)


NASTY = '</script> <b> & "quoted" \\ \n tab\t nul\0 bell\a ]]> 😀 \r\n Đường'
KINDS = {
    "all that can be said": entry(),
    "harvested": entry(
        credit=Credit(organisation="Sở Y tế", title="Trạm", url="https://cong.example/a b", licence="CC-BY-4.0")
    ),
    "nothing that can be left out": entry(
        title_en="", description="", agency_name_en="", theme="", keywords=[], formats=["csv"], contact="", cadence=""
    ),
    "terms of the state": entry(
        licence="vn-open", theme="Chưa ai biết", contact="https://hue.example/hỏi đáp?a=1&b={2}"
    ),
    "a licence of former days": entry(licence="gone-1.0"),
    "nasty words": entry(
        title=NASTY, title_en=NASTY, description=NASTY, keywords=[NASTY], agency_name=NASTY, contact=NASTY
    ),
    "no formats": entry(formats=[]),
}


@cache
def shapes(name: str = "dcat-ap-3.0.1-shapes.ttl") -> Graph:
    """SEMIC's shapes, without the two that their file names and nowhere describes: pyshacl refuses those."""
    found = Graph().parse(Path(__file__).with_name(name))
    for owner, described in list(found.subject_objects(SH.property)):
        if (described, None, None) not in found:
            found.remove((owner, SH.property, described))
    return found


def graph_of(nodes: Nodes) -> Graph:
    """The graph that the nodes mean, made by rdflib's own terms."""
    graph = Graph()
    for node in nodes:
        for kind in node.types:
            graph.add((URIRef(node.id), RDF.type, _full(kind)))
        for predicate, values in node.said.items():
            for value in values:
                if isinstance(value, Iri):
                    graph.add((URIRef(node.id), _full(predicate), URIRef(value.value)))
                elif isinstance(value, Text):
                    graph.add((URIRef(node.id), _full(predicate), Literal(value.value, lang=value.lang or None)))
                else:
                    typed = Literal(value.value, datatype=_full(value.type))
                    graph.add((URIRef(node.id), _full(predicate), typed))
    return graph


def _full(short: str) -> URIRef:
    prefix, _colon, name = short.partition(":")
    return URIRef(PREFIXES[prefix] + name)


def read(body: bytes, ending: str) -> Graph:
    """RDF as rdflib reads it."""
    return Graph().parse(data=body, format={"ttl": "turtle", "rdf": "xml", "jsonld": "json-ld"}[ending])


def judged(graph: Graph, name: str = "dcat-ap-3.0.1-shapes.ttl") -> list[Violation]:
    """What pyshacl finds of severity Violation, in our words."""
    _conforms, report, _text = validate(graph, shacl_graph=shapes(name), inference="none")
    found = []
    for result in report.objects(None, SH.result):
        if report.value(result, SH.resultSeverity) == SH.Violation:
            path, component = report.value(result, SH.resultPath), report.value(result, SH.sourceConstraintComponent)
            constraint = str(component).partition("#")[2].removesuffix("ConstraintComponent")
            told = constraint[:1].lower() + constraint[1:]
            found.append(Violation(str(report.value(result, SH.focusNode)), _short(path), told))
    return found


def _short(path: Any) -> str:
    return next((f"{p}:{str(path)[len(s) :]}" for p, s in PREFIXES.items() if str(path).startswith(s)), str(path))


def written(nodes: Nodes, ending: str) -> bytes:
    """The nodes in one of the forms."""
    return WRITERS[ending].whole(nodes)
