"""Verification of large ledgers on all cores: slices of rows, each looked at by a process of its own.

A slice only tells that all is well with it. Where it is not, the rows are gone through in order, which tells what it is.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import NamedTuple

from nhip.errors import DatabaseAway
from nhip.ledger.errors import LedgerUnreadable
from nhip.ledger.faults import Faults
from nhip.ledger.frozen import Frozen, frozen
from nhip.ledger.proofs import HASH_BYTES, Range
from nhip.ledger.rows import Rows

SLICE = 1 << 16
MOST_PROCESSES = 8
MOST_PEOPLE = 200_000
"""People in one slice whose list is worth sending; where there are more, the rows are gone through page by page."""
EVERYTHING = 1 << 62
"""More than any seq; below its negative there is none."""
parallel_from = 4 * SLICE
"""Rows from which processes are worth their start, which takes as long as some 100,000 rows."""


class Sound(NamedTuple):
    """A slice with which all is well, and where its chain comes from and goes on from."""

    leaves: bytes
    """Its leaf hashes, one behind the other."""
    people: list[tuple[int, str]]
    begin: bytes
    before: bytes
    chain: bytes
    first_at: int
    at: int
    cpu_s: float

    def listed(self) -> list[bytes]:
        """Its leaf hashes."""
        return [self.leaves[at : at + HASH_BYTES] for at in range(0, len(self.leaves), HASH_BYTES)]


def look(url: str, snapshot: str, rows: Range) -> Sound | None:
    """Look at one slice in the view that was exported as `snapshot`; None when not all is well."""
    cpu = time.process_time()
    leaves: list[bytes] = []
    people: list[tuple[int, str]] = []
    with frozen(url, snapshot) as tables:
        chain = tables.find_chain(rows.start - 1)
        if chain is None:
            return None
        work, first_at = Rows(Faults(), rows.start, chain), None
        for page in tables.iter_rows(*rows):
            first_at = page[0][4] if first_at is None else first_at
            found, told = work.take(page)
            if not work.sound or len(people) + len(told) > MOST_PEOPLE:
                return None
            leaves += found
            people += told
    if work.count != rows.end or first_at is None:
        return None
    spent = time.process_time() - cpu
    return Sound(b"".join(leaves), people, chain, work.before, work.chain, first_at, work.at, spent)


def slices(url: str, tables: Frozen, size: int) -> Iterator[tuple[Range, Sound | None]]:
    """All rows there may be, in order: ranges with what was found, None where nobody looked or not all is well."""
    cores = min(os.cpu_count() or 1, MOST_PROCESSES)
    if size < parallel_from or cores < 2:
        yield Range(-EVERYTHING, EVERYTHING), None
        return
    yield Range(-EVERYTHING, 0), None
    snapshot = tables.export()
    todo = deque(Range(start, min(start + SLICE, size)) for start in range(0, size, SLICE))
    under_way: deque[tuple[Range, Future[Sound | None]]] = deque()
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        while todo or under_way:
            while todo and len(under_way) < 2 * cores:
                rows = todo.popleft()
                under_way.append((rows, pool.submit(look, url, snapshot, rows)))
            rows, future = under_way.popleft()
            yield rows, _result(future)
    yield Range(size, EVERYTHING), None


def _result(future: Future[Sound | None]) -> Sound | None:
    try:
        return future.result()
    except (BrokenProcessPool, DatabaseAway, LedgerUnreadable):  # no room for more processes or connections: look here
        return None
