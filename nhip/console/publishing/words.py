"""What the pages of publishing say: states, acts, cadences, what the gate found and what to do about it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from nhip.kernel.i18n import _
from nhip.kernel.time import now, today
from nhip.portal.cadences import CADENCES
from nhip.portal.gate.findings import advice_for, title_of
from nhip.portal.gate.policy import policy_at
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
    "band": _("Bands of width"),
    "top": _("Nothing above"),
    "bottom": _("Nothing below"),
    "group": _("Join values of fewer rows than"),
}
BY_TYPE = {
    "text": ("keep", "drop", "mask", "prefix", "group"),
    "integer": ("keep", "drop", "mask", "round", "band", "top", "bottom"),
    "number": ("keep", "drop", "mask", "round", "band", "top", "bottom"),
    "date": ("keep", "drop", "mask", "year", "month"),
    "timestamp": ("keep", "drop", "mask", "year", "month"),
}
"""Which acts make sense for a column of a type; others: keep, drop, mask."""
ROLES = {
    "auto": "",
    "quasi": _("a person could be found by it"),
    "sensitive": _("nobody should learn it of a person"),
    "none": _("says nothing of a person"),
}
MEASURES = {"sum": _("total"), "mean": _("mean")}
DECISIONS = {
    "proposed": _("Proposed"),
    "published": _("Made open"),
    "returned": _("Given back"),
    "withdrawn": _("Withdrawn"),
    "recalled": _("Release recalled"),
    "reviewed": _("Looked through"),
    "kept": _("Release kept with the reason"),
}
STATES: dict[str, tuple[str, str]] = {
    "waiting": ("busy", _("waits for a decision")),
    "changing": ("busy", _("open; a change waits for a decision")),
    "returned": ("warn", _("given back to the agency")),
    "refused": ("alarm", _("newest version refused at the gate")),
    "due": ("busy", _("newest version is released within a minute")),
    "recalled": ("alarm", _("decided, but no release is in force")),
    "published": ("good", _("open")),
    "withdrawn": ("unknown", _("withdrawn")),
}
"""State -> mark and words."""
DUE = {"review": _("to be looked through"), "renewal": _("to be renewed")}
_DAYS = {"HOURLY": 1, "DAILY": 2, "WEEKLY": 8, "MONTHLY": 35, "QUARTERLY": 100, "ANNUAL_2": 190, "ANNUAL": 375}
"""Days within which data are renewed that are renewed so often, with a few of grace."""
_MONTH = 31


def state_of(standing: Standing) -> str:
    """The one state that matters most to whoever looks at the list."""
    if standing.last == "waiting":
        return "changing" if standing.state == "published" and standing.release_no else "waiting"
    if standing.state != "published":
        return "returned" if standing.last == "returned" else "withdrawn"
    if standing.is_refused:
        return "refused"
    if standing.release_no is None:
        return "recalled"
    return "due" if (standing.version_no or 0) > standing.release_no else "published"


def dues_of(standing: Standing) -> list[str]:
    """What the policy asks for by now of a dataset that is open."""
    if standing.state != "published":
        return []
    policy, found = policy_at(today()), []
    review, renewal = policy.months("review"), policy.months("renewal")
    if review and standing.reviewed_at and standing.reviewed_at + timedelta(days=review * _MONTH) < now():
        found.append("review")
    days = _DAYS.get(standing.cadence or "", renewal * _MONTH if renewal else None)
    if days and standing.as_of and standing.as_of + timedelta(days=days) < now():
        found.append("renewal")
    return found


def title_of_finding(what: str) -> str:
    """What the gate found, in the language of the page."""
    return translate(title_of(what))


def advice_of_finding(what: str) -> str:
    """What to do about it, in the language of the page."""
    return translate(advice_for(what))


def acts_of(type_: str, kind: str) -> tuple[str, ...]:
    """The acts to choose from for a column."""
    found = BY_TYPE.get(type_, ("keep", "drop", "mask"))
    return (*found, "unit") if kind == "address" else found


def told() -> dict[str, Any]:
    """What the templates use."""
    names = {"acts": ACTS, "cadences": CADENCES, "decisions": DECISIONS, "states": STATES, "dues": DUE, "roles": ROLES}
    told_by = {"title_of_finding": title_of_finding, "advice_of_finding": advice_of_finding}
    return {**names, **told_by, "measures": MEASURES, "standing_of": state_of, "dues_of": dues_of}
