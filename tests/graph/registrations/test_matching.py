"""The index finds what a walk over all registrations finds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nhip.graph.contexts.compile import compile_context
from nhip.graph.query.build import Asked, Selected, build
from nhip.graph.query.model import Query
from nhip.graph.registrations.matching import Index, asked_attributes, entity_fits
from nhip.graph.registrations.model import Registration, from_doc
from nhip.graph.registrations.reading import read_registration

CONTEXT = compile_context([{"ex": "https://example.org/", **{name: f"ex:{name}" for name in "ABCpqr"}}])


def registration(number: int, *information: dict[str, Any]) -> Registration:
    payload = {
        "id": f"urn:r:{number}",
        "type": "ContextSourceRegistration",
        "endpoint": "http://x.example",
        "information": [*information],
    }
    return from_doc(read_registration(payload, CONTEXT))


def query(**asked: Any) -> Query:
    selected = {name: asked.pop(name) for name in ("ids", "types", "pattern") if name in asked}
    return build(Asked(entities=[Selected(**selected)] if selected else [], **asked), CONTEXT, narrow=False)


ALL = [
    registration(0, {"entities": [{"type": "A"}]}),
    registration(1, {"entities": [{"type": "A", "id": "urn:e:1"}], "propertyNames": ["p"]}),
    registration(
        2,
        {"entities": [{"type": "B", "idPattern": "^urn:e:[12]$"}]},
        {"entities": [{"type": "C"}], "relationshipNames": ["q"]},
    ),
    registration(3, {"propertyNames": ["p", "r"]}),
    registration(4, {"entities": [{"id": "urn:e:2"}]}),
]


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ({"types": "A"}, [0, 1, 3, 4]),
        ({"types": "B"}, [2, 3, 4]),
        ({"types": "(B|C)"}, [2, 3, 4]),
        ({"types": "A", "ids": ["urn:e:1"]}, [0, 1, 3]),
        ({"types": "A", "ids": ["urn:e:9"]}, [0, 3]),
        ({"ids": ["urn:e:2"]}, [0, 2, 3, 4]),
        ({"types": "A", "pattern": "e:2$"}, [0, 3, 4]),
        ({"types": "B", "pattern": "whatever"}, [2, 3]),
        ({"attrs": ["q"]}, [0, 2, 4]),
        ({"types": "A", "attrs": ["r"]}, [0, 3, 4]),
        ({"q": 'p==1;r=="x"'}, [0, 1, 2, 3, 4]),
        ({"q": "q>1"}, [0, 2, 4]),
    ],
    ids=str,
)
def test_what_fits(asked: dict[str, Any], numbers: list[int]) -> None:
    found = Index(ALL).fitting(query(**asked))
    assert [match.registration.id for match in found] == [f"urn:r:{number}" for number in numbers]


def test_only_what_fits_of_the_information_is_given() -> None:
    (match,) = [one for one in Index(ALL).fitting(query(types="C")) if one.registration.id == "urn:r:2"]
    assert match.information == (ALL[2].information[1],)


_letter = st.sampled_from("ABC")
_entity = st.builds(
    lambda type_, id, pattern: (
        {k: v for k, v in {"type": type_, "id": id, "idPattern": pattern}.items() if v} or {"type": "A"}
    ),
    st.none() | _letter,
    st.none() | st.sampled_from(["urn:e:1", "urn:e:2"]),
    st.none() | st.sampled_from(["1$", "^urn"]),
)
_information = st.builds(
    lambda entities, names: (
        {k: v for k, v in {"entities": entities, "propertyNames": names}.items() if v} or {"propertyNames": ["p"]}
    ),
    st.lists(_entity, max_size=3),
    st.lists(st.sampled_from("pqr"), max_size=2),
)
_asked = st.fixed_dictionaries(
    {},
    optional={
        "types": st.sampled_from(["A", "B,C", "(A|B)", "A;B"]),
        "ids": st.lists(st.sampled_from(["urn:e:1", "urn:e:2", "urn:e:3"]), min_size=1),
        "pattern": st.sampled_from(["1$", "e"]),
        "attrs": st.lists(st.sampled_from("pqr"), min_size=1, max_size=2),
    },
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(_information, min_size=1, max_size=2), max_size=6), _asked)
def test_the_index_finds_what_a_walk_finds(told: list[list[dict[str, Any]]], asked: dict[str, Any]) -> None:
    everything = [registration(number, *information) for number, information in enumerate(told)]
    index = Index(everything)
    for one in everything[:2]:
        index.drop(one.id)
    for one in everything[:1]:
        index.put(one)
    left = [one for number, one in enumerate(everything) if number != 1]
    wanted = query(**asked)
    attributes = asked_attributes(wanted)
    expected = [
        one.id
        for one in left
        if any(
            (
                not information.entities
                or not wanted.selectors
                or any(entity_fits(e, s) for e in information.entities for s in wanted.selectors)
            )
            and (not attributes or not information.attributes or attributes & information.attributes)
            for information in one.information
        )
    ]
    assert [match.registration.id for match in index.fitting(wanted)] == expected
