"""RDF as nodes with what is said of them: no blank nodes, so that pieces of a catalogue can follow each other.

Predicates, classes and data types are short (`dct:title`), subjects and objects are whole addresses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

import msgspec

PREFIXES = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dct": "http://purl.org/dc/terms/",
    "eli": "http://data.europa.eu/eli/ontology#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "geo": "http://www.opengis.net/ont/geosparql#",
    "hydra": "http://www.w3.org/ns/hydra/core#",
    "locn": "http://www.w3.org/ns/locn#",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "time": "http://www.w3.org/2006/time#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_UNFIT = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot carry; left out of every form, so that all forms say the same."""
_SAFE = "!#$%&'()*+,-./:;=?@[]_~"


class Iri(msgspec.Struct, frozen=True):
    """The address of something."""

    value: str


class Text(msgspec.Struct, frozen=True):
    """Words, in a language where it is told."""

    value: str
    lang: str = ""


class Typed(msgspec.Struct, frozen=True):
    """A value of a data type such as `xsd:date`."""

    value: str
    type: str


Value = Iri | Text | Typed


def iri(text: str) -> Iri:
    """An address with every character that none may have written as RFC 3986 wants it."""
    return Iri(quote(text, safe=_SAFE))


def text(value: str, lang: str = "") -> Text | None:
    """Words without characters that cannot be written everywhere; None for none."""
    clean = _UNFIT.sub("", value.replace("\r\n", "\n").replace("\r", "\n")).strip()
    return Text(clean, lang) if clean else None


class Node(msgspec.Struct):
    """A thing: its address, its classes, what is said of it."""

    id: str
    types: list[str] = []
    said: dict[str, list[Value]] = {}

    def say(self, predicate: str, *values: Value | None) -> Node:
        """Say something; None is left out, and nothing is said twice."""
        found = self.said.setdefault(predicate, [])
        found.extend(value for value in dict.fromkeys(values) if value is not None and value not in found)
        if not found:
            del self.said[predicate]
        return self

    @property
    def iri(self) -> Iri:
        """The address of this thing, to be said of others."""
        return Iri(self.id)


class Nodes:
    """Things by their addresses, in the order in which they were first named."""

    def __init__(self) -> None:
        self._by_id: dict[str, Node] = {}

    def __iter__(self) -> Iterator[Node]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def node(self, address: str, *types: str) -> Node:
        """The thing at an address, made where it is new; classes are added."""
        found = self._by_id.setdefault(name := iri(address).value, Node(name))
        found.types.extend(kind for kind in types if kind not in found.types)
        return found

    def find(self, address: str) -> Node | None:
        """The thing at an address that was named before."""
        return self._by_id.get(address)
