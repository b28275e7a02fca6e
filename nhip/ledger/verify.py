"""Verification of the whole ledger: every row, the chain, the tree at every signed head, signatures, look-up columns, subjects.

One pass over the rows in their order. What it costs and what limits it: docs/explain/ledger.md.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from bisect import bisect_right
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from psycopg.rows import TupleRow

from nhip.db import Database
from nhip.kernel.i18n import _
from nhip.ledger import heads_file
from nhip.ledger.checkpoint import PublicKeys, read_keys
from nhip.ledger.errors import LedgerKeyBroken
from nhip.ledger.faults import Fault, Faults
from nhip.ledger.frozen import Frozen, Page, frozen
from nhip.ledger.keys import Keys
from nhip.ledger.model import Tip
from nhip.ledger.proofs import FIRST_CHAIN, Range, root_of
from nhip.ledger.rows import BLOCK, Rows, Tree
from nhip.ledger.signed import SignedHeads
from nhip.ledger.slices import Sound, slices
from nhip.ledger.tree import STEP
from nhip.settings import Settings


class Report(msgspec.Struct, frozen=True):
    """What was found. `cpu_s` is our own processor time, without the database's."""

    events: int
    heads: int
    ok: bool
    faults: list[Fault]
    root: bytes
    rows_per_s: int
    cpu_s: float

    def plain(self) -> dict[str, Any]:
        """For scripts."""
        faults = [{"kind": f.kind, "seq": f.seq, "detail": f.detail()} for f in self.faults]
        return {**msgspec.structs.asdict(self), "faults": faults, "root": self.root.hex()}


