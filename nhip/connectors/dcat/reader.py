"""Harvests DCAT 1 to 3 as RDF/XML, Turtle or JSON-LD, and the variety that Hue's portal writes.

Hue's files have distributions without datasets, no `dcat:accessURL`, and a path with backslashes in `hueod:downloadURL`; such a
distribution counts as a dataset of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF, RDF, RDFS, SDO
from rdflib.term import Node

from nhip.connectors.dcat.parse import MAX_BYTES, parse
from nhip.connectors.download import download
from nhip.connectors.errors import PageRepeats, TooManyPages
from nhip.connectors.harvest import PortalSource, describe, harvest, unique
from nhip.connectors.model import Fetched, Payload, RemoteDataset, RemoteResource, State, TestResult
from nhip.connectors.portals import absolute, extension_of, host_of
from nhip.connectors.sink import Sink
from nhip.connectors.web import session
from nhip.security.outgoing import Outgoing
from nhip.security.secrets import Secret
from nhip.settings import Settings

HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
_ACCEPT = "text/turtle, application/ld+json;q=0.9, application/rdf+xml;q=0.8, */*;q=0.1"
_NEXT = (HYDRA.next, HYDRA.nextPage)


class DcatSource(PortalSource, frozen=True, kw_only=True):
    """Settings of a `dcat` source."""


def fetch(source: DcatSource, secret: Secret, state: State, sink: Sink) -> Fetched:
    """What is new or changed. Raises OutgoingError, SourceError when the catalogue cannot be had, StorageFull."""
    with session(source, secret, sink.settings) as out:
        return harvest(DcatPortal(source, out), source, state, sink)


def probe(source: DcatSource, secret: Secret, settings: Settings) -> TestResult:
    """List the datasets."""
    with session(source, secret, settings) as out:
        return describe(DcatPortal(source, out), source)


def discover(source: DcatSource, secret: Secret, settings: Settings) -> list[RemoteDataset]:
    """All datasets of the catalogue."""
    with session(source, secret, settings) as out:
        return DcatPortal(source, out).datasets()


class DcatPortal:
    """A catalogue, in one piece or in pages (Hydra, as ckanext-dcat serves them)."""

    def __init__(self, source: PortalSource, out: Outgoing) -> None:
        self.source, self.out = source, out
        self.host = host_of(source.url)

    def datasets(self) -> list[RemoteDataset]:
        """All datasets of all pages."""
        found: list[RemoteDataset] = []
        url, seen = self.source.url, set[str]()
        while url:
            if url in seen:
                raise PageRepeats(host=self.host, page=len(seen) + 1)
            if len(seen) >= self.source.max_pages:
                raise TooManyPages(host=self.host, limit=self.source.max_pages)
            seen.add(url)
            graph, here = self._page(url)
            found.extend(read_graph(graph, here))
            url = absolute(next((str(o) for p in _NEXT for o in graph.objects(None, p)), ""), here)
        return unique(found)

    def _page(self, url: str) -> tuple[Graph, str]:
        answer = self.out.get(url, headers={"Accept": _ACCEPT}, max_bytes=MAX_BYTES)
        here = str(answer.url.copy_with(query=None, fragment=None))
        return parse(answer.content, answer.media_type, here, answer.host, self._context), here

    def _context(self, url: str) -> bytes:
        return self.out.get(url, headers={"Accept": "application/ld+json"}, max_bytes=1 << 20).content

    def read(
        self, dataset: RemoteDataset, resource: RemoteResource, known: dict[str, Any], sink: Sink
    ) -> tuple[Payload | None, dict[str, Any]]:
        """The file of a distribution."""
        return download(self.out, resource.url, known, sink, dataset=dataset.id, resource=resource.id)


def read_graph(graph: Graph, base: str) -> list[RemoteDataset]:
    """The datasets of a graph in the order of their ids, and distributions that belong to none."""
    owned = set(graph.objects(None, DCAT.distribution))
    nodes = {*graph.subjects(RDF.type, DCAT.Dataset), *graph.objects(None, DCAT.dataset)}
    found = [_dataset(graph, node, base) for node in nodes]
    for node in graph.subjects(RDF.type, DCAT.Distribution):
        if node not in owned:
            found.append(_lone(graph, node, base))
    return sorted(found, key=lambda dataset: dataset.id)


def _dataset(graph: Graph, node: Node, base: str) -> RemoteDataset:
    resources = [_resource(graph, one, base) for one in graph.objects(node, DCAT.distribution)]
    return RemoteDataset(
        id=_identity(graph, node),
        title=_text(graph, node, DCTERMS.title, RDFS.label) or _identity(graph, node),
        description=_text(graph, node, DCTERMS.description),
        organisation=_organisation(graph, node),
        licence=_licence(graph, [node, *graph.objects(node, DCAT.distribution)]),
        modified=_text(graph, node, DCTERMS.modified, DCTERMS.issued),
        url=_text(graph, node, DCAT.landingPage) or (str(node) if isinstance(node, URIRef) else base),
        tags=tuple(sorted({str(word) for word in graph.objects(node, DCAT.keyword)})),
        resources=tuple(sorted(resources, key=lambda one: (one.title, one.id))),
    )


def _lone(graph: Graph, node: Node, base: str) -> RemoteDataset:
    resource = _resource(graph, node, base)
    return RemoteDataset(
        id=resource.id,
        title=resource.title or resource.id,
        description=_text(graph, node, DCTERMS.description),
        licence=_licence(graph, [node]),
        modified=resource.modified,
        url=str(node) if isinstance(node, URIRef) else base,
        resources=(resource,),
    )


def _resource(graph: Graph, node: Node, base: str) -> RemoteResource:
    stated = _text(graph, node, DCAT.downloadURL) or _private(graph, node, "downloadURL")
    url = absolute(stated or _text(graph, node, DCAT.accessURL), base)
    size = _text(graph, node, DCAT.byteSize).partition(".")[0]
    kind = _last_part(_text(graph, node, DCTERMS.format))
    return RemoteResource(
        id=_identity(graph, node) or url,
        title=_text(graph, node, DCTERMS.title, RDFS.label),
        url=url,
        format=extension_of(url, kind if "/" not in kind else ""),
        media_type=_text(graph, node, DCAT.mediaType).partition("media-types/")[2]
        or _text(graph, node, DCAT.mediaType),
        modified=_text(graph, node, DCTERMS.modified, DCTERMS.issued),
        size=int(size) if size.isdecimal() else None,
    )


def _identity(graph: Graph, node: Node) -> str:
    """`dct:identifier`, else the node's own address; a blank node is known by the address of its file."""
    stated = _text(graph, node, DCTERMS.identifier)
    if stated or isinstance(node, URIRef):
        return stated or str(node)
    return _text(graph, node, DCAT.downloadURL, DCAT.accessURL, DCTERMS.title)


