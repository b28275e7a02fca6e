"""The query language: what it reads, what it refuses, what it decides."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nhip.graph.contexts.model import CORE
from nhip.graph.errors import BadRequestData, TooComplexQuery
from nhip.graph.model import VALUE_MEMBER
from nhip.graph.query.matching import decide_q, leads_to, linked_depth, linked_steps, nothing_linked
from nhip.graph.query.model import And, Node, Or, Term
from nhip.graph.query.q import parse_csf, parse_q

VOCAB = "https://uri.etsi.org/ngsi-ld/default-context/"


def iri(name: str) -> str:
    return VOCAB + name


def prop(value: Any, **more: Any) -> dict[str, Any]:
    return {"type": "Property", "value": value, **more}


def doc(**attributes: Any) -> dict[str, Any]:
    """A canonical document; bare values are Properties."""
    entity: dict[str, Any] = {"id": "urn:x:1", "type": [iri("Thing")]}
    for name, value in attributes.items():
        instances = value if isinstance(value, list) and value and isinstance(value[0], dict) else [value]
        entity[iri(name)] = [one if isinstance(one, dict) and "type" in one else prop(one) for one in instances]
    return entity


def matches(q: str, entity: dict[str, Any], expand: frozenset[str] = frozenset(), **linked: dict[str, Any]) -> bool:
    others = {other["id"]: other for other in linked.values()}
    return decide_q(parse_q(q, CORE, expand))(entity, others.get)


def lot() -> dict[str, Any]:
    return doc(
        speed=50,
        name="Eiffel Tower",
        full=False,
        tags=[prop(["a", "b"])],
        address=prop({"city": "Berlin", "geo": {"lat": 1}, "lines": [{"no": 1}, {"no": 2}]}),
        colour={"type": "LanguageProperty", "languageMap": {"fr": "rouge", "en": "red", "vi": ["đỏ", "đỏ tươi"]}},
        category={"type": "VocabProperty", "vocab": iri("commercial")},
        owner={"type": "Relationship", "object": "urn:x:owner"},
        many={"type": "Relationship", "object": ["urn:x:a", "urn:x:b"]},
        stops={"type": "ListRelationship", "objectList": [{"object": "urn:x:s1"}, {"object": "urn:x:s2"}]},
        level=prop(3, observedAt="2026-03-01T12:00:00Z", **{iri("accuracy"): [prop(0.5)]}),
        opened="2026-03-01T06:00:00Z",
        wrapped=prop({"@type": "DateTime", "@value": "2026-03-01T06:00:00Z"}),
        day="2026-03-01",
        quote='say "no"; never|ever',
    )


@pytest.mark.parametrize(
    "q",
    [
        "speed",
        "!missing",
        "speed==50",
        "speed==50.0",
        "speed==5e1",
        "speed!=51",
        'speed!="50"',
        "speed>=50;speed<=50",
        "speed==40..60",
        "speed!=51..60",
        "speed==1,50,7",
        "speed!=1,2",
        'name=="Eiffel Tower"',
        'name=="x","Eiffel Tower"',
        'name~="^Eiffel"',
        "name~=^Eiffel.*$",
        "name~=(Eif|Pis)[a-f]+",
        'name!~="^Pisa"',
        'name>"Ei"',
        "full==false",
        'tags=="a"',
        'tags=="z","b"',
        'tags!="c"',
        'address[city]=="Berlin"',
        "address[geo.lat]==1",
        "address[lines.no]==2",
        'colour[en]=="red"',
        'colour[EN]=="red"',
        'colour[*]=="rouge"',
        'colour=="rouge"',
        'colour[vi]=="đỏ tươi"',
        'colour[*]!="blue"',
        'colour[*]~="^rou"',
        f'category=="{VOCAB}commercial"',
        "owner==urn:x:owner",
        'owner=="urn:x:owner"',
        "owner!=urn:x:other",
        "many==urn:x:b",
        "stops==urn:x:s2",
        "level.accuracy==0.5",
        "level.observedAt>2026-03-01T11:00:00Z",
        "level.observedAt==2026-03-01T11:00:00Z..2026-03-01T13:00:00+00:00",
        "opened>2026-03-01T05:59:59.5Z",
        "opened==2026-03-01T13:00:00+07:00",
        'wrapped>"2026-02-15T00:00:00Z"',
        "day<2026-03-02",
        'quote=="say \\"no\\"; never|ever"',
        "speed==1|speed==50;full==false",
        "(speed==1|speed==50);full==false",
        f"{VOCAB}speed==50",
        f"{VOCAB}level.accuracy<1",
        "name==%22Eiffel%20Tower%22",
    ],
)
def test_holds(q: str) -> None:
    assert matches(q, lot())


@pytest.mark.parametrize(
    "q",
    [
        "missing",
        "!speed",
        "speed==51",
        'speed=="50"',
        "speed==true",
        "full==0",
        "missing!=1",
        "speed!=40..60",
        "speed!=1,50",
        'tags!="a"',
        "tags>1",
        'name>"F"',
        'speed~="5"',
        'speed!~="9"',
        'address[postcode]=="Berlin"',
        "address[postcode]",
        'colour[en]=="rouge"',
        'colour[de]!="red"',
        'colour[*]!="red"',
        'colour[*]!~="^rou"',
        "category==commercial",
        'owner>"urn:a"',
        'owner~="urn"',
        "owner!=urn:x:owner",
        "level.accuracy>1",
        "level.missing",
        "level.observedAt<2026-03-01T11:00:00Z",
        'day>"2026-01-01T00:00:00Z"',
        "(speed==1|speed==50);full==true",
        'owner{name}=="Anna"',
    ],
)
def test_does_not_hold(q: str) -> None:
    assert not matches(q, lot())


def test_one_instance_of_several_is_enough() -> None:
    entity = doc(speed=[prop(5), prop(60, datasetId="urn:d:1")])
    assert matches("speed>50", entity) and matches("speed!=5", entity) and not matches("speed==7", entity)


def test_words_become_iris_where_expand_values_says_so() -> None:
    assert matches("category==commercial", lot(), frozenset({iri("category")}))
    assert not matches("category==commercial", lot(), frozenset({iri("name")}))


def test_conditions_on_linked_entities() -> None:
    other = doc(name="Anna", boss={"type": "Relationship", "object": "urn:x:boss"}) | {"id": "urn:x:owner"}
    boss = doc(name="Bình", rank=prop({"step": 3})) | {"id": "urn:x:boss"}
    assert matches('owner{name}=="Anna"', lot(), a=other)
    assert matches('owner{Thing:name}=="Anna"', lot(), a=other)
    assert matches('owner{Other,Thing:name}=="Anna"', lot(), a=other)
    assert not matches('owner{Vehicle:name}=="Anna"', lot(), a=other)
    assert matches('owner{boss{name}}=="Bình"', lot(), a=other, b=boss)
    assert matches("owner{boss{rank[step]}}>2", lot(), a=other, b=boss)
    assert matches(f'{VOCAB}owner{{{VOCAB}name}}=="Anna"', lot(), a=other)
    node = parse_q('owner{boss{name}}=="Bình";speed>1', CORE)
    assert linked_depth(node) == 2
    assert leads_to(lot(), linked_steps(node)[0]) == {"urn:x:owner"}


def test_bare_members_are_compared_as_values() -> None:
    entity = {**lot(), "createdAt": "2026-01-01T00:00:00Z", "scope": ["/a", "/b"]}
    assert matches('createdAt>"2025-01-01T00:00:00Z"', entity)
    assert matches('scope=="/b"', entity) and matches("id==urn:x:1", entity)
    source = {"endpoint": "http://a.example", iri("sourceType"): "sensor"}
    assert decide_q(parse_csf('endpoint=="http://a.example";sourceType=="sensor"', CORE))(source, nothing_linked)


@pytest.mark.parametrize(
    "q",
    [
        "",
        "speed>",
        "speed=50",
        "))bad((",
        "((",
        "(speed>1",
        "speed>1)",
        "speed>1;",
        "|speed>1",
        "speed>4..5",
        "speed>1,2",
        "speed>true",
        'speed==1.."b"',
        "speed==1e400",
        "speed==" + "9" * 400,
        'name=="open',
        'name~="("',
        "name~=a**",
        'name~="(?=x)"',
        "a..b==1",
        "a[",
        "a[]==1",
        "a[b==1",
        "a{b==1",
        "a{}==1",
        "a b==1",
        "a==b c",
        "a==,",
        "1a==1",
        "a'==1",
    ],
)
def test_refuses_what_is_no_query(q: str) -> None:
    with pytest.raises(BadRequestData):
        parse_q(q, CORE)


@pytest.mark.parametrize(
    "q",
    [
        ";".join(["a==1"] * 10_000),
        "(" * 5_000 + "a" + ")" * 5_000,
        "a{" * 100 + "b" + "}" * 100,
        "a==" + ",".join(["1"] * 5_000),
    ],
)
def test_refuses_quickly_what_is_too_much(q: str) -> None:
    start = time.process_time()
    with pytest.raises(TooComplexQuery):
        parse_q(q, CORE)
    assert time.process_time() - start < 2


def test_a_pattern_cannot_explode() -> None:
    entity = doc(name="a" * 20_000 + "!")
    start = time.process_time()
    assert not matches('name~="^(a+)+$"', entity)
    assert time.process_time() - start < 5


def test_and_binds_more_strongly_than_or() -> None:
    node = parse_q("a|b;c", CORE)
    assert isinstance(node, Or) and isinstance(node.parts[1], And) and isinstance(node.parts[0], Term)


def holds(node: Node, doc: dict[str, Any]) -> bool:
    """A second, slow and plain evaluator to hold the closures against (no linked entities)."""
    if isinstance(node, And):
        return all(holds(part, doc) for part in node.parts)
    if isinstance(node, Or):
        return any(holds(part, doc) for part in node.parts)
    assert isinstance(node, Term)
    found = targets(doc, node)
    if node.operator == "exists":
        return bool(found)
    if node.operator == "absent":
        return not found
    return any(one(node, value) for value in found)


def targets(doc: dict[str, Any], term: Term) -> list[Any]:
    """The values that the path leads to, one for each instance."""
    level: list[Any] = doc.get(term.path.names[0], [])
    for name in term.path.names[1:]:
        level = [sub for instance in level for sub in instance.get(name, [])]
    values = [instance[VALUE_MEMBER[instance["type"]]] for instance in level]
    for key in term.path.keys:
        values = [value[key] for value in values if isinstance(value, dict) and key in value]
    return [value for value in values if value is not None]


def one(term: Term, target: Any) -> bool:
    """One value against the operator, as 4.9 says it in words."""
    elements = target if isinstance(target, list) else [target]
    literals = [value.value for value in term.values]
    if term.operator in {"==", "!="}:
        if term.range:
            equal = any(alike(e, literals[0]) and literals[0] <= e <= literals[1] for e in elements)
        else:
            equal = any(alike(e, literal) and e == literal for e in elements for literal in literals)
        return equal == (term.operator == "==")
    if isinstance(target, list) or not alike(target, literals[0]):
        return False
    return {
        ">": lambda: target > literals[0],
        ">=": lambda: target >= literals[0],
        "<": lambda: target < literals[0],
        "<=": lambda: target <= literals[0],
    }[term.operator]()


def alike(target: Any, literal: Any) -> bool:
    """Whether two values are of one data type."""
    if isinstance(target, bool) or isinstance(literal, bool):
        return isinstance(target, bool) and isinstance(literal, bool)
    if isinstance(target, int | float):
        return isinstance(literal, int | float)
    return isinstance(target, str) and isinstance(literal, str)


NAMES = st.sampled_from(["a", "b", "c"])
NUMBERS = st.integers(-3, 3) | st.sampled_from([0.5, -1.25])
TEXTS = st.text(alphabet='ab"\\;|(đ', max_size=3)
VALUES = NUMBERS | TEXTS | st.booleans()
TARGETS = (
    VALUES | st.lists(VALUES, min_size=1, max_size=3) | st.dictionaries(st.sampled_from(["k", "l"]), VALUES, min_size=1)
)


def literal(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


@st.composite
def terms(draw: st.DrawFn) -> str:
    path = draw(NAMES) + draw(st.sampled_from(["", "", ".b", "[k]", ".c[l]"]))
    kind = draw(st.sampled_from(["exists", "absent", "order", "equal", "range", "list"]))
    if kind in {"exists", "absent"}:
        return path if kind == "exists" else f"!{path}"
    if kind == "order":
        return path + draw(st.sampled_from(["<", "<=", ">", ">="])) + literal(draw(NUMBERS | TEXTS))
    operator = draw(st.sampled_from(["==", "!="]))
    if kind == "range":
        return f"{path}{operator}{literal(draw(NUMBERS))}..{literal(draw(NUMBERS))}"
    many = draw(st.lists(VALUES, min_size=1, max_size=1 if kind == "equal" else 3))
    return path + operator + ",".join(map(literal, many))


QUERIES = st.recursive(
    terms(),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(";".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
    ),
    max_leaves=6,
)
INSTANCES = st.builds(
    lambda value, subs: prop(value, **{iri(name): [prop(sub)] for name, sub in subs.items()}),
    TARGETS,
    st.dictionaries(NAMES, TARGETS, max_size=2),
)
DOCS = st.dictionaries(NAMES, st.lists(INSTANCES, min_size=1, max_size=2), max_size=3).map(lambda found: doc(**found))


@settings(max_examples=300, deadline=None)
@given(QUERIES, DOCS)
def test_the_closure_agrees_with_a_naive_reading(q: str, entity: dict[str, Any]) -> None:
    node = parse_q(q, CORE)
    assert decide_q(node)(entity, nothing_linked) == holds(node, entity)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='ab.;|()[]{}=!<>~"\\, 1:*-đ', max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        node = parse_q(text, CORE)
    except (BadRequestData, TooComplexQuery):
        return
    assert decide_q(node)(lot(), nothing_linked) in {True, False}
