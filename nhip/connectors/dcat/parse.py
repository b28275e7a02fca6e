"""RDF text into a graph without ever touching the network: no entities in XML, no remote contexts left in JSON-LD."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable
from typing import Any
from xml.sax import SAXException
from xml.sax.handler import ContentHandler

import defusedxml.sax
import msgspec
from defusedxml.common import DefusedXmlException
from rdflib import Graph

from nhip.connectors.errors import UnreadableAnswer

MAX_BYTES = 128 << 20
_MAX_CONTEXTS = 20
_HEAD = 65_536
_MOST_NAMES = 200
_DOCTYPE = re.compile(rb"<!DOCTYPE\s+[\w:.-]+\s*\[([^\[\]]*)\]\s*>")
_ENTITY = re.compile(rb"<!ENTITY\s+([\w.-]+)\s+[\"']([^\"'<>&%]{0,500})[\"']\s*>")
_REFERENCE = re.compile(rb"&([\w.-]+);")
_FORMATS = {
    "application/rdf+xml": "xml",
    "text/xml": "xml",
    "application/xml": "xml",
    "text/turtle": "turtle",
    "application/x-turtle": "turtle",
    "application/ld+json": "json-ld",
    "application/json": "json-ld",
    "text/n3": "n3",
    "application/n-triples": "nt",
}
_KNOWN = {
    "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld": {
        "dcat": "http://www.w3.org/ns/dcat#",
        "dct": "http://purl.org/dc/terms/",
        "foaf": "http://xmlns.com/foaf/0.1/",
        **{name: f"dct:{name}" for name in ("title", "description", "identifier", "modified", "issued", "publisher")},
        **{name: f"dcat:{name}" for name in ("dataset", "distribution", "keyword", "mediaType")},
        **{name: {"@id": f"dcat:{name}", "@type": "@id"} for name in ("downloadURL", "accessURL", "landingPage")},
        "license": {"@id": "dct:license", "@type": "@id"},
        "format": "dct:format",
        "name": "foaf:name",
    }
}
"""The context of `data.json` (DCAT-US, which DKAN writes): every portal refers to it, and it need not be reachable from here."""
logging.getLogger("rdflib.term").setLevel(logging.ERROR)  # a warning for each of Hue's made-up data types


def parse(body: bytes, media_type: str, url: str, host: str, fetch_json: Callable[[str], bytes]) -> Graph:
    """The graph of a catalogue. `fetch_json` gets remote JSON-LD contexts through the guarded network.

    Raises UnreadableAnswer.
    """
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:15].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        raise UnreadableAnswer(host=host, url=url.partition("?")[0], format="RDF", why="HTML")
    kind = _kind(body.lstrip(b"\xef\xbb\xbf \t\r\n")[:20], _FORMATS.get(media_type, ""))
    try:
        if kind == "xml":
            body = _without_entities(body)
            defusedxml.sax.parse(io.BytesIO(body), ContentHandler(), forbid_dtd=False)
        elif kind == "json-ld":
            body = msgspec.json.encode(_without_remote_contexts(msgspec.json.decode(body), fetch_json))
        graph = Graph()
        graph.parse(data=body, format=kind, publicID=url)
        return graph
    except (SAXException, DefusedXmlException, msgspec.DecodeError, RecursionError) as error:
        raise _unreadable(host, url, kind, error) from error
    except (
        Exception
    ) as error:  # rdflib's parsers raise whatever their grammar met: SyntaxError, KeyError, AssertionError
        raise _unreadable(host, url, kind, error) from error


def _without_entities(body: bytes) -> bytes:
    """The text with its own short names for addresses (`&xsd;`, as ontology programs write) in full. Other declarations stay, and
    are refused."""
    told = _DOCTYPE.search(body[:_HEAD])
    names = dict(_ENTITY.findall(told[1])) if told else {}
    if told is None or not names or _ENTITY.sub(b"", told[1]).strip() or len(names) > _MOST_NAMES:
        return body
    if sum(body.count(b"&" + name + b";") * len(text) for name, text in names.items()) > MAX_BYTES:
        raise ValueError("its entities grow too large")
    rest = body[: told.start()] + body[told.end() :]
    return _REFERENCE.sub(lambda match: names.get(match[1], match[0]), rest)


def _kind(head: bytes, stated: str) -> str:
    """The writing of a catalogue by its first letters, since servers state it wrongly, else as stated."""
    if head.lower().startswith((b"<?xml", b"<rdf:rdf", b"<!doctype", b"<html")):
        return "xml"
    if stated in ("", "xml", "json-ld"):
        return "json-ld" if head[:1] in (b"{", b"[") and stated != "turtle" else "turtle"
    return stated


def _unreadable(host: str, url: str, kind: str, error: Exception) -> UnreadableAnswer:
    why = " ".join(str(error).split())[:200] or type(error).__name__
    return UnreadableAnswer(host=host, url=url.partition("?")[0], format=f"RDF ({kind})", why=why)


def _without_remote_contexts(value: Any, fetch_json: Callable[[str], bytes]) -> Any:
    """`value` with the text of every remote context in its place: rdflib would fetch them past our guard."""
    seen: dict[str, Any] = {}

    def context(url: str, depth: int) -> Any:
        if url not in seen:
            if known := _KNOWN.get(url.replace("http://", "https://", 1)):
                return known
            if depth > 3 or len(seen) >= _MAX_CONTEXTS:
                raise ValueError("too many nested contexts")
            loaded = msgspec.json.decode(fetch_json(url))
            seen[url] = inlined(loaded.get("@context", {}) if isinstance(loaded, dict) else {}, depth + 1)
        return seen[url]

    def inlined(found: Any, depth: int) -> Any:
        if isinstance(found, str):
            return context(found, depth)
        if isinstance(found, list):
            return [inlined(one, depth) for one in found]
        if isinstance(found, dict) and "@import" in found:
            raise ValueError("@import is not supported")
        return clean(found, depth)

    def clean(node: Any, depth: int = 0) -> Any:
        if isinstance(node, dict):
            return {k: inlined(v, depth) if k == "@context" else clean(v, depth) for k, v in node.items()}
        return [clean(one, depth) for one in node] if isinstance(node, list) else node

    return clean(value)
