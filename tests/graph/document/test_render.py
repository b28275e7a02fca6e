"""Representations that lose something, and parts."""

from __future__ import annotations

from typing import Any

import pytest

from nhip.graph.contexts import core
from nhip.graph.contexts.compile import compile_context
from nhip.graph.document.expand import expand_entity
from nhip.graph.document.language import chosen
from nhip.graph.document.render import collected, render
from nhip.graph.model import View

CONTEXT = compile_context([{"Bus": "https://example.org/Bus", "speed": "https://example.org/speed"}])
DOC = expand_entity(
    {
        "id": "urn:ngsi-ld:Bus:1",
        "type": "Bus",
        "scope": "/đànẵng",
        "speed": [{"value": 30}, {"value": 31, "datasetId": "urn:d:gps"}],
        "location": {"type": "Point", "coordinates": [108.2, 16.1]},
        "name": {"languageMap": {"vi": "Xe buýt", "en": "Bus", "@none": "29B"}},
        "state": {"vocab": ["Bus", "speed"]},
        "raw": {"json": {"a": 1}},
        "route": {"objectList": ["urn:s:1", "urn:s:2"]},
        "line": {"object": "urn:l:1", "objectType": "Bus"},
    },
    CONTEXT,
)
SPEED = "https://example.org/speed"


def test_simplified() -> None:
    assert render(DOC, CONTEXT, View(form="simplified")) == {
        "id": "urn:ngsi-ld:Bus:1",
        "type": "Bus",
        "scope": "/đànẵng",
        "speed": {"dataset": {"@none": 30, "urn:d:gps": 31}},
        "location": {"type": "Point", "coordinates": [108.2, 16.1]},
        "name": {"languageMap": {"vi": "Xe buýt", "en": "Bus", "@none": "29B"}},
        "state": {"vocab": ["Bus", "speed"]},
        "raw": {"json": {"a": 1}},
        "route": ["urn:s:1", "urn:s:2"],
        "line": "urn:l:1",
    }


def test_parts() -> None:
    shown = render(DOC, CONTEXT, View(pick=frozenset({"id", "type", SPEED}), datasets=frozenset({"urn:d:gps"})))
    assert shown == {
        "id": "urn:ngsi-ld:Bus:1",
        "type": "Bus",
        "speed": {"type": "Property", "value": 31, "datasetId": "urn:d:gps"},
    }
    assert "speed" not in render(DOC, CONTEXT, View(omit=frozenset({SPEED})))
    assert render(DOC, CONTEXT, View(pick=frozenset({SPEED}), datasets=frozenset({"urn:d:other"}))) == {}


def test_one_language() -> None:
    name = {"type": "Property", "value": "Bus", "lang": "en"}
    assert render(DOC, CONTEXT, View(lang="fr,en;q=0.5"))["name"] == name
    assert render(DOC, CONTEXT, View(lang="vi", form="simplified"))["name"] == "Xe buýt"
    assert render(DOC, CONTEXT, View(lang="ja", form="simplified"))["name"] == "29B"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("en", "en-US"),
        ("en-US", "en-US"),
        ("EN-us", "en-US"),
        ("fr-CH,fr", "fr"),
        ("fr;q=0.1,de;q=0.2", "de"),
        ("de-AT", "de"),
        ("*", "en-US"),
        ("ja,*", "en-US"),
        ("de;q=0,fr", "fr"),
        (";;,", "en-US"),
    ],
)
def test_languages_are_matched(wanted: str, found: str) -> None:
    assert chosen({"en-US": 1, "de": 2, "fr": 3}, wanted) == found


def test_features() -> None:
    feature = render(DOC, CONTEXT, View(geojson=True, form="simplified"))
    assert feature["type"] == "Feature"
    assert feature["id"] == "urn:ngsi-ld:Bus:1"
    assert feature["geometry"] == {"type": "Point", "coordinates": [108.2, 16.1]}
    assert "id" not in feature["properties"]
    assert feature["properties"]["type"] == "Bus"
    other = View(geojson=True, geometry=core.NAMESPACE + "observationSpace", pick=frozenset({SPEED}))
    assert render(DOC, CONTEXT, other)["geometry"] is None
    assert collected([feature], other) == {"type": "FeatureCollection", "features": [feature]}


@pytest.mark.parametrize("form", ["normalized", "concise", "simplified"])
def test_linked_entities_are_shown_inside(form: Any) -> None:
    inner = {"id": "urn:l:1", "type": ["https://example.org/Bus"], SPEED: [{"type": "Property", "value": 1}]}
    line = core.VOCAB + "line"
    doc = {
        "id": "urn:x:1",
        "type": ["https://example.org/Bus"],
        line: [{"type": "Relationship", "object": "urn:l:1", "entity": inner}],
    }
    shown = render(doc, CONTEXT, View(form=form))["line"]
    speed = {"normalized": {"type": "Property", "value": 1}, "concise": 1, "simplified": 1}[form]
    assert (shown if form == "simplified" else shown["entity"]) == {"id": "urn:l:1", "type": "Bus", "speed": speed}


def test_showing_changes_nothing() -> None:
    before = repr(DOC)
    for form in ("normalized", "concise", "simplified"):
        render(DOC, CONTEXT, View(form=form, lang="vi", geojson=True))
    assert repr(DOC) == before
