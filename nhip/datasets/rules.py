"""The rules in words, and the virtues that each speaks of.

A rule is named `family` or `family.what`; row rules are `row:<name>`, or `row.unjudged:<name>` where they could not be computed.
"""

from __future__ import annotations

from nhip.datasets.check.tally import DOUBLES
from nhip.kernel.i18n import _
from nhip.kernel.values.rules import RULES

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
    "row.unjudged": _("too large a number for a rule over the row, which was not judged"),
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
    "coordinate.pair": _("both coordinates in one cell"),
    "coordinate.range": _("coordinate that cannot be"),
    "coordinate.unreadable": _("coordinate that cannot be read"),
    "coordinate.form": _("coordinate in another form"),
    "point.swapped": _("coordinates swapped"),
    "point.outside": _("point outside Vietnam"),
    "point.zero": _("coordinates are zero"),
    "point.incomplete": _("half of the coordinates is missing"),
    "point.degrees": _("degrees where metres were agreed"),
    "point.metres": _("metres where degrees were agreed"),
    "point.meridian": _("another VN-2000 meridian"),
    "point.meridianUnknown": _("VN-2000 meridian unknown"),
    "point.unexpected": _("point far from its place"),
    "point.range": _("coordinates that cannot be"),
    "point.axes": _("x and y are easting and northing"),
    "personal.identity": _("citizen number in free text"),
    "personal.phone": _("mobile number in free text"),
    "value.blank": _("a sign for “nothing”"),
    "text.blank": _("a sign for “nothing”"),
    "text.spaces": _("too many blanks"),
    "text.tone": _("tone mark in the newer place"),
    "text.nfc": _("letters in pieces"),
    "row.header": _("header repeated among the rows"),
    "row.section": _("heading among the rows"),
    "row.total": _("total among the rows"),
    "cell.size": _("cell too long to be read"),
    "geometry.invalid": _("shape that is not valid"),
    "drift.categories": _("shares of the values changed much"),
    "drift.distinct": _("number of different values changed much"),
    "drift.empty": _("share of empty cells changed much"),
    "drift.mean": _("mean changed much"),
    "date.monthFirst": _("month before day"),
    "date.serial": _("date as Excel's number"),
    "date.time": _("time beside the date"),
    "date.unreadable": _("not a date"),
    "number.float": _("digits of a computer's rounding"),
    "number.leadingZero": _("zeros in front"),
    "number.scientific": _("number shortened by a spreadsheet"),
    "number.unitMissing": _("unit that the contract does not know"),
    "number.unitMismatch": _("unit of another kind"),
    "number.money": _("amount with its currency"),
    "number.free": _("“free” as an amount"),
    "number.range": _("number out of reason"),
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
    "timestamp": _("date and time in doubt"),
    "point": _("coordinates in doubt"),
    "value": _("value in doubt"),
    "phone": _("phone number in doubt"),
    "personal": _("personal data in free text"),
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
    named = rule.split(":", maxsplit=1)[0]
    family = named.split(".", maxsplit=1)[0]
    return TITLES.get(named) or FAMILIES.get(family) or TITLES.get(family) or rule


def meaning_of_rule(rule: str) -> str:
    """What the rule means and what to do, in a sentence (gettext key); empty where the title says it all."""
    return RULES.get(rule, "")


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
