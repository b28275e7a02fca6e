"""SEMIC's SHACL shapes of DCAT-AP 3.0.1, compiled to one rule for each property of a class, and checked without a SHACL engine.

`shapes.tsv` is drawn from their file by `scripts/dcat_shapes.py`; tests hold this check against pyshacl on the file itself.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec

from nhip.portal.dcat.nodes import Iri, Node, Nodes, Text, Typed, Value

PROFILE = "https://semiceu.github.io/DCAT-AP/releases/3.0.1"
_LEXICAL = {
    "xsd:nonNegativeInteger": re.compile(r"\+?\d+|-0+", re.ASCII),
    "xsd:decimal": re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII),
    "xsd:duration": re.compile(r"-?P(?=.)(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?", re.ASCII),
    "xsd:hexBinary": re.compile(r"([0-9a-fA-F]{2})*", re.ASCII),
}


class Rule(msgspec.Struct, frozen=True):
    """What DCAT-AP asks of a property: how many values, literals or things, of which class or data type. Empty: anything."""

    predicate: str
    least: int
    most: int | None
    kind: str
    cls: str
    type: str


class Violation(msgspec.Struct, frozen=True):
    """A thing that breaks a rule: its address, the property, and the name of the SHACL constraint."""

    node: str
    predicate: str
    constraint: str


@cache
def rules() -> dict[str, list[Rule]]:
    """Class -> its rules."""
    found: dict[str, list[Rule]] = defaultdict(list)
    for line in Path(__file__).with_name("shapes.tsv").read_text(encoding="utf-8").splitlines():
        cls, predicate, least, most, kind, of, type_ = line.split("\t")
        found[cls].append(Rule(predicate, int(least or 0), int(most) if most else None, kind, of, type_))
    return dict(found)


def violations(nodes: Nodes) -> list[Violation]:
    """Every broken rule; a constraint that several values of a property break is told once for each value."""
    known = rules()
    return [
        Violation(node.id, rule.predicate, constraint)
        for node in nodes
        for cls in node.types
        for rule in known.get(cls, ())
        for constraint in _broken(nodes, node, rule)
    ]


def _broken(nodes: Nodes, node: Node, rule: Rule) -> Iterator[str]:
    values = node.said.get(rule.predicate, [])
    if len(values) < rule.least:
        yield "minCount"
    if rule.most is not None and len(values) > rule.most:
        yield "maxCount"
    for value in values:
        if rule.kind and isinstance(value, Iri) == (rule.kind == "Literal"):
            yield "nodeKind"
        if rule.cls and not _is_a(nodes, value, rule.cls):
            yield "class"
        if rule.type and not _typed(value, rule.type):
            yield "datatype"


def _is_a(nodes: Nodes, value: Value, cls: str) -> bool:
    found = nodes.find(value.value) if isinstance(value, Iri) else None
    return found is not None and cls in found.types


def _typed(value: Value, wanted: str) -> bool:
    if isinstance(value, Text):
        return wanted == "xsd:string" and not value.lang
    if not isinstance(value, Typed) or value.type != wanted:
        return False
    form = _LEXICAL.get(wanted)
    return form is None or form.fullmatch(value.value) is not None
