"""What the law asks, as dated data (`policy.toml`): clocks, kinds of requests, legal bases; and the titles of these in words."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Literal, Protocol, TypeVar

import msgspec

from nhip.errors import BadInput
from nhip.kernel.i18n import _
from nhip.web.i18n import language

Unit = Literal["hours", "days", "working_days", "months"]
Checked = Literal["publication", "unverified"]


class PolicyUnknown(BadInput):
    """The policy table says nothing of {what} on {day}."""


class Dated(Protocol):
    """Whatever holds from a date on."""

    @property
    def valid_from(self) -> date:
        """The first day on which it holds."""
        ...


class Clock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A period that the law sets."""

    name: str
    amount: int
    unit: Unit
    valid_from: date
    source: str
    source_en: str
    checked: Checked

    @property
    def shown_source(self) -> str:
        """Where it stands, in the language of the page."""
        return self.source_en if language() == "en" else self.source


class RequestPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Within how many days a kind of request is done: alone, and where a processor or third party must act."""

    kind: str
    days: int
    days_others: int
    valid_from: date
    source: str
    source_en: str
    checked: Checked

    @property
    def shown_source(self) -> str:
        """Where it stands, in the language of the page."""
        return self.source_en if language() == "en" else self.source


class Basis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why the law allows a processing."""

    name: str
    article: str
    article_en: str
    valid_from: date
    checked: Checked

    @property
    def shown_article(self) -> str:
        """Where it stands, in the language of the page."""
        return self.article_en if language() == "en" else self.article


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole table."""

    clock: tuple[Clock, ...]
    request: tuple[RequestPolicy, ...]
    basis: tuple[Basis, ...]


@lru_cache(maxsize=1)
def policy() -> Policy:
    """The table beside this module."""
    text = Path(__file__).with_name("policy.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Policy)


def clock_on(name: str, day: date) -> Clock:
    """The clock `name` as it stands on `day`. Raises PolicyUnknown."""
    return _latest((c for c in policy().clock if c.name == name), name, day)


def request_on(kind: str, day: date) -> RequestPolicy:
    """The policy of a kind of request on `day`. Raises PolicyUnknown."""
    return _latest((r for r in policy().request if r.kind == kind), kind, day)


def basis_on(name: str, day: date) -> Basis:
    """A legal basis as it stands on `day`. Raises PolicyUnknown."""
    return _latest((b for b in policy().basis if b.name == name), name, day)


T = TypeVar("T", bound=Dated)


def _latest(many: Iterable[T], what: str, day: date) -> T:
    held = [one for one in many if one.valid_from <= day]
    if not held:
        raise PolicyUnknown(what=what, day=day.isoformat())
    return max(held, key=lambda one: one.valid_from)


BASES = {
    "consent": _("Consent of the data subject"),
    "public_task": _("Work of state bodies, state administration under the law"),
    "law": _("Another case that a law provides for"),
    "contract": _("Performing an agreement with the data subject"),
    "vital": _("Protecting life, health or rights in urgent cases"),
    "emergency": _("State of emergency, national security, preventing crime"),
}
"""Titles of the legal bases; the order of the lists."""

REQUESTS = {
    "see": _("See my data"),
    "copy": _("Get a copy of my data"),
    "correct": _("Correct my data"),
    "delete": _("Delete my data"),
    "restrict": _("Restrict the processing"),
    "object": _("Object to the processing"),
    "withdraw": _("Withdraw a consent"),
    "complain": _("Complain about the processing"),
}
"""Titles of the kinds of requests, in the words of the person who asks."""

CHECKED = {
    "publication": _("read in publications"),
    "unverified": _("not verified, the stricter reading"),
}
"""How sure a line of the table is."""
