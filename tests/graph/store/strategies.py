"""Documents and operations for property tests: few names and values, so that they meet each other."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import strategies as st

from nhip.graph.model import NULL, VALUE_MEMBER, Operation, OperationName

OPERATIONS = get_args(OperationName)
IDS = ("urn:x:1", "urn:x:2")
NAMES = tuple(f"https://example.org/{letter}" for letter in "abc")
TYPES = tuple(f"https://example.org/{letter}" for letter in "TUV")
DATASETS = (None, "urn:d:1", "urn:d:2")
TIMES = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00.123Z", "2026-01-03T00:00:00.123456Z")
POINT = {"type": "Point", "coordinates": [107.5, 16.4]}
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "Property": st.one_of(
        st.integers(0, 3), st.text("xy", max_size=2), st.just({"k": 1, "l": {"m": 2}}), st.lists(st.integers(0, 2))
    ),
    "GeoProperty": st.sampled_from([POINT, {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}]),
    "Relationship": st.sampled_from(["urn:x:1", "urn:x:2", ["urn:x:1", "urn:x:3"]]),
    "LanguageProperty": st.dictionaries(st.sampled_from(["vi", "en", "@none"]), st.text("xy", max_size=2), min_size=1),
    "VocabProperty": st.sampled_from(["https://example.org/v1", "https://example.org/v2"]),
    "JsonProperty": st.sampled_from([{"k": 1}, {"k": {"l": 2}}, [1, 2], "text"]),
    "ListProperty": st.lists(st.integers(0, 2)),
    "ListRelationship": st.just([{"object": "urn:x:1"}]),
}
NULLS: dict[str, Any] = {
    **dict.fromkeys(VALUE_MEMBER, NULL),
    "LanguageProperty": {"@none": NULL},
    "ListProperty": [NULL],
    "ListRelationship": [NULL],
}


@st.composite
def instance(draw: Any, dataset: str | None, *, nulls: bool, deep: int = 1) -> dict[str, Any]:
    kind = draw(st.sampled_from(sorted(VALUE_MEMBER)))
    null = nulls and draw(st.integers(0, 4)) == 0
    made: dict[str, Any] = {"type": kind, VALUE_MEMBER[kind]: NULLS[kind] if null else draw(VALUES[kind])}
    if draw(st.booleans()):
        made["observedAt"] = draw(st.sampled_from(TIMES))
    if draw(st.integers(0, 3)) == 0:
        made["unitCode"] = NULL if nulls and draw(st.booleans()) else draw(st.sampled_from(["CEL", "KMH"]))
    if dataset is not None:
        made["datasetId"] = dataset
    if deep and draw(st.integers(0, 2)) == 0:
        made[draw(st.sampled_from(NAMES))] = [draw(instance(None, nulls=nulls, deep=0))]
    return made


@st.composite
def attribute(draw: Any, *, nulls: bool) -> list[dict[str, Any]]:
    datasets = draw(st.lists(st.sampled_from(DATASETS), min_size=1, max_size=3, unique=True))
    return [draw(instance(one, nulls=nulls)) for one in sorted(datasets, key=lambda d: d or "")]


@st.composite
def fragment(draw: Any, *, nulls: bool) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if draw(st.booleans()):
        made["type"] = draw(st.lists(st.sampled_from(TYPES), min_size=1, unique=True))
    if draw(st.integers(0, 4)) == 0:
        made["scope"] = draw(st.lists(st.sampled_from(["/a", "/a/b", "/c"]), min_size=1, unique=True))
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=3)):
        made[name] = draw(attribute(nulls=nulls))
    return made


@st.composite
def document(draw: Any, id: str) -> dict[str, Any]:
    made = draw(fragment(nulls=False))
    return {"id": id, **made, "type": made.get("type", [TYPES[0]])}


@st.composite
def operation(draw: Any) -> Operation:
    id = draw(st.sampled_from(IDS))
    name = draw(st.sampled_from(OPERATIONS))
    if name in ("create", "upsert-replace", "replace", "upsert-update"):
        return Operation(name=name, id=id, doc=draw(document(id)))
    if name == "delete":
        return Operation(name=name, id=id)
    if name == "delete-attribute":
        more = {"dataset": draw(st.sampled_from(DATASETS)), "every_dataset": draw(st.booleans())}
        return Operation(name=name, id=id, attribute=draw(st.sampled_from((*NAMES, "scope"))), **more)
    if name in ("patch", "replace-attribute"):
        iri = draw(st.sampled_from(NAMES))
        one = draw(instance(draw(st.sampled_from(DATASETS)), nulls=name == "patch"))
        return Operation(name=name, id=id, attribute=iri, doc={iri: [one]})
    nulls = name in ("update", "merge")
    more = {"observed_at": TIMES[0], "lang": "vi"} if name == "merge" and draw(st.booleans()) else {}
    return Operation(name=name, id=id, doc=draw(fragment(nulls=nulls)), **more)
