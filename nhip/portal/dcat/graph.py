"""An open dataset in the words of DCAT-AP 3.0.1 (SEMIC): dataset, distributions, service of its rows, record in the catalogue."""

from __future__ import annotations

from datetime import UTC, date, datetime
from urllib.parse import quote

from nhip.portal.dcat.model import Facts, Site
from nhip.portal.dcat.nodes import Iri, Node, Nodes, Text, Typed, iri, text
from nhip.portal.dcat.places import say_places
from nhip.portal.dcat.shapes import PROFILE
from nhip.portal.dcat.vocabulary import IANA, Format, authority, data_theme, vocabulary
from nhip.portal.licences import list_licences
from nhip.portal.model import Entry

LANGUAGES = {"vi": "VIE", "en": "ENG"}


def home_of(site: Site, entry: Entry) -> str:
    """The stable address of a dataset, which is also its page."""
    return f"{site.root}/dataset/{quote(entry.name)}"


def catalogue_of(site: Site) -> str:
    """The address of the catalogue."""
    return f"{site.root}/catalog"


def dataset_nodes(site: Site, entry: Entry, facts: Facts) -> Nodes:
    """Everything about one dataset."""
    nodes = Nodes()
    home = home_of(site, entry)
    made = nodes.node(home, "dcat:Dataset", "dcat:Resource")
    _words(made, entry)
    _about(nodes, made, site, entry)
    say_places(nodes, made, site, facts)
    _period(nodes, made, entry, facts)
    _origin(nodes, made, entry)
    _record(nodes, made, entry)
    for form in entry.formats:
        if (known := vocabulary().formats.get(form)) is not None:
            made.say("dcat:distribution", _distribution(nodes, site, entry, facts, form, known))
    _rows(nodes, made, site, entry)
    return nodes


def _words(made: Node, entry: Entry) -> None:
    made.say("dct:title", text(entry.title, "vi"), text(entry.title_en, "en"))
    made.say("dct:description", text(description_of(entry), "vi"))
    made.say("dct:identifier", text(made.id))
    made.say("dcat:keyword", *(text(word) for word in entry.keywords))
    made.say("dct:issued", moment(entry.issued)).say("dct:modified", moment(entry.modified))
    made.say("dcat:version", Text(str(entry.release_no)))


def description_of(entry: Entry) -> str:
    """What the dataset is; where nobody wrote it, whose table of what it is."""
    return entry.description.strip() or f"{entry.title}. {entry.agency_name}."


def _about(nodes: Nodes, made: Node, site: Site, entry: Entry) -> None:
    made.say("dct:publisher", agent(nodes, site, entry).iri)
    made.say("dcat:contactPoint", _contact(nodes, made.id, entry))
    made.say("dct:accessRights", _public(nodes))
    made.say("dct:language", *languages(nodes, "vi"))
    made.say("dcat:landingPage", nodes.node(f"{made.id}#page", "foaf:Document").iri)
    nodes.node(f"{made.id}#page").say("foaf:primaryTopic", made.iri)
    if entry.theme:
        made.say("dcat:theme", _theme(nodes, site, entry.theme))
    if entry.cadence:
        made.say("dct:accrualPeriodicity", concept(nodes, "frequency", entry.cadence, "dct:Frequency"))


def agent(nodes: Nodes, site: Site, entry: Entry) -> Node:
    """The agency that publishes the dataset, with its code."""
    found = nodes.node(f"{site.root}/agency/{quote(entry.agency_code)}", "foaf:Agent", "foaf:Organization")
    found.say("foaf:name", text(entry.agency_name, "vi"), text(entry.agency_name_en, "en"))
    return found.say("dct:identifier", text(entry.agency_code))


def _contact(nodes: Nodes, home: str, entry: Entry) -> Iri | None:
    if not entry.contact:
        return None
    found = nodes.node(f"{home}#contact", "vcard:Kind", "vcard:Organization")
    found.say("vcard:fn", text(entry.agency_name, "vi"))
    if "://" in entry.contact:
        return found.say("vcard:hasURL", iri(entry.contact)).iri
    return found.say("vcard:hasEmail", iri(f"mailto:{entry.contact}")).iri


def _public(nodes: Nodes) -> Iri:
    return concept(nodes, "access-right", "PUBLIC", "dct:RightsStatement")


def concept(nodes: Nodes, table: str, code: str, cls: str) -> Iri:
    """A concept of an EU authority table as a value of class `cls`."""
    found = nodes.node(authority(table, code), cls)
    return found.say("skos:inScheme", Iri(authority(table))).iri


def languages(nodes: Nodes, *codes: str) -> list[Iri]:
    """Languages by their codes of two letters."""
    return [concept(nodes, "language", LANGUAGES[code], "dct:LinguisticSystem") for code in codes]


def _theme(nodes: Nodes, site: Site, theme: str) -> Iri:
    """The EU theme that ours belongs to; our own where nobody has said which that is."""
    if code := data_theme(theme):
        concept(nodes, "data-theme", code, "skos:Concept")
        found = nodes.node(authority("data-theme", code)).say(
            "skos:prefLabel", text(vocabulary().theme_titles[code], "en")
        )
    else:
        found = nodes.node(f"{catalogue_of(site)}#theme-{quote(theme)}", "skos:Concept")
        found.say("skos:prefLabel", text(theme, "vi"))
    return found.iri


