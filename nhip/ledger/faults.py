"""What `nhip ledger verify` can find, in words."""

from __future__ import annotations

from typing import Any

import msgspec

from nhip.kernel.i18n import _

KINDS = {
    "edited": _("changed afterwards"),
    "removed": _("taken out"),
    "inserted": _("inserted"),
    "reordered": _("put in another order"),
    "truncated": _("cut off at the end"),
    "head_forged": _("tree head not signed by this ledger"),
    "head_missing": _("tree head missing"),
}
"""Kind of fault -> its English title."""
MOST = 1000
"""Faults that are listed; a ledger with more needs no longer list."""


class Fault(msgspec.Struct, frozen=True):
    """Something that is not as it was written. `seq` is the first row it concerns; for tree heads, the size of the tree."""

    kind: str
    seq: int
    template: str
    values: dict[str, Any] = {}

    def detail(self, translate: Any = str) -> str:
        """The fault in words, in the language of `translate`."""
        return str(translate(self.template)).format(**self.values)


class Faults:
    """The faults found so far, each (kind, seq) once."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, int], Fault] = {}
        self._others: dict[tuple[str, int], Fault] = {}

    @property
    def first_row(self) -> int | None:
        """The lowest seq with a fault in the rows themselves."""
        return min((seq for _kind, seq in self._rows), default=None)

    def row(self, kind: str, seq: int, template: str, **values: Any) -> None:
        """A fault in the rows of events."""
        if len(self._rows) < MOST:
            self._rows.setdefault((kind, seq), Fault(kind, seq, template, values))

    def other(self, kind: str, seq: int, template: str, **values: Any) -> None:
        """A fault in what stands beside the rows: heads, subjects, kept subtrees."""
        if len(self._others) < MOST:
            self._others.setdefault((kind, seq), Fault(kind, seq, template, values))

    def listed(self) -> list[Fault]:
        """All, the lowest row first."""
        return sorted([*self._rows.values(), *self._others.values()], key=lambda fault: fault.seq)
