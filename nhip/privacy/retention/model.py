"""Retention rules, what they would delete, what was deleted, and the proof."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """Superseded versions of a dataset, and the raw deliveries behind them, go `months` after they were superseded.

    The version in force always stays. `ground`: the law or decision behind it.
    """

    id: uuid.UUID
    dataset: str
    title: str
    months: int
    ground: str
    made_at: datetime
    made_by: str
    ended_at: datetime | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule deletes now. `objects`: names in the object store; `busy`: it waits, as a delivery is being worked
    through; `shared`: expired versions that stay, because a version that stays holds the very same data."""

    rule: Rule
    versions: list[int]
    deliveries: list[uuid.UUID]
    objects: list[str]
    shared: list[int]
    busy: bool = False

    @property
    def empty(self) -> bool:
        """Whether there is nothing to delete now."""
        return self.busy or not (self.versions or self.deliveries or self.objects)


class Deletion(msgspec.Struct, frozen=True, kw_only=True):
    """A deletion: `begun` until everything is gone, then `done`."""

    id: uuid.UUID
    dataset_id: uuid.UUID
    dataset: str
    title: str
    state: str
    begun_at: datetime
    done_at: datetime | None
    objects: int
    versions: list[int]


class ProvedObject(msgspec.Struct, frozen=True):
    """An object of a deletion. `here_again`: the same bytes were delivered again later, so that they are rightly here."""

    object: str
    sha256: str
    gone: bool
    here_again: bool


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a deletion is proved: the event of the ledger names the same objects, and none of them is here.

    `seq` is the event's place in the ledger (None: there is none yet); `nhip ledger proof` proves that it was not changed.
    """

    id: uuid.UUID
    dataset: str
    versions: list[int]
    deleted_at: datetime | None
    seq: int | None
    same_as_ledger: bool
    objects: list[ProvedObject]
    proved: bool