def _organisation(graph: Graph, node: Node) -> str:
    for agent in (*graph.objects(node, DCTERMS.publisher), *graph.objects(node, DCTERMS.creator)):
        name = str(agent) if isinstance(agent, Literal) else _text(graph, agent, FOAF.name, SDO.name, RDFS.label)
        if name or isinstance(agent, URIRef):
            return name or _last_part(str(agent))
    return ""


def _licence(graph: Graph, nodes: Iterable[Node]) -> str:
    return next((text for node in nodes if (text := _text(graph, node, DCTERMS.license, DCTERMS.rights))), "")


def _private(graph: Graph, node: Node, name: str) -> str:
    """The value of a property with this last name in any vocabulary; Hue's has changed its address with the province."""
    return next(
        (str(o) for _, p, o in graph.triples((node, None, None)) if str(p).endswith((f"/{name}", f"#{name}"))), ""
    )


def _text(graph: Graph, node: Node, *properties: URIRef) -> str:
    """The first of `properties` that is there: Vietnamese before no language before any other."""
    for one in properties:
        values = sorted(graph.objects(node, one), key=_language_order)
        if values:
            return str(values[0]).strip()
    return ""


def _language_order(value: Node) -> tuple[int, str]:
    language = value.language if isinstance(value, Literal) else None
    return ({"vi": 0, None: 1, "en": 2}.get(language, 3), str(value))


def _last_part(text: str) -> str:
    return text.rstrip("/").rpartition("/")[2].rpartition("#")[2] if "://" in text else text
