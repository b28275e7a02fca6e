"""Which columns of a dataset are personal, and what of them whoever asks may see: compiled once, used by every reader.

A column is personal when its contract says so (`classification`: anything but public and internal), or when the contract says
nothing and its kind is a person's (name, phone, citizen number, …). What no contract knows is personal where it lies beside
personal columns or its header sounds like it. Masked values never leave DuckDB.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache

import msgspec

from nhip.datasets.check.personal import is_watched
from nhip.datasets.contract.headers import read_header
from nhip.datasets.contract.model import Contract, Field
from nhip.datasets.contract.profile import PERSONAL
from nhip.datasets.contract.yaml import load
from nhip.datasets.engine import ident, literal
from nhip.datasets.records import Dataset, Version
from nhip.datasets.store import find_contract, list_contracts
from nhip.db import Connection
from nhip.kernel.text import fold

MASK = "•••"
"""In the place of a personal value that is not shown; an empty cell stays empty."""
OPEN = ("public", "internal")
"""Classifications of columns that are nobody's personal data."""
FREE_RULES = ("personal.identity", "personal.phone")
"""Rules that found personal data in columns of free text."""
_PEOPLE = frozenset({*PERSONAL, "birth_date"})
_DERIVED = ("__unit", "__units", "__unit_old")
"""Ends of the names of columns that Nhịp adds beside a column of places."""
_LONG_NUMBER = r"[0-9](?:[ .\-]?[0-9]){8,}"


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """That a session may see a dataset's personal data, for a purpose from the register of processing, until `ends_at`."""

    id: uuid.UUID
    session_id: uuid.UUID
    dataset_id: uuid.UUID
    processing_id: uuid.UUID
    purpose: str
    made_at: datetime
    ends_at: datetime


class Protection(msgspec.Struct, frozen=True):
    """What contracts say of their columns, by the contract's names."""

    private: frozenset[str] = frozenset()
    agreed: frozenset[str] = frozenset()
    """Every column of the contracts."""
    watched: frozenset[str] = frozenset()
    """Free text in which citizen and phone numbers are looked for."""
    people: frozenset[str] = frozenset()
    """Columns of citizen numbers: whose data a row is."""

    def __or__(self, other: Protection) -> Protection:
        """The stricter of both."""
        return Protection(*(getattr(self, name) | getattr(other, name) for name in self.__struct_fields__))


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """What of one dataset's cells may be shown: with a `look` everything, each page recorded; without it no personal value."""

    dataset: str
    protection: Protection = Protection()
    free: bool = False
    """Whether citizen or phone numbers were found in free text."""
    look: Look | None = None
    internal: bool = False
    """For what Nhịp itself works with; never for an answer to anybody."""

    @property
    def personal(self) -> bool:
        """Whether there is anything that is shown for a purpose only."""
        return bool(self.protection.private) or self.free

    def hides(self, column: str) -> bool:
        """Whether a column (the contract's name, or a header that no contract knows; empty: the row as a whole) is masked."""
        return self.look is None and not self.internal and self.is_private(column)

    def is_private(self, column: str) -> bool:
        """Whether a column holds personal data, or may as nobody agreed on it."""
        known = _base(column)
        if known in self.protection.agreed:
            return known in self.protection.private
        return bool(self.protection.private) or bool(column and _PEOPLE & read_header(column).hints)

    def blurs(self, column: str) -> bool:
        """Whether long numbers in a column of free text are masked."""
        free = self.free and self.look is None and not self.internal
        return free and (column in self.protection.watched or column not in self.protection.agreed)


def _base(column: str) -> str:
    for end in _DERIVED:
        if column.endswith(end):
            return column.removesuffix(end)
    return column


def protection_of(contract: Contract) -> Protection:
    """What `contract` says of its columns."""
    declared = {field.name for field in contract.fields if field.classification not in ("", *OPEN)}
    about_people = bool(declared) or contract.classification not in ("", *OPEN)
    silent = {
        field.name for field in contract.fields if not field.classification and _sounds_personal(field, about_people)
    }
    return Protection(
        private=frozenset(declared | silent),
        agreed=frozenset(field.name for field in contract.fields),
        watched=frozenset(field.name for field in contract.fields if is_watched(field)),
        people=frozenset(field.name for field in contract.fields if field.kind == "citizen_id"),
    )


def _sounds_personal(field: Field, about_people: bool) -> bool:
    return field.kind in _PEOPLE or (about_people and field.kind == "address")


@lru_cache(maxsize=512)
def protection_in(yaml: str) -> Protection:
    """What the contract in `yaml` says of its columns; remembered, as every page asks."""
    return protection_of(load(yaml))


