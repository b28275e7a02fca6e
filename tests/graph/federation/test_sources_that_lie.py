"""What sources answer is material to judge: whatever it is, it spoils no answer of ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from nhip.graph.contexts.compile import compile_context
from nhip.graph.document.times import is_instant
from nhip.graph.model import SYSTEM
from nhip.graph.registrations import histories, reads
from nhip.graph.registrations.client import Reply
from nhip.graph.registrations.merging import merge_docs
from nhip.graph.relays import service
from nhip.graph.temporal.model import Question, Window
from tests.graph.clauses import clause

CONTEXT = compile_context([{"Bus": "https://x.org/Bus", "speed": "https://x.org/speed"}])
SPEED = "https://x.org/speed"
NAMES = st.sampled_from(
    """id type scope speed name value object languageMap json vocab valueList objectList datasetId observedAt createdAt
    modifiedAt deletedAt expiresAt instanceId unitCode valueType entity coordinates @context @type : x:y""".split()  # noqa: SIM905
)
WORDS = st.sampled_from(
    """urn:x:1 Bus Property Relationship GeoProperty LanguageProperty Point urn:ngsi-ld:null 2020-01-01T00:00:00Z
    2020-13-01T00:00:00Z vi @none""".split()  # noqa: SIM905
)
ANY = st.recursive(
    WORDS | st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)
ATTRIBUTE = st.builds(
    lambda more, kind, value: {**more, "type": kind, "value": value},
    st.dictionaries(NAMES, ANY, max_size=3),
    st.sampled_from(["Property", "GeoProperty", "LanguageProperty", "Relationship"]),
    ANY,
)
ENTITY = st.builds(
    lambda more, speed: {**more, "id": "urn:x:1", "type": "Bus", "speed": speed},
    st.dictionaries(NAMES, ANY, max_size=3),
    ATTRIBUTE | st.lists(ATTRIBUTE | ANY, max_size=3) | ANY,
)


@settings(max_examples=100, deadline=None)
@given(told=ENTITY | ANY, window=st.sampled_from([Window(), Window(property="createdAt", relation="after")]))
def test_any_answer_is_read_or_warned_of(told: Any, window: Window) -> None:
    reply = Reply(200, told)
    for doc in reads._docs(reply, CONTEXT).docs:
        for one in [doc, *(each for iri, found in doc.items() if ":" in iri for each in found)]:
            assert all(is_instant(one[name]) for name in SYSTEM & one.keys())
        orjson.dumps(merge_docs(doc, {"id": "urn:x:1", "type": [], SPEED: [{"type": "Property", "value": 1}]}))
    assert histories._read(reply, Question(window=window), CONTEXT).warning in ("", "111")
    if isinstance(told, dict):
        service._read({**told, "id": "urn:x:1"}, CONTEXT)


def test_of_more_entities_than_anybody_asks_for_the_first_are_read() -> None:
    """Reading a hundred thousand would hold everybody up for seconds."""
    many = Reply(200, [{"id": f"urn:x:{n}", "type": "Bus"} for n in range(1500)])
    assert len(reads._docs(many, CONTEXT).docs) == len(histories._read(many, Question(), CONTEXT).found) == 1000


def test_a_name_of_an_instance_that_is_none() -> None:
    speed = ["x", {"type": "Property", "value": 1, "datasetId": ["urn:x:1"]}, {"createdAt": "yesterday"}]
    part = reads._docs(Reply(200, {"id": "urn:x:1", "type": "Bus", "speed": speed}), CONTEXT)
    assert part.warning == "" and all("createdAt" not in one for one in part.docs[0][SPEED])


FRACTIONS = st.sampled_from(["Z", ".5Z", ".50Z", ".000001Z", ".000Z", ".999999999Z"])


@clause("4.5")
@given(seconds=st.integers(0, 2), one=FRACTIONS, other=FRACTIONS)
def test_the_latest_word_counts_to_the_fraction_of_a_second(seconds: int, one: str, other: str) -> None:
    start = datetime(2026, 5, 1, tzinfo=UTC)

    def told(second: int, fraction: str, value: int) -> dict[str, Any]:
        at = (start + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S") + fraction
        return {"type": "Property", "value": value, "observedAt": at}

    def number(second: int, fraction: str) -> float:
        return second + float("0" + fraction[:-1] if len(fraction) > 1 else 0)

    first, second = told(1, one, 1), told(seconds, other, 2)
    merged = merge_docs({"id": "urn:x:1", SPEED: [first]}, {"id": "urn:x:1", SPEED: [second]})
    assert merged[SPEED] == [second if number(seconds, other) > number(1, one) else first]
