"""What operations make of entities: the rules of CIM 009 by example, and by properties that hold for all of them."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nhip.graph.document.pack import pack, unpack
from nhip.graph.errors import AlreadyExists, BadRequestData, ResourceNotFound
from nhip.graph.lives import Life
from nhip.graph.model import NULL, SYSTEM, Doc, Operation, Outcome
from nhip.graph.operations import apply
from tests.graph.clauses import clause
from tests.graph.store.strategies import IDS, operation

A, B = "https://example.org/a", "https://example.org/b"
BEFORE, NOW = "2026-01-01T00:00:00.000000Z", "2026-01-02T00:00:00.000000Z"
ID = "urn:x:1"


def prop(value: Any, **more: Any) -> dict[str, Any]:
    return {"type": "Property", "value": value, **more}


def entity(**attributes: Any) -> Doc:
    doc = {
        "id": ID,
        "type": ["https://example.org/T"],
        **{f"https://example.org/{k}": v for k, v in attributes.items()},
    }
    made = apply(None, Operation(name="create", id=ID, doc=doc), BEFORE).after
    assert made is not None
    return made


def do(old: Doc | None, name: Any, doc: Any = None, **more: Any) -> Outcome:
    return apply(old, Operation(name=name, id=ID, doc=doc, **more), NOW)


def values(outcome: Outcome, name: str) -> list[Any]:
    assert outcome.after is not None and outcome.error is None
    return [one["value"] for one in outcome.after.get(name, [])]


@clause("5.6.3")
def test_append_overwrites_or_keeps() -> None:
    old = entity(a=[prop(1)])
    assert values(do(old, "append", {A: [prop(2)], B: [prop(3)]}), A) == [2]
    kept = do(old, "append-keep", {A: [prop(2)], B: [prop(3)]})
    assert (values(kept, A), values(kept, B)) == ([1], [3])
    assert [name for name, _why in kept.kept] == [A]


@clause("5.6.3", "4.19")
def test_scopes_are_replaced_or_added() -> None:
    old = {**entity(), "scope": ["/a"]}
    assert do(old, "append", {"scope": ["/b"]}).after["scope"] == ["/b"]  # type: ignore[index]
    assert do(old, "append-keep", {"scope": ["/b"]}).after["scope"] == ["/a", "/b"]  # type: ignore[index]
    assert "scope" not in (do(old, "delete-attribute", attribute="scope").after or {})


@clause("5.6.2", "5.5.8", "4.5")
def test_update_replaces_whole_attributes_and_null_deletes() -> None:
    old = entity(a=[prop(1, unitCode="CEL")])
    done = do(old, "update", {A: [prop(2)], B: [prop(NULL)], "scope": ["/a"]})
    assert done.after is not None and "unitCode" not in done.after[A][0] and "scope" not in done.after
    assert [name for name, _why in done.kept] == ["scope", B]
    assert A not in (do(old, "update", {A: [prop(NULL)]}).after or {})


@clause("5.5.8", "4.5")
def test_a_new_dataset_is_added() -> None:
    old = entity(a=[prop(1)])
    assert values(do(old, "update", {A: [prop(2, datasetId="urn:d:1")]}), A) == [1, 2]


@clause("5.6.4", "5.5.8")
def test_partial_update_leaves_other_members() -> None:
    old = entity(a=[prop(1, unitCode="CEL")])
    done = do(old, "patch", {A: [prop(5)]}, attribute=A)
    assert done.after is not None
    assert {k: v for k, v in done.after[A][0].items() if k not in SYSTEM} == prop(5, unitCode="CEL")
    assert isinstance(
        do(old, "patch", {A: [{"type": "Relationship", "object": ID}]}, attribute=A).error, BadRequestData
    )
    assert isinstance(do(old, "patch", {B: [prop(1)]}, attribute=B).error, ResourceNotFound)
    assert isinstance(do(old, "patch", {"scope": ["/a"]}, attribute="scope").error, BadRequestData)


@clause("5.6.17")
def test_merge_goes_into_values_and_languages() -> None:
    words = {"type": "LanguageProperty", "languageMap": {"vi": "một", "en": "one"}}
    old = entity(a=[prop({"x": 1, "y": {"z": 2}})], b=[words])
    change = {A: [prop({"y": {"z": NULL, "w": 3}})], B: [{"type": "LanguageProperty", "languageMap": {"en": NULL}}]}
    done = do(old, "merge", change)
    assert values(done, A) == [{"x": 1, "y": {"w": 3}}]
    assert done.after is not None and done.after[B][0]["languageMap"] == {"vi": "một"}


@clause("5.6.17")
def test_merge_takes_plain_values_for_what_is_there() -> None:
    old = entity(
        a=[{"type": "LanguageProperty", "languageMap": {"vi": "một"}}],
        b=[{"type": "Relationship", "object": "urn:x:2"}],
    )
    done = do(old, "merge", {A: [prop("hai")], B: [prop("urn:x:3")]}, lang="vi")
    assert done.after is not None
    assert done.after[A][0]["languageMap"] == {"vi": "hai"}
    assert done.after[B][0]["object"] == "urn:x:3"


@clause("5.6.17")
def test_merge_observes_at_the_time_told() -> None:
    old = entity(a=[prop(1, observedAt=BEFORE)], b=[prop(1)])
    done = do(old, "merge", {A: [prop(2)], B: [prop(2)]}, observed_at=NOW)
    assert done.after is not None
    assert done.after[A][0]["observedAt"] == NOW and "observedAt" not in done.after[B][0]


@clause("5.6.18")
def test_creation_times_survive_replacement() -> None:
    old = entity(a=[prop(1)])
    for name in ("replace", "upsert-replace", "append", "update"):
        after = do(old, name, {"id": ID, "type": old["type"], A: [prop(2)]}).after
        assert after is not None
        assert (after["createdAt"], after[A][0]["createdAt"]) == (BEFORE, BEFORE)
        assert (after["modifiedAt"], after[A][0]["modifiedAt"]) == (NOW, NOW)


@clause("5.6.1", "5.6.6", "5.6.19")
def test_what_is_absent_cannot_be_changed_and_what_exists_not_be_created() -> None:
    for name in ("append", "append-keep", "update", "patch", "merge", "replace", "replace-attribute", "delete"):
        assert isinstance(do(None, name, {A: [prop(1)]}, attribute=A).error, ResourceNotFound)
    assert isinstance(do(entity(), "create", {"id": ID, "type": ["t:x"]}).error, AlreadyExists)


@clause("4.17")
def test_a_selector_of_types_hides_an_entity() -> None:
    outcome = do(entity(a=[prop(1)]), "append", {A: [prop(2)]}, only=lambda doc: False)
    assert isinstance(outcome.error, ResourceNotFound)


histories = st.lists(operation(), max_size=6)


@given(histories)
@settings(max_examples=80, deadline=None)
def test_quick_results_are_those_of_apply_and_nothing_is_changed_in_place(operations: list[Operation]) -> None:
    lives = {id: Life(id) for id in IDS}
    full: dict[str, Doc | None] = dict.fromkeys(IDS)
    given_before = copy.deepcopy([op.doc for op in operations])
    for n, op in enumerate(operations):
        at = f"2026-02-01T00:00:{n:02}.000000Z"
        frozen = copy.deepcopy(full[op.id])
        slow = apply(full[op.id], op, at)
        assert full[op.id] == frozen
        outcome, _states = lives[op.id].apply(op, at)
        assert type(outcome.error) is type(slow.error)
        assert (outcome.created, outcome.deleted, outcome.kept) == (slow.created, slow.deleted, slow.kept)
        assert sorted(map(repr, outcome.changes)) == sorted(map(repr, slow.changes))
        if slow.error is None:
            full[op.id] = slow.after
        assert lives[op.id].full() == full[op.id]
    assert [op.doc for op in operations] == given_before


@given(histories)
@settings(max_examples=40, deadline=None)
def test_documents_stay_sound(operations: list[Operation]) -> None:
    full: dict[str, Doc | None] = dict.fromkeys(IDS)
    for n, op in enumerate(operations):
        outcome = apply(full[op.id], op, f"2026-02-01T00:00:{n:02}.000000Z")
        if outcome.error is not None:
            continue
        after = full[op.id] = outcome.after
        if after is None:
            continue
        assert unpack(*pack(after)) == after
        for name in (key for key in after if ":" in key):
            datasets = [one.get("datasetId") for one in after[name]]
            assert datasets and len(set(datasets)) == len(datasets)
            assert None not in datasets[1:]
            assert all(one["createdAt"] <= one["modifiedAt"] <= after["modifiedAt"] for one in after[name])


@pytest.mark.parametrize(
    ("there", "given"),
    [
        ({"type": "GeoProperty", "value": {"type": "Point", "coordinates": [107.5, 16.4]}}, {"k": 1}),
        ({"type": "Relationship", "object": "urn:x:2"}, 5),
        ({"type": "ListRelationship", "objectList": [{"object": "urn:x:2"}]}, "urn:x:3"),
    ],
)
def test_a_plain_value_has_to_suit_the_attribute_that_it_is_merged_into(there: Any, given: Any) -> None:
    doc = {"id": "urn:x:1", "type": ["https://example.org/T"], "https://example.org/a": [there]}
    old = apply(None, Operation(name="create", id="urn:x:1", doc=doc), "2026-01-01T00:00:00.000000Z").after
    change = {"https://example.org/a": [{"type": "Property", "value": given}]}
    outcome = apply(old, Operation(name="merge", id="urn:x:1", doc=change), "2026-01-02T00:00:00.000000Z")
    assert isinstance(outcome.error, BadRequestData)
    assert outcome.after == old
