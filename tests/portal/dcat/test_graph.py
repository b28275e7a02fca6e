"""Descriptions hold against SEMIC's own shapes, say the same in every form, and our check of them is pyshacl's."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import URIRef
from rdflib.namespace import DCTERMS, RDF

from nhip.portal.dcat.catalogue import Once, Page, catalogue_nodes
from nhip.portal.dcat.graph import dataset_nodes
from nhip.portal.dcat.nodes import Iri, Node, Nodes, Text, Typed, iri, text
from nhip.portal.dcat.shapes import rules, violations
from nhip.portal.dcat.vocabulary import data_theme, vocabulary
from nhip.portal.dcat.writers import WRITERS
from tests.portal.dcat.samples import AT, BARE, ENTRY, FACTS, KINDS, SITE, entry, graph_of, judged, read, written


@pytest.mark.parametrize("kind", KINDS)
def test_no_shape_of_dcat_ap_is_broken(kind: str) -> None:
    nodes = dataset_nodes(SITE, KINDS[kind], FACTS if "bytes" not in kind else BARE)
    assert judged(read(written(nodes, "ttl"), "ttl")) == []
    assert violations(nodes) == []


def test_no_vocabulary_shape_is_broken_but_the_one_that_spdx_breaks_itself() -> None:
    """The shape wants checksum algorithms to begin with https; SPDX names them with http."""
    found = judged(graph_of(dataset_nodes(SITE, ENTRY, FACTS)), "dcat-ap-3.0.1-vocabularies.ttl")
    assert {one.predicate for one in found} <= {"spdx:algorithm"}


def test_the_catalogue_breaks_no_shape() -> None:
    page = Page(ending="ttl", number=2, total=250)
    nodes = catalogue_nodes(SITE, page, list(KINDS.values())[:1], AT)
    for node in dataset_nodes(SITE, ENTRY, FACTS):
        twin = nodes.node(node.id, *node.types)
        for predicate, values in node.said.items():
            twin.say(predicate, *values)
    assert judged(graph_of(nodes)) == [] == violations(nodes)


@pytest.mark.parametrize("kind", KINDS)
def test_every_form_says_the_same(kind: str) -> None:
    nodes = dataset_nodes(SITE, KINDS[kind], FACTS)
    meant = set(graph_of(nodes))
    for ending in WRITERS:
        assert set(read(written(nodes, ending), ending)) == meant, ending


words = st.text(st.characters(codec="utf-8"), max_size=30)
values = st.one_of(
    words.map(text),
    words.map(lambda said: text(said, "vi")),
    words.map(lambda said: iri(f"https://x.example/{said}")),
    st.integers(-5, 10**20).map(lambda n: Typed(str(n), "xsd:integer")),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(words, st.sampled_from(["dct:title", "dcat:theme", "rdfs:label"]), values), max_size=8))
def test_whatever_is_said_is_read_back_from_every_form(said: list[tuple[str, str, Iri | Text | Typed | None]]) -> None:
    nodes = Nodes()
    for name, predicate, value in said:
        nodes.node(f"https://x.example/{name}", "dcat:Resource").say(predicate, value)
    meant = set(graph_of(nodes))
    for ending in WRITERS:
        assert set(read(written(nodes, ending), ending)) == meant, ending


WRONG = (
    Text("words"),
    Text("words", "vi"),
    Iri("https://x.example/unknown"),
    Iri(f"{SITE.root}/dataset/tram-xe-buyt"),
    Typed("12", "xsd:nonNegativeInteger"),
    Typed("-12", "xsd:nonNegativeInteger"),
    Typed("nothing", "xsd:nonNegativeInteger"),
    Typed("zz", "xsd:hexBinary"),
    Typed("P1D", "xsd:duration"),
    Typed("1.5", "xsd:decimal"),
)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_our_check_finds_what_pyshacl_finds(data: st.DataObject) -> None:
    nodes = dataset_nodes(SITE, ENTRY, FACTS)
    known = [node for node in nodes if any(kind in rules() for kind in node.types)]
    for _step in range(data.draw(st.integers(1, 6))):
        node: Node = data.draw(st.sampled_from(known))
        predicates = [rule.predicate for kind in node.types for rule in rules().get(kind, ())]
        if not (predicates or node.said):  # an earlier step left a thing of no class of which nothing is said
            continue
        predicate = data.draw(st.sampled_from(sorted({*predicates, *node.said})))
        if data.draw(st.booleans()):
            node.said.pop(predicate, None)
        else:
            node.say(predicate, data.draw(st.sampled_from(WRONG)))
        if data.draw(st.integers(0, 9)) == 0:
            node.types.clear()
    assert Counter(violations(nodes)) == Counter(judged(graph_of(nodes)))


def test_a_part_is_written_once() -> None:
    once = Once()
    first = once.fresh(dataset_nodes(SITE, ENTRY, FACTS))
    second = once.fresh(dataset_nodes(SITE, entry(name="khac"), FACTS))
    assert len(second) < len(first)
    assert not {node.id for node in second} & {node.id for node in first}


def test_what_is_not_known_is_not_said() -> None:
    graph = graph_of(dataset_nodes(SITE, entry(licence="gone-1.0", contact="", theme="", cadence=""), BARE))
    assert not list(graph.triples((None, DCTERMS.license, None)))
    assert not list(graph.triples((None, URIRef("http://www.w3.org/ns/dcat#bbox"), None)))
    assert len(list(graph.subjects(RDF.type, DCTERMS.Location))) == 2, "the province and the country"


def test_every_theme_of_the_table_is_one_of_europe() -> None:
    assert set(vocabulary().themes.values()) <= set(vocabulary().theme_titles)
    assert data_theme("Giao thông") == data_theme("giao-thong") == "TRAN" and data_theme("không rõ") == ""


def test_harvested_data_tell_whose_they_are() -> None:
    nodes = dataset_nodes(SITE, KINDS["harvested"], FACTS)
    (made,) = (node for node in nodes if "dcat:Dataset" in node.types)
    assert [value.value for value in made.said["prov:wasDerivedFrom"]] == ["https://cong.example/a%20b"]
    found = nodes.find(made.said["dct:provenance"][0].value)
    assert found is not None and [value.value for value in found.said["rdfs:label"]] == [
        "Nguồn: Sở Y tế, Trạm, CC-BY-4.0"
    ]
    assert (
        "dct:provenance"
        not in next(node for node in dataset_nodes(SITE, entry(), FACTS) if "dcat:Dataset" in node.types).said
    )
