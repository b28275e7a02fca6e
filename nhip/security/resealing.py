"""Giving stored secrets a new key: every place that keeps sealed values names them here, so that none is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from nhip.db import Connection
from nhip.db.query import execute, fetch_all
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.security.secrets import SecretUnreadable, Vault


class SealedRow(msgspec.Struct, frozen=True):
    """A stored secret: `key` finds its row, `sealed` are its bytes."""

    key: str
    sealed: bytes


class SealedColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A column of sealed values. `listing` gives rows (key, sealed), locked; `reseal` writes %(sealed)s at %(key)s."""

    name: str
    """`table.column`, which a test compares with the database's own list of such columns."""
    listing: Any
    reseal: Any
    aad: Callable[[str], str]


async def reseal_all(tx: Connection, vault: Vault, columns: list[SealedColumn]) -> int:
    """Seal every secret with the key in use; gives how many. Raises SecretUnreadable, and then nothing is changed."""
    count = 0
    for column in columns:
        for row in await fetch_all(tx, SealedRow, column.listing):
            await _reseal(tx, vault, column, row)
            count += 1
    await note(tx, Event(kind="secrets.resealed", what="installation", data={"count": count}))
    return count


async def reseal_readable(tx: Connection, vault: Vault, columns: list[SealedColumn]) -> tuple[int, int]:
    """Seal the secrets of a database beside the installation's with the key in use: how many, and how many stay as they are
    because none of our keys opens them, as where the database is of another installation."""
    count = strange = 0
    for column in columns:
        for row in await fetch_all(tx, SealedRow, column.listing):
            try:
                await _reseal(tx, vault, column, row)
                count += 1
            except SecretUnreadable:
                strange += 1
    return count, strange


async def _reseal(tx: Connection, vault: Vault, column: SealedColumn, row: SealedRow) -> None:
    await execute(tx, column.reseal, key=row.key, sealed=vault.reseal(row.sealed, column.aad(row.key)))
