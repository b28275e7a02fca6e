"""Nodes as Turtle, RDF/XML and JSON-LD. Each form begins, takes any number of parts, and ends, so that a catalogue streams.

Turtle after W3C RDF 1.1 Turtle, RDF/XML by the standard library's XML writer, JSON-LD 1.1 as flat nodes under `@graph`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

import msgspec

from nhip.portal.dcat.nodes import PREFIXES, Iri, Node, Text, Value

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"})


class Writer(msgspec.Struct, frozen=True):
    """A form of RDF: media type, what stands before, between and after the parts, and how a part is written."""

    media_type: str
    start: str
    between: str
    end: str
    part: Callable[[Iterable[Node]], str]

    def whole(self, nodes: Iterable[Node]) -> bytes:
        """A graph in one piece."""
        return f"{self.start}{self.part(nodes)}{self.end}".encode()


def _turtle(nodes: Iterable[Node]) -> str:
    return "\n".join(f"<{node.id}> {_predicates(node)} .\n" for node in nodes if node.types or node.said)


def _predicates(node: Node) -> str:
    lines = [f"a {', '.join(node.types)}"] if node.types else []
    lines += [f"{name} {', '.join(_term(value) for value in values)}" for name, values in node.said.items()]
    return " ;\n    ".join(lines)


def _term(value: Value) -> str:
    if isinstance(value, Iri):
        return f"<{value.value}>"
    quoted = f'"{value.value.translate(_ESCAPES)}"'
    if isinstance(value, Text):
        return f"{quoted}@{value.lang}" if value.lang else quoted
    return f"{quoted}^^{value.type}"


def _full(short: str) -> str:
    prefix, _colon, name = short.partition(":")
    return PREFIXES[prefix] + name


def _xml(nodes: Iterable[Node]) -> str:
    out = io.StringIO()
    writer = XMLGenerator(out, "utf-8", short_empty_elements=True)
    for node in nodes:
        writer.startElement("rdf:Description", AttributesImpl({"rdf:about": node.id}))
        for kind in node.types:
            _element(writer, "rdf:type", Iri(_full(kind)))
        for name, values in node.said.items():
            for value in values:
                _element(writer, name, value)
        writer.endElement("rdf:Description")
        writer.ignorableWhitespace("\n")
    return out.getvalue()


def _element(writer: XMLGenerator, name: str, value: Value) -> None:
    if isinstance(value, Iri):
        attributes = {"rdf:resource": value.value}
    elif isinstance(value, Text):
        attributes = {"xml:lang": value.lang} if value.lang else {}
    else:
        attributes = {"rdf:datatype": _full(value.type)}
    writer.startElement(name, AttributesImpl(attributes))
    if not isinstance(value, Iri):
        writer.characters(value.value)
    writer.endElement(name)


def _jsonld(nodes: Iterable[Node]) -> str:
    return ",\n".join(msgspec.json.encode(_object(node)).decode() for node in nodes if node.types or node.said)


def _object(node: Node) -> dict[str, Any]:
    found: dict[str, Any] = {"@id": node.id}
    if node.types:
        found["@type"] = node.types
    for name, values in node.said.items():
        told = [_jsonld_value(value) for value in values]
        found[name] = told[0] if len(told) == 1 else told
    return found


def _jsonld_value(value: Value) -> Any:
    if isinstance(value, Iri):
        return {"@id": value.value}
    if isinstance(value, Text):
        return {"@value": value.value, "@language": value.lang} if value.lang else value.value
    return {"@value": value.value, "@type": value.type}


_SPACES = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in PREFIXES.items())
_CONTEXT = msgspec.json.encode(PREFIXES).decode()
WRITERS = {
    "ttl": Writer(
        "text/turtle",
        "".join(f"@prefix {prefix}: <{space}> .\n" for prefix, space in PREFIXES.items()) + "\n",
        "\n",
        "",
        _turtle,
    ),
    "rdf": Writer(
        "application/rdf+xml",
        f'<?xml version="1.0" encoding="utf-8"?>\n<rdf:RDF {_SPACES}>\n',
        "",
        "</rdf:RDF>\n",
        _xml,
    ),
    "jsonld": Writer("application/ld+json", f'{{"@context":{_CONTEXT},"@graph":[\n', ",\n", "\n]}\n", _jsonld),
}
"""By the ending of their addresses."""