def _period(nodes: Nodes, made: Node, entry: Entry, facts: Facts) -> None:
    """The days that the rows tell of; a register without moments tells how things stood on one day."""
    standing = entry.as_of.date()
    begins, ends = facts.begins or standing, facts.ends or standing
    found = nodes.node(f"{made.id}#period", "dct:PeriodOfTime")
    found.say("dcat:startDate", day(begins)).say("dcat:endDate", day(ends))
    made.say("dct:temporal", found.iri)


def _origin(nodes: Nodes, made: Node, entry: Entry) -> None:
    """Whose a harvested dataset is: in words that licences ask for, and the address there (PROV-O)."""
    if entry.credit is None:
        return
    found = nodes.node(f"{made.id}#provenance", "dct:ProvenanceStatement")
    made.say("dct:provenance", found.say("rdfs:label", text(f"Nguồn: {entry.credit.words}", "vi")).iri)
    if entry.credit.url.startswith(("https://", "http://")):
        made.say("prov:wasDerivedFrom", iri(entry.credit.url))


def _record(nodes: Nodes, made: Node, entry: Entry) -> None:
    found = nodes.node(f"{made.id}#record", "dcat:CatalogRecord")
    found.say("foaf:primaryTopic", made.iri).say("dct:issued", moment(entry.issued))
    found.say("dct:modified", moment(entry.modified)).say("dct:language", *languages(nodes, "vi", "en"))
    found.say("dct:conformsTo", nodes.node(PROFILE, "dct:Standard").iri)


def _distribution(nodes: Nodes, site: Site, entry: Entry, facts: Facts, form: str, known: Format) -> Iri:
    home = home_of(site, entry)
    found = nodes.node(f"{home}#{form}", "dcat:Distribution")
    found.say("dct:title", text(f"{entry.title} ({known.title})", "vi"))
    if entry.title_en:
        found.say("dct:title", text(f"{entry.title_en} ({known.title})", "en"))
    found.say("dcat:accessURL", Iri(home)).say("dcat:downloadURL", Iri(f"{home}/export.{form}"))
    found.say("dct:format", concept(nodes, "file-type", known.type, "dct:MediaTypeOrExtent"))
    found.say("dcat:mediaType", nodes.node(f"{IANA}/{known.media}", "dct:MediaType").iri)
    found.say("dct:conformsTo", nodes.node(known.standard, "dct:Standard").iri)
    found.say("dct:language", *languages(nodes, "vi"))
    found.say("dct:issued", moment(entry.issued)).say("dct:modified", moment(entry.modified))
    _terms(nodes, found, site, entry)
    if form == "parquet":
        found.say("dcat:byteSize", Typed(str(entry.bytes), "xsd:nonNegativeInteger"))
        found.say("spdx:checksum", _checksum(nodes, home, facts))
    return found.iri


def _checksum(nodes: Nodes, home: str, facts: Facts) -> Iri:
    algorithm = nodes.node("http://spdx.org/rdf/terms#checksumAlgorithm_sha256", "spdx:ChecksumAlgorithm")
    found = nodes.node(f"{home}#checksum", "spdx:Checksum").say("spdx:algorithm", algorithm.iri)
    return found.say("spdx:checksumValue", Typed(facts.digest, "xsd:hexBinary")).iri


def _terms(nodes: Nodes, made: Node, site: Site, entry: Entry) -> None:
    """Licence and rights; a code that is no longer offered is not told as a licence."""
    known = list_licences().get(entry.licence)
    if known is None:
        return
    page = f"{site.root}/licences/{quote(known.code)}"
    own = page if known.uri.startswith("/") else known.uri
    licence = nodes.node(known.authority or own, "dct:LicenseDocument")
    licence.say("dct:title", text(known.title, "vi"), text(known.title_en, "en"))
    made.say("dct:license", licence.say("foaf:page", Iri(own) if own != licence.id else None).iri)
    rights = nodes.node(f"{page}#rights", "dct:RightsStatement")
    made.say("dct:rights", rights.say("rdfs:label", text(known.title, "vi"), text(known.title_en, "en")).iri)


def _rows(nodes: Nodes, made: Node, site: Site, entry: Entry) -> None:
    """The service that gives rows a page at a time."""
    found = nodes.node(f"{made.id}#rows", "dcat:DataService", "dcat:Resource")
    found.say(
        "dct:title", text(f"Dòng dữ liệu: {entry.title}", "vi"), text(f"Rows of {entry.title_en or entry.name}", "en")
    )
    found.say("dcat:endpointURL", Iri(f"{made.id}/rows")).say(
        "dcat:endpointDescription", Iri(f"{site.root}/openapi.json")
    )
    found.say("dcat:servesDataset", made.iri).say("dct:accessRights", _public(nodes))
    found.say("dct:publisher", agent(nodes, site, entry).iri)
    found.say("dcat:contactPoint", *made.said.get("dcat:contactPoint", []))
    found.say("dct:format", concept(nodes, "file-type", "JSON", "dct:MediaTypeOrExtent"))
    _terms(nodes, found, site, entry)
    found.said.pop("dct:rights", None)  # a service has none in DCAT-AP; its licence says it
    if (json := nodes.find(f"{made.id}#json")) is not None:
        json.say("dcat:accessService", found.iri)


def moment(at: datetime) -> Typed:
    """A moment in UTC, to the second."""
    return Typed(at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "xsd:dateTime")


def day(at: date) -> Typed:
    """A day."""
    return Typed(at.isoformat(), "xsd:date")
