"""The changes between two states of an entity: they make the one the other, and touch nothing that is the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.graph.document.pack import pack, unpack
from nhip.graph.mirrors.changing import changes
from nhip.graph.mirrors.reading import digest
from nhip.graph.model import Doc
from nhip.graph.operations import apply
from tests.graph.store.strategies import NAMES, TYPES, document

ID = "urn:x:1"
STATE = st.one_of(st.none(), document(ID))


def after(old: Doc | None, new: Doc | None) -> Doc | None:
    """What becomes of `old`, which was written on the first, by the changes that lead to `new` on the second."""
    full = None
    if old is not None:
        full = apply(None, changes(ID, None, old)[0], "2026-01-01T00:00:00Z").after
    for op in changes(ID, old, new):
        outcome = apply(full, op, "2026-01-02T00:00:00Z")
        assert outcome.error is None
        full = outcome.after
    return full


def plain(full: Doc) -> Doc:
    return unpack(pack(full)[0])


@given(STATE, STATE)
def test_the_changes_lead_from_one_state_to_the_other(old: Doc | None, new: Doc | None) -> None:
    found = after(old, new)
    if new is None:
        assert found is None
    else:
        assert found is not None
        assert digest(plain(found)) == digest(new)


@given(document(ID))
def test_what_is_the_same_is_not_written(doc: Doc) -> None:
    assert changes(ID, doc, doc) == []


@pytest.mark.parametrize(("was", "now"), [(1, True), (0, False), (1, 1.0), ([1], [True]), ({"a": 0}, {"a": False})])
def test_values_that_only_python_takes_for_the_same(was: Any, now: Any) -> None:
    old, new = (
        {"id": ID, "type": [TYPES[0]], NAMES[0]: [{"type": "Property", "value": value}]} for value in (was, now)
    )
    found = after(old, new)
    assert found is not None
    assert digest(plain(found)) == digest(new) != digest(old)


def test_one_instance_of_several() -> None:
    first, second = {"type": "Property", "value": 1}, {"type": "Property", "value": 2, "datasetId": "urn:d:1"}
    old = {"id": ID, "type": [TYPES[0]], NAMES[0]: [first, second], NAMES[1]: [first]}
    found = after(old, {**old, NAMES[0]: [first, {**second, "value": 3}]})
    assert found is not None
    assert [one["modifiedAt"][:10] for one in (*found[NAMES[0]], *found[NAMES[1]])] == [
        "2026-01-01",
        "2026-01-02",
        "2026-01-01",
    ]
