"""The metadata quality assessment of data.europa.eu (MQA): 405 points in five dimensions, each with what was found.

Indicators and points: data.europa.eu/mqa/methodology. An indicator about files counts the part of the files that has it, which is
the stricter of the readings in use: a dataset with one poor file of four loses a quarter.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from nhip.kernel.i18n import _
from nhip.portal.dcat.model import Asked, Line, Quality
from nhip.portal.dcat.nodes import Iri, Node, Nodes, Value
from nhip.portal.dcat.shapes import violations
from nhip.portal.dcat.vocabulary import AUTHORITY, IANA, vocabulary

MOST = 405
EXCELLENT = 351
"""From here on data.europa.eu calls a description excellent; every dataset is meant to reach it."""
RATINGS = {351: _("excellent"), 221: _("good"), 121: _("sufficient"), 0: _("poor")}
FIND, REACH, FIT, REUSE, CONTEXT = (
    _("Findability"),
    _("Accessibility"),
    _("Interoperability"),
    _("Reusability"),
    _("Contextuality"),
)
_SHOWN = 5
"""Values of an indicator that are told as evidence."""
_NAMES = (
    *("foaf:name", "skos:prefLabel", "rdfs:label", "dct:title", "vcard:hasEmail", "vcard:hasURL", "dcat:bbox"),
    *("dcat:startDate", "dcat:endDate"),
)
"""What a thing is called by."""


def rating(points: int) -> str:
    """What data.europa.eu calls so many points, marked for translation."""
    return next(word for least, word in RATINGS.items() if points >= least)


class Indicator(msgspec.Struct, frozen=True):
    """One thing that is looked at: of the dataset, or of each of its files. `look` gives what was found, None for nothing."""

    dimension: str
    title: str
    possible: int
    look: Callable[[Node], list[Value] | None]
    of_files: bool = False
    advice: str = ""


def _has(predicate: str) -> Callable[[Node], list[Value] | None]:
    return lambda node: node.said.get(predicate)


def _from(predicate: str, *beginnings: str) -> Callable[[Node], list[Value] | None]:
    """The values of a property when all are of a vocabulary."""

    def look(node: Node) -> list[Value] | None:
        found = node.said.get(predicate, [])
        return found if found and all(value.value.startswith(beginnings) for value in found) else None

    return look


def _both(*looks: Callable[[Node], list[Value] | None]) -> Callable[[Node], list[Value] | None]:
    def look(node: Node) -> list[Value] | None:
        found = [one(node) for one in looks]
        return [value for values in found for value in values or ()] if all(found) else None

    return look


def _format(quality: str) -> Callable[[Node], list[Value] | None]:
    """The file's format when the list of data.europa.eu names it `open` or `machine`."""
    named = {f"{AUTHORITY}/file-type/{f.type}" for f in vocabulary().formats.values() if getattr(f, quality)}

    def look(node: Node) -> list[Value] | None:
        return [value for value in node.said.get("dct:format", []) if value.value in named] or None

    return look


_FILE_TYPE = _from("dct:format", f"{AUTHORITY}/file-type/")
_MEDIA_TYPE = _from("dcat:mediaType", f"{IANA}/")
_SAY_LICENCE = _("Choose another licence of the list: European catalogues do not know this one.")
INDICATORS = (
    Indicator(FIND, _("Keywords"), 30, _has("dcat:keyword"), advice=_("Add keywords.")),
    Indicator(FIND, _("Theme"), 30, _has("dcat:theme"), advice=_("Give the dataset a theme.")),
    Indicator(FIND, _("Area covered"), 20, _has("dct:spatial")),
    Indicator(FIND, _("Days covered"), 20, _has("dct:temporal")),
    Indicator(REACH, _("Address of each file"), 20, _has("dcat:downloadURL"), True),
    Indicator(FIT, _("Format of each file"), 20, _has("dct:format"), True),
    Indicator(FIT, _("Media type of each file"), 10, _has("dcat:mediaType"), True),
    Indicator(FIT, _("Format and media type by the common names"), 10, _both(_FILE_TYPE, _MEDIA_TYPE), True),
    Indicator(
        FIT, _("Formats of no single maker"), 20, _format("open"), True, _("XLSX and Parquet are not on Europe's list.")
    ),
    Indicator(FIT, _("Formats for machines"), 20, _format("machine"), True, _("Parquet is not on Europe's list yet.")),
    Indicator(REUSE, _("Licence"), 20, _has("dct:license"), True, _("Choose a licence.")),
    Indicator(
        REUSE, _("Licence by its common name"), 10, _from("dct:license", f"{AUTHORITY}/licence/"), True, _SAY_LICENCE
    ),
    Indicator(REUSE, _("Who may have access"), 10, _has("dct:accessRights")),
    Indicator(
        REUSE, _("Access by its common name"), 5, _from("dct:accessRights", f"{AUTHORITY}/access-right/")
    ),
    Indicator(REUSE, _("Contact"), 20, _has("dcat:contactPoint"), advice=_("Say where people can ask.")),
    Indicator(REUSE, _("Publisher"), 10, _has("dct:publisher")),
    Indicator(CONTEXT, _("Terms of use of each file"), 5, _has("dct:rights"), True, _("Choose a licence.")),
    Indicator(
        CONTEXT, _("Size of each file"), 5, _has("dcat:byteSize"), True,
        _("Known for Parquet; the other files are written when they are asked for."),
    ),
    Indicator(CONTEXT, _("Day of publication"), 5, _has("dct:issued")),
    Indicator(CONTEXT, _("Day of the last change"), 5, _has("dct:modified")),
)  # fmt: skip


