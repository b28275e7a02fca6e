"""The rules in words, and the virtues that each speaks of.

A rule is named `family` or `family.what`; row rules are `row:<name>`.
"""

from __future__ import annotations

from nhip.datasets.check.tally import DOUBLES
from nhip.kernel.i18n import _

TITLES = {
    "required": _("empty though required"),
    "type": _("not of the agreed type"),
    "pattern": _("not of the agreed form"),
    "enum": _("not among the agreed values"),
    "minimum": _("too small"),
    "maximum": _("too large"),
    "exclusiveMinimum": _("too small"),
    "exclusiveMaximum": _("too large"),
    "multipleOf": _("not a multiple of the agreed step"),
    "minLength": _("too short"),
    "maxLength": _("too long"),
    "unique": _("repeated though unique"),
    "primaryKey": _("repeated or empty key"),
    "duplicate": _("the same real thing twice"),
    "reference": _("unknown in the other dataset"),
    "row": _("breaks a rule over the row"),
    "column.missing": _("column missing"),
    "column.unknown": _("column nobody agreed on"),
    "row.shape": _("too many or too few cells"),
    "rows.minimum": _("too few rows"),
    "rows.maximum": _("too many rows"),
    "drift.rows": _("row count changed much"),
    "text.lost": _("letters are lost for good"),
    "text.encoding": _("text in an old encoding"),
    "text.form": _("text in an odd form"),
    "place.none": _("place not found"),
    "place.ambiguous": _("place could be several"),
    "place.old": _("place before the merger"),
    "date.form": _("date in another form"),
    "date.ambiguous": _("day and month cannot be told apart"),
    "date.twoDigitYear": _("year of two digits"),
    "date.impossible": _("day that does not exist"),
    "date.year": _("year out of reason"),
    "date.partial": _("date without a day"),
    "number.form": _("number in another form"),
    "number.word": _("number as a word"),
    "number.ambiguous": _("point could be decimal or thousands"),
    "number.unit": _("number with another unit"),
    "coordinate.swapped": _("coordinates swapped"),
    "coordinate.outside": _("point outside its place"),
    "phone.old": _("phone number before 2018"),
    "citizen.old": _("identity number of nine digits"),
}

FAMILIES = {
    "drift": _("distribution changed much"),
    "place": _("place in doubt"),
    "date": _("date in doubt"),
    "time": _("time in doubt"),
    "number": _("number in doubt"),
    "boolean": _("yes or no in another form"),
    "coordinate": _("coordinates in doubt"),
    "text": _("text in an odd form"),
    "phone": _("phone number in doubt"),
    "plate": _("plate in doubt"),
    "citizen": _("identity number in doubt"),
    "tax": _("tax code in doubt"),
    "email": _("e-mail address in doubt"),
    "url": _("web address in doubt"),
    "row": _("breaks a rule over the row"),
    "rows": _("row count out of range"),
}


def title_of_rule(rule: str) -> str:
    """The rule in a few words (English text and gettext key); an unknown one is shown by its name."""
    family = rule.split(":", maxsplit=1)[0].split(".", maxsplit=1)[0]
    return TITLES.get(rule) or FAMILIES.get(family) or TITLES.get(family) or rule


def virtues_of(rule: str, severity: str) -> frozenset[str]:
    """The virtues that a finding of this rule counts against; see `nhip.datasets.virtues` for how."""
    if severity == "mended":
        return frozenset({"clean"})
    if rule == "required":
        return frozenset({"complete"})
    if rule in DOUBLES:
        return frozenset({"clean"})
    found = {"accurate"} if severity in ("error", "fatal") else set()
    if rule in ("enum", "reference") or rule.startswith("place."):
        found.add("consistent")
    if rule.startswith("text."):
        found.add("clean")
    if rule.startswith(("rows.", "column.")):
        found.add("complete")
    return frozenset(found)