async def verify(
    db: Database,
    settings: Settings,
    *,
    heads: Path | None = None,
    keys: Path | None = None,
    shown: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """Verify everything. `heads` and `keys` are an auditor's own copies of the heads file and the public keys.

    `shown(done, total)` is told how far it is, in rows, from another thread.
    """
    return await asyncio.to_thread(verify_tables, db.url, settings, heads, keys, shown)


def verify_tables(
    url: str,
    settings: Settings,
    heads: Path | None = None,
    keys: Path | None = None,
    shown: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """`verify` for a thread or process of its own."""
    started, cpu = time.perf_counter(), time.thread_time()
    found = Faults()
    with frozen(url) as tables:
        work = _begin(tables, settings, heads, keys, found)
        for rows, sound in slices(url, tables, work.tip.size):
            if sound is None or not work.adopt(rows, sound):
                for page in tables.iter_rows(*rows):
                    work.take(page)
                    shown(work.rows.count, work.tip.size)
            shown(work.rows.count, work.tip.size)
        work.finish()
    _look_beyond(url, work.heads, work.rows.count, found)
    faults, seconds = found.listed(), time.perf_counter() - started
    rate = round(work.rows.count / seconds)
    cpu_s = round(time.thread_time() - cpu + work.elsewhere_s, 2)
    return Report(work.rows.count, work.heads.count, not faults, faults, work.tree.root(), rate, cpu_s)


def _begin(tables: Frozen, settings: Settings, heads: Path | None, keys: Path | None, faults: Faults) -> _Verification:
    tip = tables.find_tip()
    if tip is None:
        tip = Tip(uuid.UUID(int=0), 0, FIRST_CHAIN, 0)
        faults.other("edited", 0, _("the ledger's own name and size are gone"))
    known = Keys(settings, tip.origin).public() if keys is None else _read(keys, tip.origin)
    signed = SignedHeads(tables, tip.origin, known, heads or heads_file.path_of(settings), faults)
    return _Verification(tables, tip, signed, heads is None, faults)


def _look_beyond(url: str, heads: SignedHeads, count: int, faults: Faults) -> None:
    """Heads of the file that no event reaches: well if the ledger grew since we began to look."""
    beyond = heads.beyond()
    if beyond <= count:
        return
    with frozen(url) as tables:
        tip = tables.find_tip()
    if tip is None or tip.size < beyond:
        faults.row("truncated", count, _("a tree of {size} events was signed"), size=beyond)


class _Verification:
    """The state of one pass."""

    def __init__(self, tables: Frozen, tip: Tip, heads: SignedHeads, whole_file: bool, faults: Faults) -> None:
        self.tip, self.heads = tip, heads
        self.rows, self.tree = Rows(faults), Tree()
        self._tables, self._faults, self._whole_file = tables, faults, whole_file
        self.elsewhere_s = 0.0
        """Processor time of other processes."""
        self._done = 0
        self._subjects = _Subjects(tables, faults)

    def take(self, page: Page) -> None:
        """The next rows, with the heads and subjects that go with them."""
        self._go_on(page[-1][0], *self.rows.take(page))

    def adopt(self, rows: Range, sound: Sound) -> bool:
        """The next rows, which another process found well; False when they do not go on where we are."""
        ours, at = self.rows, self.rows.at
        if (ours.count, ours.chain) != (rows.start, sound.begin) or at > sound.first_at:
            return False
        ours.count, ours.before, ours.chain, ours.at = rows.end, sound.before, sound.chain, sound.at
        self.elsewhere_s += sound.cpu_s
        self._go_on(rows.end - 1, sound.listed(), sound.people)
        return True

    def _go_on(self, last: int, leaves: list[bytes], people: list[tuple[int, str]]) -> None:
        self._subjects.check(last, people)
        begun = self._done
        for size, heads in self.heads.due(begun + len(leaves)):
            self.tree.extend(leaves[self._done - begun : size - begun])
            self._done = size
            self.heads.check(size, heads, self.tree.root())
        self.tree.extend(leaves[self._done - begun :])
        self._done = begun + len(leaves)

    def finish(self) -> None:
        """What can only be said at the end."""
        self._subjects.check(1 << 62, [])
        later = self._tables.list_heads(self.rows.count, 1 << 62)
        expected = max([self.tip.size, *(head.size for head in later)])
        self.rows.finish(expected)
        self._check_end(expected)
        self._check_nodes()
        self.heads.finish(whole_file=self._whole_file)

    def _check_end(self, expected: int) -> None:
        count, tip = self.rows.count, self.tip
        if expected > count:
            self._faults.row("truncated", count, _("there were {size} events"), size=expected)
        elif tip.size < count:
            self._faults.row("inserted", tip.size, _("the ledger counts only {size} events"), size=tip.size)
        elif (tip.chain, tip.at_us) != (self.rows.chain, self.rows.at) and self._faults.first_row is None:
            self._faults.row("edited", max(0, count - 1), _("the next event would not go on from this one"))

    def _check_nodes(self) -> None:
        """The kept subtrees: they narrow down where the signed trees differ, or are wrong themselves."""
        first_unlike = None
        level, made = STEP, self.tree.blocks
        while (stored := self._tables.list_nodes(level)) or made:
            for place, kept in stored:
                if place < len(made) and kept == made[place]:
                    continue
                if level == STEP and first_unlike is None:
                    first_unlike = place
                if self.heads.unlike is None and self._faults.first_row is None:
                    self._faults.other(
                        "edited", place << level, _("the kept hash of 2^{level} events is wrong"), level=level
                    )
            whole = len(made) - len(made) % BLOCK
            made = [root_of(made[at : at + BLOCK]) for at in range(0, whole, BLOCK)]
            level += STEP
        self._name_unlike(first_unlike)

    def _name_unlike(self, block: int | None) -> None:
        """The rows agree with each other but not with what was signed: somebody made leaves and chain anew."""
        first, past, known = self.heads.good, self.heads.unlike, self._faults.first_row
        if past is None or (known is not None and known < past):
            return
        if block is not None and first < (block + 1) * BLOCK and block * BLOCK < past:
            first, past = max(first, block * BLOCK), min(past, (block + 1) * BLOCK)
        self._faults.row(
            "edited", first, _("the events from here to {last} are not those that were signed"), last=past - 1
        )


class _Subjects:
    """Holds the table of subjects against the bodies, event by event."""

    def __init__(self, tables: Frozen, faults: Faults) -> None:
        self._faults = faults
        self._stored = tables.iter_subjects()
        self._ahead: list[TupleRow] = []

    def check(self, last: int, told: list[tuple[int, str]]) -> None:
        """The rows up to event `last` must be what the bodies `told`."""
        stored = self._take(last)
        told.sort()
        if stored == told:
            return
        for seq, _subject in sorted(set(told) - set(stored)):
            self._faults.other("removed", seq, _("whom this event is about can no longer be looked up"))
        for seq, _subject in sorted(set(stored) - set(told)):
            self._faults.other("inserted", seq, _("this event is said to be about somebody whom it does not name"))

    def _take(self, last: int) -> list[TupleRow]:
        found, self._ahead = self._ahead, []
        while not found or found[-1][0] <= last:
            page = next(self._stored, None)
            if page is None:
                return found
            found += page
        past = bisect_right(found, last, key=lambda row: row[0])
        self._ahead = found[past:]
        return found[:past]


def _read(path: Path, origin: str) -> PublicKeys:
    try:
        return read_keys(origin, path.read_text(encoding="utf-8").splitlines())
    except ValueError as error:
        raise LedgerKeyBroken(path=path) from error
