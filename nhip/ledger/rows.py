"""Verification of rows, a page at a time: bodies against leaves, chain, columns and places; the tree over the leaves.

The quick way takes whole pages at once; only a page with a fault is gone through row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import msgspec

from nhip.kernel.i18n import _
from nhip.ledger.breaks import Break, explain
from nhip.ledger.faults import Faults
from nhip.ledger.frozen import Page
from nhip.ledger.model import StoredRow
from nhip.ledger.proofs import FIRST_CHAIN, Frontier, chain_hash, fold

BLOCK = 256
MOST_BREAKS = 200
"""Breaks of the chain that are looked at closely."""


class _Doer(msgspec.Struct, gc=False):
    id: str | None


class Facts(msgspec.Struct, gc=False):
    """What the columns and the table of subjects must repeat from a body."""

    actor: _Doer
    at: int
    kind: str
    what: str
    subjects: list[str]


_facts = msgspec.json.Decoder(Facts).decode


class Tree:
    """The tree over the leaves so far; remembers the hash of every complete block of 256 leaves."""

    def __init__(self) -> None:
        self.blocks: list[bytes] = []
        self._upper = Frontier()
        self._rest: list[bytes] = []

    def extend(self, leaves: Sequence[bytes]) -> None:
        """The next leaves."""
        self._rest += leaves
        whole = len(self._rest) - len(self._rest) % BLOCK
        made = [_block(self._rest[at : at + BLOCK]) for at in range(0, whole, BLOCK)]
        self.blocks += made
        self._upper.extend(made)
        del self._rest[:whole]

    def root(self) -> bytes:
        """The root over all leaves so far."""
        lower = Frontier()
        lower.extend(self._rest)
        return fold([*self._upper.complete, *lower.complete])


def _block(leaves: list[bytes]) -> bytes:
    """The root over a power of two of leaves, level by level: a third quicker than leaf by leaf."""
    while len(leaves) > 1:
        leaves = [
            sha256(b"\x01" + left + right).digest() for left, right in zip(leaves[::2], leaves[1::2], strict=True)
        ]
    return leaves[0]


class Rows:
    """Takes all rows in order of `seq`; `leaves` come out for the tree, faults go into `faults`."""

    def __init__(self, faults: Faults, count: int = 0, chain: bytes = FIRST_CHAIN) -> None:
        self.count, self.chain = count, chain
        self.before = chain
        """Chain value before the last."""
        self.at = 0
        """Moment of the last event, in microseconds."""
        self.sound = True
        self._faults = faults
        self._breaks: list[Break] = []

    def take(self, page: Page) -> tuple[list[bytes], list[tuple[int, str]]]:
        """The leaf hashes of a page, made from its bodies, and (seq, subject) of the people in it, in digits."""
        bodies = [row[1] for row in page]
        leaves = [sha256(b"\x00" + body).digest() for body in bodies]
        facts = [_read(body) for body in bodies]
        if not self._is_whole(page, leaves, facts):
            self.sound = False
            self._go_through(page, leaves, facts)
        told = ((row[0], fact.subjects) for row, fact in zip(page, facts, strict=True) if fact and fact.subjects)
        return leaves, [(seq, subject) for seq, subjects in told for subject in subjects]

    def _is_whole(self, page: Page, leaves: list[bytes], facts: Sequence[Facts | None]) -> bool:
        """Whether nothing is wrong with a page; then the chain goes on behind it. Column by column, which is quickest."""
        seqs, _bodies, stored, chains, times, kinds, whats, actors = zip(*page, strict=True)
        whole = [fact for fact in facts if fact is not None]
        moments = [fact.at for fact in whole]
        made = [self.chain]
        for leaf in leaves:
            made.append(sha256(made[-1] + leaf).digest())
        if (
            seqs != tuple(range(self.count, self.count + len(page)))
            or leaves != list(stored)
            or made[1:] != list(chains)
            or moments != list(times)
            or [fact.kind for fact in whole] != list(kinds)
            or [fact.what for fact in whole] != list(whats)
            or [fact.actor.id for fact in whole] != list(actors)
            or sorted(moments) != moments
            or moments[0] < self.at
        ):
            return False
        self.chain, self.before, self.at, self.count = made[-1], made[-2], moments[-1], self.count + len(page)
        return True

    def _go_through(self, page: Page, leaves: list[bytes], facts: Sequence[Facts | None]) -> None:
        for row, leaf, fact in zip(map(StoredRow._make, page), leaves, facts, strict=True):
            follows_a_gap = row.seq > self.count
            self._check_place(row)
            self._check_columns(row, fact)
            if leaf != row.leaf:
                self._faults.row("edited", row.seq, _("the body of this event is not what was hashed"))
            if chain_hash(self.chain, leaf) != row.chain and not follows_a_gap and len(self._breaks) < MOST_BREAKS:
                self._breaks.append(Break(row.seq, leaf, row.chain, self.chain, self.before))
            self.before, self.chain = self.chain, row.chain

    def _check_place(self, row: StoredRow) -> None:
        if row.seq > self.count:
            self._faults.row("removed", self.count, _("the events from here to {last} are gone"), last=row.seq - 1)
        elif row.seq < self.count:
            self._faults.row("inserted", row.seq, _("there is more than one event at this place"))
        self.count = max(self.count, row.seq + 1)

    def _check_columns(self, row: StoredRow, fact: Facts | None) -> None:
        if fact is None:
            self._faults.row("edited", row.seq, _("the body of this event is no event"))
            return
        pairs = {"at_us": fact.at, "kind": fact.kind, "what": fact.what, "actor": fact.actor.id}
        for name, value in pairs.items():
            if getattr(row, name) != value:
                self._faults.row(
                    "edited", row.seq, _("the column {column} says something else than the body"), column=name
                )
        if fact.at < self.at:
            self._faults.other("reordered", row.seq, _("this event is older than the one before it"))
        self.at = fact.at

    def finish(self, expected: int) -> None:
        """All rows were taken; `expected` of them there should have been."""
        for kind, seq, template in explain(self._breaks, expected - self.count):
            self._faults.row(kind, seq, template)


def _read(body: bytes) -> Facts | None:
    try:
        return _facts(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
