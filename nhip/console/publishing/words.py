"""What the pages of publishing say: states, acts, cadences, what the gate found and what to do about it."""

from __future__ import annotations

from typing import Any

from nhip.kernel.i18n import _
from nhip.portal.gate.recognisers import recognisers
from nhip.portal.store import Standing
from nhip.web.i18n import translate

ACTS = {
    "keep": _("Keep as it is"),
    "drop": _("Leave out"),
    "mask": _("Mask every cell"),
    "round": _("Round to a multiple of"),
    "year": _("Year alone"),
    "month": _("Month and year alone"),
    "unit": _("Commune alone"),
    "prefix": _("First characters alone, how many"),
}
BY_TYPE = {
    "text": ("keep", "drop", "mask", "prefix"),
    "integer": ("keep", "drop", "mask", "round"),
    "number": ("keep", "drop", "mask", "round"),
    "date": ("keep", "drop", "mask", "year", "month"),
    "timestamp": ("keep", "drop", "mask", "year", "month"),
}
"""Which acts make sense for a column of a type; others: keep, drop, mask."""
CADENCES = {
    "": _("not said"),
    "HOURLY": _("every hour"),
    "DAILY": _("every day"),
    "WEEKLY": _("every week"),
    "MONTHLY": _("every month"),
    "QUARTERLY": _("every quarter"),
    "ANNUAL_2": _("every half year"),
    "ANNUAL": _("every year"),
    "IRREG": _("irregularly"),
}
"""Codes of the EU frequency vocabulary."""
DECISIONS = {
    "proposed": _("Proposed"),
    "published": _("Made open"),
    "returned": _("Given back"),
    "withdrawn": _("Withdrawn"),
    "recalled": _("Release recalled"),
}
STATES: dict[str, tuple[str, str]] = {
    "waiting": ("busy", _("waits for a decision")),
    "returned": ("warn", _("given back to the agency")),
    "refused": ("alarm", _("newest version refused at the gate")),
    "due": ("busy", _("newest version is released within a minute")),
    "recalled": ("alarm", _("decided, but no release is in force")),
    "published": ("good", _("open")),
    "withdrawn": ("unknown", _("withdrawn")),
}
"""State -> mark and words."""


def state_of(standing: Standing) -> str:
    """The one state that matters most to whoever looks at the list."""
    if standing.last_act == "proposed":
        return "waiting"
    if standing.last_act in ("returned", "withdrawn"):
        return standing.last_act
    if standing.refused_no is not None and standing.refused_no == standing.version_no:
        return "refused"
    if standing.release_no is None:
        return "recalled"
    return "due" if (standing.version_no or 0) > standing.release_no else "published"


def title_of_finding(what: str) -> str:
    """What the gate found, in the language of the page."""
    if what == "declared":
        return translate(_("Personal data by the contract"))
    known = recognisers()
    return translate(known[what].title) if what in known else what


def acts_of(type_: str, kind: str) -> tuple[str, ...]:
    """The acts to choose from for a column."""
    found = BY_TYPE.get(type_, ("keep", "drop", "mask"))
    return (*found, "unit") if kind == "address" else found


def told() -> dict[str, Any]:
    """What the templates use."""
    names = {"acts": ACTS, "cadences": CADENCES, "decisions": DECISIONS, "states": STATES}
    return {**names, "standing_of": state_of, "title_of_finding": title_of_finding}
