"""The catalogue in DCAT-AP: itself, its services, a page of its datasets, and where the other pages are (Hydra)."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

import msgspec

from nhip.portal.dcat.graph import catalogue_of, concept, home_of, languages, moment
from nhip.portal.dcat.model import Site
from nhip.portal.dcat.nodes import Iri, Node, Nodes, Typed, text
from nhip.portal.dcat.places import name_of
from nhip.portal.dcat.vocabulary import authority
from nhip.portal.model import Entry

SIZE = 100
"""Datasets on a page, as other catalogues have it."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Which page of what: its number from 1, how many datasets there are, since when they changed (as it was asked)."""

    ending: str
    number: int
    total: int
    since: str = ""

    @property
    def last(self) -> int:
        """The number of the last page; there is always one."""
        return max(1, -(-self.total // SIZE))

    def address(self, site: Site, number: int) -> str:
        """The address of a page."""
        asked = {"page": str(number), **({"modified_since": self.since} if self.since else {})}
        return f"{catalogue_of(site)}.{self.ending}?{urlencode(asked)}"


def catalogue_nodes(site: Site, page: Page, entries: list[Entry], modified: datetime | None) -> Nodes:
    """The catalogue with the datasets of a page named, which are described by `dataset_nodes`."""
    nodes = Nodes()
    made = nodes.node(catalogue_of(site), "dcat:Catalog", "dcat:Resource")
    made.say("dct:title", text(f"Dữ liệu mở {site.city}", "vi"), text(f"Open data of {site.city}", "en"))
    made.say(
        "dct:description",
        text(f"Mọi bộ dữ liệu mở của {site.city}: mô tả, chất lượng, tệp tải về và dịch vụ dữ liệu.", "vi"),
        text(f"All open datasets of {site.city}: descriptions, quality, files and data services.", "en"),
    )
    publisher = nodes.node(f"{catalogue_of(site)}#publisher", "foaf:Agent").say("foaf:name", text(site.city, "vi"))
    made.say("dct:publisher", publisher.iri).say("dct:language", *languages(nodes, "vi", "en"))
    made.say("foaf:homepage", nodes.node(f"{site.root}/open-data", "foaf:Document").iri)
    made.say("dct:modified", moment(modified) if modified else None)
    themes = nodes.node(authority("data-theme"), "skos:ConceptScheme").say("dct:title", text("Data theme", "en"))
    made.say("dcat:themeTaxonomy", themes.iri)
    if site.province:
        place = nodes.node(f"{catalogue_of(site)}#place-{site.province}", "dct:Location")
        place.say("skos:prefLabel", text(name_of(site.province), "vi")).say("dct:identifier", text(site.province))
        made.say("dct:spatial", place.iri)
    _ckan(nodes, made, site)
    for entry in entries:
        home = home_of(site, entry)
        made.say("dcat:dataset", Iri(home)).say("dcat:record", Iri(f"{home}#record"))
        made.say("dcat:service", Iri(f"{home}#rows"))
    _hydra(nodes, site, page)
    return nodes


def _ckan(nodes: Nodes, made: Node, site: Site) -> None:
    found = nodes.node(f"{made.id}#ckan", "dcat:DataService", "dcat:Resource")
    found.say("dct:title", text("CKAN Action API 3", "en"), text("Giao diện CKAN Action API 3", "vi"))
    found.say("dcat:endpointURL", Iri(f"{site.root}/api/3/action/"))
    found.say("dct:format", concept(nodes, "file-type", "JSON", "dct:MediaTypeOrExtent"))
    found.say("dct:conformsTo", nodes.node("https://docs.ckan.org/en/2.12/api/", "dct:Standard").iri)
    made.say("dcat:service", found.iri)


def _hydra(nodes: Nodes, site: Site, page: Page) -> None:
    """Both generations of the words, as harvesters know the one or the other."""
    found = nodes.node(page.address(site, page.number), "hydra:PagedCollection", "hydra:PartialCollectionView")
    found.say("hydra:totalItems", Typed(str(page.total), "xsd:integer"))
    found.say("hydra:itemsPerPage", Typed(str(SIZE), "xsd:integer"))
    steps = {"first": 1, "last": page.last, "next": page.number + 1, "previous": page.number - 1}
    for step, number in steps.items():
        if 1 <= number <= page.last:
            there = Iri(page.address(site, number))
            found.say(f"hydra:{step}", there).say(f"hydra:{step}Page", there)


class Once:
    """What was written before is not written again: concepts and agencies stand in many datasets."""

    def __init__(self) -> None:
        self._written: dict[str, Node] = {}

    def fresh(self, nodes: Nodes) -> list[Node]:
        """The nodes that say something that was not written."""
        found = [node for node in nodes if (node.types or node.said) and self._written.get(node.id) != node]
        self._written.update((node.id, node) for node in found)
        return found
