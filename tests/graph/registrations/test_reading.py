"""Registrations as they are sent, right and wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nhip.graph.contexts import core
from nhip.graph.contexts.compile import compile_context
from nhip.graph.errors import BadRequestData, GraphError
from nhip.graph.model import NULL
from nhip.graph.registrations.model import from_doc
from nhip.graph.registrations.names import GROUPS, OPERATIONS
from nhip.graph.registrations.reading import read_registration
from nhip.graph.registrations.rendering import render_registration

CONTEXT = compile_context([{"Bus": "https://example.org/Bus", "speed": "https://example.org/speed"}])
WHOLE: dict[str, Any] = {
    "id": "urn:ngsi-ld:ContextSourceRegistration:1",
    "type": "ContextSourceRegistration",
    "endpoint": "https://hue.example/broker",
    "information": [
        {"entities": [{"type": "Bus", "idPattern": ".*29B$"}, {"type": ["Bus", "Tram"]}], "propertyNames": ["speed"]},
        {"relationshipNames": ["line"]},
    ],
    "mode": "redirect",
    "operations": ["redirectionOps", "queryBatch"],
    "contextSourceInfo": [{"key": "Authorization", "value": "urn:ngsi-ld:request"}],
    "management": {"timeout": 500, "cooldown": 1000, "cacheDuration": "PT5M", "localOnly": True},
    "observationInterval": {"startAt": "2020-01-01T00:00:00Z"},
    "location": {"type": "Point", "coordinates": [107.6, 16.5]},
    "scope": "/huế",
    "tenant": "hue",
    "owner": "Sở Giao thông",
}


def test_a_registration_comes_back_as_it_was_sent() -> None:
    doc = read_registration(WHOLE, CONTEXT)
    assert doc["information"][0]["entities"][1]["type"] == ["https://example.org/Bus", core.VOCAB + "Tram"]
    assert render_registration(from_doc(doc), CONTEXT) == WHOLE
    assert GROUPS["redirectionOps"] < from_doc(doc).operations


def test_what_is_told_in_confidence_is_shown_to_who_may_know_it() -> None:
    told = {
        **WHOLE,
        "contextSourceInfo": [{"key": "Authorization", "value": "Bearer abc"}, *WHOLE["contextSourceInfo"]],
    }
    registration = from_doc(read_registration(told, CONTEXT))
    assert render_registration(registration, CONTEXT, secrets=True) == told
    shown = render_registration(registration, CONTEXT)["contextSourceInfo"]
    assert shown == [{"key": "Authorization", "value": "***"}, *WHOLE["contextSourceInfo"]]


def test_groups_hold_operations_that_there_are() -> None:
    assert all(group <= OPERATIONS for group in GROUPS.values())


def test_what_the_broker_tells_is_passed_over() -> None:
    assert "status" not in read_registration({**WHOLE, "status": "ok", "timesSent": 7}, CONTEXT)


WRONG: list[dict[str, Any]] = [
    {"id": "x"},
    {"type": "Bus"},
    {"endpoint": None},
    {"endpoint": "ftp://hue.example"},
    {"endpoint": "hue.example"},
    {"information": None},
    {"information": []},
    {"information": [{}]},
    {"information": [{"entities": []}]},
    {"information": [{"entities": [{}]}]},
    {"information": [{"entities": [{"type": 5}]}]},
    {"information": [{"entities": [{"type": "Bus", "id": "x"}]}]},
    {"information": [{"entities": [{"type": "Bus", "idPattern": "("}]}]},
    {"information": [{"propertyNames": []}]},
    {"information": [{"propertyNames": ["my name"]}]},
    {"mode": "other"},
    {"mode": "exclusive"},
    {"mode": "exclusive", "information": [{"entities": [{"id": "urn:x:1", "type": "Bus"}]}]},
    {"mode": "auxiliary", "operations": ["updateEntity"]},
    {"operations": ["fly"]},
    {"operations": []},
    {"contextSourceInfo": [{"key": "a"}]},
    {"contextSourceInfo": [{"key": "a", "value": 5}]},
    {"contextSourceInfo": [{"key": "a", "value": "b\r\nHost: evil.example"}]},
    {"contextSourceInfo": [{"key": "accept", "value": "text/html"}]},
    {"management": "yes"},
    {"management": {"cooldown": 0}},
    {"endpoint": "http://[::1/"},
    {"endpoint": "http://h:99999"},
    {"endpoint": "https://lan:secret@hue.example"},
    {"endpoint": "http://h/?x"},
    {"tenant": "a\r\nb: c"},
    {"tenant": "a b"},
    {"management": {"timeout": -5}},
    {"management": {"localOnly": "yes"}},
    {"management": {"cacheDuration": "bogus"}},
    {"expiresAt": "2018-01-01T00:00:00Z"},
    {"location": {"type": "Point", "coordinates": [500, 0]}},
    {"observationInterval": {"endAt": "2020-01-01T00:00:00Z"}},
    {"scope": "9bad"},
    {"refreshRate": "daily"},
    {"tenant": ""},
    {"my member": 5},
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: str(wrong)[:60])
def test_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadRequestData):
        read_registration({**WHOLE, **wrong}, CONTEXT)


@pytest.mark.parametrize("nothing", [None, NULL])
def test_members_are_taken_away_by_null_but_for_what_is_mandatory(nothing: Any) -> None:
    assert read_registration({"expiresAt": nothing}, CONTEXT, fragment=True) == {"expiresAt": None}
    for name in ("type", "endpoint", "information"):
        with pytest.raises(BadRequestData):
            read_registration({name: nothing}, CONTEXT, fragment=True)


_anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["entities", "type", "id", "key", "value", "a"]), inner, max_size=3)
    ),
    max_leaves=10,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(WHOLE)) | st.text(max_size=3), _anything, max_size=5), st.booleans())
def test_anything_is_read_or_refused(payload: dict[str, Any], fragment: bool) -> None:
    try:
        read_registration(payload if fragment else {**WHOLE, **payload}, CONTEXT, fragment=fragment)
    except GraphError as error:
        assert error.kind == "BadRequestData"
