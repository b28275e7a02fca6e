"""The form of a proposal: what is said about the dataset, and what is done to each column before it is open."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from nhip.console.publishing.words import CADENCES, acts_of
from nhip.datasets.contract.model import Contract
from nhip.datasets.model import ROW
from nhip.datasets.personal import Protection, protection_of
from nhip.datasets.records import Version
from nhip.kernel.i18n import _
from nhip.portal.licences import list_licences
from nhip.portal.model import Act, OpenColumn, Publication, Treatment
from nhip.portal.treatment import KEEP, base_of, open_columns, settled
from nhip.web.forms import Form

CONTACT = r"[^@\s]+@[^@\s]+\.[^@\s]+|https?://\S+"
MOST_KEYWORDS, LONGEST_KEYWORD = 20, 60
_NEEDS_NUMBER = ("round", "prefix")


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody proposes, as the portal's service takes it."""

    licence: str
    basis: str
    treatment: Treatment
    keywords: list[str]
    contact: str
    cadence: str


class Choice(msgspec.Struct, frozen=True):
    """One column to decide on: its place in the form, how it is, the acts to choose from."""

    place: int
    column: OpenColumn
    acts: tuple[str, ...]
    personal: bool


def choices_of(version: Version, contract: Contract | None) -> list[Choice]:
    """The columns of a version; those that Nhịp adds for places follow the one they were made from."""
    kinds = kinds_of(version)
    own = {name: KEEP for name in kinds if name != ROW and base_of(name, kinds) == name}
    private = (protection_of(contract) if contract else Protection()).private
    columns = open_columns(own, kinds, contract)
    return [Choice(i, c, acts_of(c.type, c.kind), c.name in private) for i, c in enumerate(columns)]


def kinds_of(version: Version) -> dict[str, str]:
    """Column -> DuckDB type."""
    return {column["name"]: column["type"] for column in version.manifest["columns"]}


def first_form(version: Version, contract: Contract | None, made: Publication | None) -> Form:
    """The form as it is opened: what was proposed before, else what Nhịp would do by itself."""
    kinds = kinds_of(version)
    before = {name: act for name, act in (made.treatment if made else {}).items() if name in kinds}
    acts = settled(before, kinds, protection_of(contract) if contract else Protection())
    values: dict[str, Any] = {"cadence": "", "licence": next(iter(list_licences()))}
    if made:
        values = {n: getattr(made, n) for n in ("licence", "basis", "contact", "cadence")}
        values["keywords"] = ", ".join(made.keywords)
    for choice in choices_of(version, contract):
        act = acts[choice.column.name]
        values |= {f"act-{choice.place}": act.act, f"to-{choice.place}": f"{act.to:g}" if act.to else ""}
    return Form.of(**values)


def read(form: Form, choices: list[Choice]) -> Proposal:
    """What was filled in; what is wrong is noted in the form."""
    return Proposal(
        licence=form.choice("licence", list(list_licences()), required=_("Choose a licence.")),
        basis=form.text("basis", required=_("Name the legal ground."), longest=500),
        treatment=_treatment(form, choices),
        keywords=_keywords(form),
        contact=form.text(
            "contact",
            required=_("Say where people can ask."),
            longest=200,
            pattern=CONTACT,
            hint=_("An e-mail address, or the address of a page"),
        ),
        cadence=form.choice("cadence", [code for code in CADENCES if code]),
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
        to = form.number(f"to-{place}", lowest=0, highest=1e12) if act in _NEEDS_NUMBER else None
        if act in _NEEDS_NUMBER and not to and not form.error(f"to-{place}"):
            form.fail(f"to-{place}", _("Write a number above zero."))
        found[name] = msgspec.convert({"act": act or "drop", "to": to or 0}, Act)
    return found
