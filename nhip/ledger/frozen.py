"""All tables of the ledger as they are at one moment, for verification.

Blocking, unlike the rest of the house's access to PostgreSQL: hundreds of megabytes come through in pieces of 16 kB, and an event
loop's turn for each of them takes as long as hashing what came.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow, class_row

from nhip.errors import DatabaseAway
from nhip.ledger.errors import LedgerUnreadable
from nhip.ledger.model import Head, Tip
from nhip.ledger.proofs import FIRST_CHAIN
from nhip.ledger.store import queries

Page = Sequence[tuple[Any, ...]]
"""Rows with the columns of StoredRow; plain, as a million named ones take a second longer."""
PAGE = 4096
"""Rows at a time; a multiple of the blocks of the tree."""


@contextmanager
def frozen(url: str, snapshot: str = "") -> Iterator[Frozen]:
    """The tables behind `url` as they are now, or as an exported `snapshot` sees them, until the block ends.

    Raises DatabaseAway, and LedgerUnreadable when the tables are gone or not those that they were.
    """
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            connection.execute(queries.freeze)
            if snapshot:
                connection.execute(sql.SQL(queries.join_snapshot).format(sql.Literal(snapshot)))
            yield Frozen(connection)
    except psycopg.OperationalError as error:
        raise DatabaseAway(what=type(error).__name__) from error
    except psycopg.Error as error:
        raise LedgerUnreadable(what=type(error).__name__) from error


class Frozen:
    """One view of the tables that does not change while it is read."""

    def __init__(self, connection: psycopg.Connection[TupleRow]) -> None:
        self._connection = connection

    def find_tip(self) -> Tip | None:
        """How far the ledger goes; None when that row is gone."""
        with self._connection.cursor(row_factory=class_row(Tip)) as cursor:
            return cursor.execute(queries.find_tip).fetchone()

    def export(self) -> str:
        """A name under which other connections may join this view."""
        found = self._connection.execute(queries.export_snapshot).fetchone()
        assert found is not None
        return str(found[0])

    def find_chain(self, seq: int) -> bytes | None:
        """The chain value of event `seq`, that before the first one for -1."""
        if seq == -1:
            return FIRST_CHAIN
        found = self._connection.execute(queries.find_chain, {"seq": seq}).fetchone()
        return None if found is None else found[0]

    def iter_rows(self, start: int, end: int) -> Iterator[Page]:
        """Events from `start` up to, not including, `end` as they stand there, in order."""
        after = start - 1
        while page := self._rows(after, end):
            after = page[-1][0]
            yield page

    def _rows(self, after: int, end: int) -> list[TupleRow]:
        with self._connection.cursor(binary=True) as cursor:
            return cursor.execute(queries.list_stored, {"after": after, "end": end, "limit": PAGE}).fetchall()

    def iter_subjects(self) -> Iterator[list[TupleRow]]:
        """Pages of (seq, subject in hexadecimal digits) in the order of the events."""
        with self._connection.cursor("ledger_subjects") as cursor:
            cursor.execute(queries.iter_subjects)
            while page := cursor.fetchmany(PAGE):
                yield page

    def list_heads(self, above: int, to: int) -> list[Head]:
        """Tree heads above a size up to another, the oldest first."""
        with self._connection.cursor(row_factory=class_row(Head)) as cursor:
            return cursor.execute(queries.list_heads_between, {"above": above, "to": to}).fetchall()

    def list_nodes(self, level: int) -> list[TupleRow]:
        """(place, hash) of every kept subtree of `level`, in order."""
        return self._connection.execute(queries.list_kept_nodes, {"level": level}).fetchall()
