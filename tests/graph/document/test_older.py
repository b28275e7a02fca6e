"""Entities as earlier versions of NGSI-LD have them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nhip.graph.document.older import NEWEST, amended, version
from tests.graph.clauses import clause

AT = "2026-01-01T00:00:00Z"
BUS: dict[str, Any] = {
    "id": "urn:a:1",
    "type": ["Bus", "Thing"],
    "scope": "/hue",
    "expiresAt": AT,
    "speed": {"type": "Property", "value": 30, "observedAt": AT, "unitCode": "KMH", "valueType": "Integer"},
    "depot": {"type": "Relationship", "object": "urn:a:2", "objectType": "Depot"},
    "price": [{"type": "Property", "value": 2, "datasetId": "urn:d:1"}, {"type": "Property", "value": 1}],
}


@clause("4.3.6.8")
@pytest.mark.parametrize(
    ("known", "missing"),
    [
        ((1, 9), set()),
        ((1, 8), {"expiresAt", "valueType"}),
        ((1, 5), {"expiresAt", "valueType", "objectType"}),
        ((1, 3), {"expiresAt", "valueType", "objectType", "scope"}),
        ((1, 0), {"expiresAt", "valueType", "objectType", "scope", "observedAt", "unitCode", "datasetId"}),
    ],
)
def test_members_of_later_versions_are_left_out(known: tuple[int, int], missing: set[str]) -> None:
    def names(value: Any) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(names, value))
        return set(value).union(*map(names, value.values())) if isinstance(value, dict) else set()

    assert names(BUS) - names(amended(BUS, known)) == missing


@clause("4.3.6.8")
def test_what_was_one_before_is_one() -> None:
    old = amended(BUS, (1, 0))
    assert (old["type"], old["price"]) == ("Bus", {"type": "Property", "value": 1})
    assert amended(BUS, (1, 3))["type"] == ["Bus", "Thing"]
    assert amended(BUS, (1, 3))["price"] == BUS["price"]
    history = {"id": "urn:a:1", "type": "Bus", "speed": [{"type": "Property", "value": n} for n in range(3)]}
    assert amended(history, (1, 0), series=True) == history


@clause("4.3.6.8")
@pytest.mark.parametrize(
    ("attribute", "since", "older"),
    [
        ({"type": "VocabProperty", "vocab": "tram"}, (1, 8), {"type": "Property", "value": "tram"}),
        ({"type": "JsonProperty", "json": {"a": 1}}, (1, 8), {"type": "Property", "value": {"a": 1}}),
        ({"type": "ListProperty", "valueList": [1, 2]}, (1, 8), {"type": "Property", "value": [1, 2]}),
        ({"type": "LanguageProperty", "languageMap": {"vi": "x"}}, (1, 4), {"type": "Property", "value": {"vi": "x"}}),
        ({"languageMap": {"vi": "x"}}, (1, 4), {"value": {"vi": "x"}}),
        (
            {"type": "ListRelationship", "objectList": [{"object": "urn:a:2"}, "urn:a:3"]},
            (1, 8),
            {"type": "Relationship", "object": ["urn:a:2", "urn:a:3"]},
        ),
    ],
)
def test_attributes_of_later_versions_become_older_ones(
    attribute: dict[str, Any], since: tuple[int, int], older: dict[str, Any]
) -> None:
    inside = {"of": {"type": "Property", "value": 1, "in": attribute}, "at": attribute}
    assert amended(inside, since) == inside
    assert amended(inside, (since[0], since[1] - 1)) == {
        "of": {"type": "Property", "value": 1, "in": older},
        "at": older,
    }


@clause("4.3.6.8")
def test_values_are_nobodys_business() -> None:
    value = {"type": "LanguageProperty", "languageMap": {"vi": "x"}, "observedAt": AT, "scope": "/a"}
    thing = {"id": "urn:a:1", "type": "Thing", "form": {"type": "Property", "value": value, "previousValue": value}}
    assert amended(thing, (1, 0)) == thing
    plain = {"id": "urn:a:1", "type": "Thing", "form": value}
    assert amended(plain, (1, 0), values=True) == plain


@clause("4.3.6.8")
def test_geojson_and_joined_entities_are_older_too() -> None:
    feature = {"id": "urn:a:1", "type": "Feature", "geometry": None, "properties": {"type": "Bus", "scope": "/hue"}}
    whole = {"type": "FeatureCollection", "features": [feature], "@context": ["x"]}
    assert amended(whole, (1, 0))["features"][0]["properties"] == {"type": "Bus"}
    joined = {"id": "urn:a:2", "type": "Bus", "depot": {"type": "Relationship", "object": "urn:a:1", "entity": BUS}}
    assert "scope" not in amended([joined], (1, 3))[0]["depot"]["entity"]


@pytest.mark.parametrize("text", ["", "1", "1.", ".5", "1.5.1", "1,5", "new", "1.5 ", "-1.5", "1111.1"])
def test_what_is_no_version(text: str) -> None:
    assert version(text) is None
    assert version("1.5") == (1, 5)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*BUS, "type", "value", "object", "vocab", "objectList", "features"]), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@example({"type": []}, (0, 0))
@given(JSON, st.tuples(st.integers(0, 2), st.integers(0, 12)))
def test_whatever_it_is_it_stays_what_it_was_for_ours(value: Any, known: tuple[int, int]) -> None:
    assert amended(value, NEWEST) == value
    amended(value, known)