def assess(nodes: Nodes, asked: Asked | None) -> Quality:
    """The quality of the description of the one dataset in `nodes`; `asked`: what its addresses answered."""
    dataset = next(node for node in nodes if "dcat:Dataset" in node.types)
    files = [node for node in nodes if "dcat:Distribution" in node.types]
    lines = [_line(nodes, one, files if one.of_files else [dataset]) for one in INDICATORS]
    lines += [_page_answers(asked), _files_answer(asked, files), _conforms(nodes)]
    order = (FIND, REACH, FIT, REUSE, CONTEXT)
    return Quality(sorted(lines, key=lambda line: order.index(line.dimension)))


def _line(nodes: Nodes, one: Indicator, of: list[Node]) -> Line:
    found = [values for node in of if (values := one.look(node))]
    told = dict.fromkeys(_said(nodes, value) for values in found for value in values)
    points = one.possible * len(found) / len(of) if of else 0.0
    return _told(one.dimension, one.title, points, one.possible, _shortened(list(told)), one.advice)


def _shortened(told: list[str]) -> list[str]:
    return told if len(told) <= _SHOWN else [*told[:_SHOWN], f"+{len(told) - _SHOWN}"]


def _told(dimension: str, title: str, points: float, possible: int, evidence: list[str], advice: str) -> Line:
    rest = advice if points < possible else ""
    return Line(dimension=dimension, title=title, points=points, possible=possible, evidence=evidence, advice=rest)


def _said(nodes: Nodes, value: Value) -> str:
    """A value as people read it: a thing by what is said of it, the last part of an address, words as they are."""
    if not isinstance(value, Iri):
        return value.value
    if value.value.startswith(f"{IANA}/"):
        return value.value.removeprefix(f"{IANA}/")
    if value.value.startswith(f"{AUTHORITY}/"):
        return value.value.rpartition("/")[2]
    node = nodes.find(value.value)
    names = [node.said[name][0].value for name in _NAMES if name in node.said] if node else []
    if names:
        return " – ".join(dict.fromkeys(name.removeprefix("mailto:") for name in names))
    return value.value.rpartition("/")[2]


def _page_answers(asked: Asked | None) -> Line:
    title, answer = _("The page answers"), asked.answers.get("") if asked else None
    evidence = [f"{asked.asked_at:%Y-%m-%dT%H:%MZ}: {answer}"] if asked and answer else []
    return _told(REACH, title, 50.0 if answer == 200 else 0.0, 50, evidence, _not_asked(asked))


def _files_answer(asked: Asked | None, files: list[Node]) -> Line:
    answers = {form: asked.answers.get(form) for form in (_form(node) for node in files)} if asked else {}
    good = sum(answer == 200 for answer in answers.values())
    evidence = [f"{form}: {answer}" for form, answer in answers.items() if answer]
    points = 30 * good / len(files) if files else 0.0
    return _told(REACH, _("The files answer"), points, 30, evidence, _not_asked(asked))


def _form(node: Node) -> str:
    return node.id.rpartition("#")[2]


def _not_asked(asked: Asked | None) -> str:
    if asked is None:
        return _("Nhịp asks these addresses itself within a few minutes.")
    return _("An address did not answer. Look at it; Nhịp asks again tomorrow.")


def _conforms(nodes: Nodes) -> Line:
    broken = violations(nodes)
    evidence = [f"{one.predicate} {one.constraint}" for one in broken[:_SHOWN]] or ["SHACL: 0"]
    return _told(FIT, _("Conforms to DCAT-AP 3.0.1"), 0.0 if broken else 30.0, 30, evidence, _("Tell who runs Nhịp."))