async def sight_of(tx: Connection, dataset: Dataset, *versions: Version | None, look: Look | None = None) -> Sight:
    """What may be shown of `versions`: by the contract that each was made with and by the one in force, the stricter counts.

    A dataset without any contract shows nothing: nobody has said yet what its columns are.
    """
    numbers = {dataset.contract_no, *(v.contract_no for v in versions if v)} - {None}
    records = [await find_contract(tx, dataset, no) for no in numbers]
    found = combined(record.yaml for record in records if record)
    free = any(rule in v.by_rule for v in versions if v for rule in FREE_RULES)
    return Sight(dataset=dataset.name, protection=found, free=free, look=look)


async def sight_of_raw(tx: Connection, dataset: Dataset, *, look: Look | None = None) -> Sight:
    """What may be shown of raw bytes: they hold all that any edition of the contract ever called personal."""
    found = combined(record.yaml for record in await list_contracts(tx, dataset))
    return Sight(dataset=dataset.name, protection=found, look=look)


NOTHING_AGREED = Protection(private=frozenset({""}))
"""Where there is no contract: every column is one that nobody agreed on."""


def combined(texts: Iterable[str]) -> Protection:
    """The strictest reading of several editions."""
    found = [protection_in(text) for text in texts]
    total = Protection()
    for one in found:
        total |= one
    return total if found else NOTHING_AGREED


def draft_sight(yaml: str, in_force: str, dataset: str) -> Sight:
    """What may be shown of a preview. Renaming a column or calling it public shows nothing of what the contract in force hides:
    only columns that stay what they were, by name and by all headers they may come from, and are personal in neither."""
    draft = load(yaml)
    found = protection_of(draft)
    if in_force:
        now, before = {f.name: f for f in draft.fields}, {f.name: f for f in load(in_force).fields}
        held = protection_in(in_force)
        moved = {name for name, field in now.items() if name not in before or _names(field) != _names(before[name])}
        found |= msgspec.structs.replace(
            held, private=held.private | (frozenset(moved) if held.private else frozenset())
        )
    return Sight(dataset=dataset, protection=found, free=True)


def list_lowered(yaml: str, in_force: str) -> list[str]:
    """Columns that the contract in force calls personal and `yaml` would show: left out, made public, or delivered under the
    name of another column."""
    after, before = load(yaml), load(in_force)
    kept = protection_of(after).private
    elsewhere = frozenset[str]().union(*(_names(field) for field in after.fields if field.name not in kept))
    held = [field for field in before.fields if field.name in protection_in(in_force).private]
    return sorted(field.name for field in held if field.name not in kept or _names(field) & elsewhere)


def _names(field: Field) -> frozenset[str]:
    return frozenset(fold(text) for text in (field.name, field.title, *field.delivered) if text)


def shown(
    sight: Sight, columns: Mapping[str, str], kinds: Mapping[str, str] | None = None, *, empty: bool = False
) -> list[str]:
    """The select list over a Parquet's columns. `columns`: name in the file -> the contract's name (or itself); `kinds`: the type
    of each in the file, where cells keep it. A masked cell is `MASK` in text; NULL in any other type, or everywhere (`empty`)."""
    return [_cell(sight, name, known, (kinds or {}).get(name, "VARCHAR"), empty) for name, known in columns.items()]


def _cell(sight: Sight, name: str, known: str, kind: str, empty: bool) -> str:
    cell = ident(name)
    if sight.hides(known):
        return f"{masked(cell) if kind == 'VARCHAR' and not empty else f'cast(null as {kind})'} as {cell}"
    if kind == "VARCHAR" and sight.blurs(known):
        return f"{blurred(cell)} as {cell}"
    return f"{cell}::varchar as {cell}" if kind == "VARCHAR" else cell


def masked(cell: str) -> str:
    """SQL: the mask for a filled cell, NULL for an empty one."""
    return f"case when {cell} is not null then {literal(MASK)} end"


def blurred(cell: str) -> str:
    """SQL: text with its long numbers masked."""
    return f"regexp_replace({cell}::varchar, {literal(_LONG_NUMBER)}, {literal(MASK)}, 'g')"


def finding_cells(sight: Sight, columns: Iterable[str]) -> tuple[str, str]:
    """SQL for the value and the suggestion of a finding, `columns` being all that the findings file names. A masked finding
    has no suggestion but the number of the row that it repeats."""
    found = list(columns)
    hidden, blurry = _listed(found, sight.hides), _listed(found, sight.blurs)
    headers = "rule = 'column.missing'" if sight.hides("") else "false"
    value = (
        f"""case when "column" in ({hidden}) then {masked("nullif(value, '')")} """
        f"""when "column" in ({blurry}) then {blurred("value")} else value end"""
    )
    suggestion = (
        f"""case when rule in ('primaryKey', 'unique', 'duplicate') then suggestion """
        f"""when "column" in ({hidden}) or {headers} then NULL """
        f"""when "column" in ({blurry}) then {blurred("suggestion")} else suggestion end"""
    )
    return value, suggestion


def _listed(columns: list[str], wanted: Callable[[str], bool]) -> str:
    return ", ".join(literal(column) for column in columns if wanted(column)) or "NULL"
