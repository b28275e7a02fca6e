"""The form of a proposal: what is said about the dataset, and what is done to each column before it is open."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from nhip.console.publishing.words import MEASURES, ROLES, acts_of
from nhip.datasets.contract.model import Contract
from nhip.datasets.model import ROW
from nhip.datasets.personal import Protection, protection_of
from nhip.datasets.records import Version
from nhip.kernel.i18n import _
from nhip.portal.cadences import CADENCES
from nhip.portal.gate.people import about
from nhip.portal.licences import list_licences
from nhip.portal.model import WHOLE, Act, OpenColumn, Proposal, Role, Shaping, Treatment
from nhip.portal.treatment import KEEP, base_of, fields_of, open_columns, settled
from nhip.web.forms import Form

CONTACT = r"[^@\s]+@[^@\s]+\.[^@\s]+|https?://\S+"
MOST_KEYWORDS, LONGEST_KEYWORD = 20, 60
_NEEDS_NUMBER = ("round", "prefix", "band", "top", "bottom", "group")
_WHOLE = ("prefix", "band", "group")
_MOST_FEWEST = 1_000


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody proposes, as the portal's service takes it."""

    licence: str
    basis: str
    treatment: Treatment
    shaping: Shaping
    keywords: list[str]
    contact: str
    cadence: str


class Choice(msgspec.Struct, frozen=True):
    """One column to decide on: its place in the form, how it is, the acts to choose from."""

    place: int
    column: OpenColumn
    acts: tuple[str, ...]
    personal: bool
    role: str
    """What Nhịp infers that it says of people: quasi, sensitive or nothing."""


def choices_of(version: Version, contract: Contract | None) -> list[Choice]:
    """The columns of a version; those that Nhịp adds for places follow the one they were made from."""
    kinds = kinds_of(version)
    own = {name: KEEP for name in kinds if name != ROW and base_of(name, kinds) == name}
    private = (protection_of(contract) if contract else Protection()).private
    columns = open_columns(own, kinds, contract)
    roles = about(fields_of(kinds, contract), private, columns).roles
    return [
        Choice(i, c, acts_of(c.type, c.kind), c.name in private, roles.get(c.name, "")) for i, c in enumerate(columns)
    ]


def kinds_of(version: Version) -> dict[str, str]:
    """Column -> DuckDB type."""
    return {column["name"]: column["type"] for column in version.manifest["columns"]}


def first_form(version: Version, contract: Contract | None, made: Proposal | None) -> Form:
    """The form as it is opened: what was proposed before, else what Nhịp would do by itself."""
    kinds = kinds_of(version)
    before = {name: act for name, act in (made.treatment if made else {}).items() if name in kinds}
    acts = settled(before, kinds, protection_of(contract) if contract else Protection())
    values: dict[str, Any] = {"cadence": "", "licence": next(iter(list_licences()))}
    if made:
        values = {n: getattr(made, n) for n in ("licence", "basis", "contact", "cadence")}
        values["keywords"] = ", ".join(made.keywords)
    shaping = made.shaping if made else WHOLE
    values["fewest"] = shaping.fewest or ""
    for place, name in ((c.place, c.column.name) for c in choices_of(version, contract)):
        act = acts[name]
        values |= {f"act-{place}": act.act, f"to-{place}": _typed(act.to)}
        values |= {f"role-{place}": (shaping.roles[name] or "none") if name in shaping.roles else "auto"}
        values |= {f"by-{place}": name in shaping.by, f"measure-{place}": shaping.measures.get(name, "")}
    return Form.of(**values)


def _typed(number: float) -> str:
    """A number as the form reads it: with a comma before decimals."""
    return f"{number:f}".rstrip("0").rstrip(".").replace(".", ",") if number else ""


def read(form: Form, choices: list[Choice]) -> Wanted:
    """What was filled in; what is wrong is noted in the form."""
    return Wanted(
        licence=form.choice("licence", list(list_licences()), required=_("Choose a licence.")),
        basis=form.text("basis", required=_("Name the legal ground."), longest=500),
        treatment=_treatment(form, choices),
        shaping=_shaping(form, choices),
        keywords=_keywords(form),
        contact=form.text(
            "contact",
            required=_("Say where people can ask."),
            longest=200,
            pattern=CONTACT,
            hint=_("An e-mail address, or the address of a page"),
        ),
        cadence=form.choice("cadence", list(CADENCES)),
    )


def _keywords(form: Form) -> list[str]:
    words = [word.strip() for word in re.split(r"[,;\n]", form.text("keywords", longest=2_000))]
    found = list(dict.fromkeys(word for word in words if word))
    if len(found) > MOST_KEYWORDS or any(len(word) > LONGEST_KEYWORD for word in found):
        form.fail("keywords", _("At most {n} words of at most {longest} characters."), n=20, longest=LONGEST_KEYWORD)
    return found


def _treatment(form: Form, choices: list[Choice]) -> Treatment:
    """By the column's name, which the form carries: the version may have changed since the form was opened."""
    sent = {form.raw(f"col-{choice.place}"): choice.place for choice in choices}
    found: Treatment = {}
    for choice in choices:
        name = choice.column.name
        if name not in sent:
            form.fail("", _("The columns changed since this page was opened. Look at each again."))
            continue
        place = sent[name]
        act = form.choice(f"act-{place}", choice.acts, required=_("Choose what is done to this column."))
        found[name] = msgspec.convert({"act": act or "drop", "to": _number(form, f"to-{place}", act)}, Act)
    return found


def _number(form: Form, field: str, act: str) -> float:
    if act not in _NEEDS_NUMBER:
        return 0
    lowest = -1e12 if act in ("top", "bottom") else 1 if act in _WHOLE else 0
    to = (
        form.integer(field, lowest=1, highest=10**9)
        if act in _WHOLE
        else form.number(field, lowest=lowest, highest=1e12)
    )
    if (to is None or (to == 0 and act == "round")) and not form.error(field):
        form.fail(field, _("Write a number above zero."))
    return float(to or 0)


def _shaping(form: Form, choices: list[Choice]) -> Shaping:
    """What is done to the whole table: who says what of a column, what rows are counted by, which groups are too small."""
    sent = {form.raw(f"col-{choice.place}"): choice.place for choice in choices}
    places = [(choice.column, sent[choice.column.name]) for choice in choices if choice.column.name in sent]
    roles: dict[str, Role] = {}
    by, measures = [], {}
    for column, place in places:
        role = form.choice(f"role-{place}", list(ROLES)) or "auto"
        if role != "auto":
            roles[column.name] = msgspec.convert("" if role == "none" else role, Role)
        is_open = form.raw(f"act-{place}") != "drop"
        if form.checked(f"by-{place}") and is_open:
            by.append(column.name)
        measure = form.choice(f"measure-{place}", list(MEASURES)) if column.type in ("integer", "number") else ""
        if measure and is_open:
            measures[column.name] = measure
    if measures and not by:
        form.fail("fewest", _("Tick a column to count by, or make no totals."))
    fewest = form.integer("fewest", lowest=0, highest=_MOST_FEWEST) or 0
    return msgspec.convert({"roles": roles, "by": by, "measures": measures, "fewest": fewest}, Shaping)
