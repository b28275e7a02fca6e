"""The tree over the events in the database: roots and proofs at the cost of a few hundred hashes, however many events there are.

The roots of complete subtrees of 2^8, 2^16, 2^24… leaves are kept (`ledger.node`); every other hash comes from at most 255 of
one of these levels, or from leaves.
"""

from __future__ import annotations

from collections.abc import Sequence

from nhip.db import Connection
from nhip.ledger import store
from nhip.ledger.errors import LedgerBroken
from nhip.ledger.proofs import Range, Subtree, consistency_ranges, fold, inclusion_ranges, pieces, root_of

STEP = 8
"""Levels between those that are kept: one hash for 256 of the level below. Measured in docs/decisions/0011-ledger.md."""
_AT_ONCE = 64
"""Subtrees that are made from one answer of the database."""


async def root_at(tx: Connection, size: int) -> bytes:
    """The root over the first `size` events. Raises LedgerBroken when some are gone."""
    return (await hashes_of(tx, [Range(0, size)], size))[0]


async def prove_inclusion(tx: Connection, seq: int, size: int) -> list[bytes]:
    """The path that proves event `seq` in the tree of `size` events."""
    return await hashes_of(tx, inclusion_ranges(seq, size), size)


async def prove_consistency(tx: Connection, old: int, new: int) -> list[bytes]:
    """The path that proves that the tree of `old` events is the beginning of that of `new`."""
    return await hashes_of(tx, consistency_ranges(old, new), new)


async def hashes_of(tx: Connection, ranges: Sequence[Range], size: int) -> list[bytes]:
    """The hash over each of `ranges` of the tree of `size` events."""
    subtrees = [pieces(part) for part in ranges]
    sources = [(_kept_level(s), _places(s)) for part in subtrees for s in part]
    known = await store.list_leaves(tx, [places for level, places in sources if level == 0])
    known |= await store.list_nodes(tx, [(level, places) for level, places in sources if level])

    def hash_of(subtree: Subtree) -> bytes:
        level = _kept_level(subtree)
        return root_of(known[Subtree(level, place)] for place in range(*_places(subtree)))

    try:
        return [fold([hash_of(subtree) for subtree in part]) for part in subtrees]
    except KeyError as error:
        raise LedgerBroken(size=size) from error


def _kept_level(subtree: Subtree) -> int:
    """The level that the hash of `subtree` is made from."""
    return subtree.level - subtree.level % STEP


def _places(subtree: Subtree) -> Range:
    """The places of `_kept_level` that it is made from."""
    up = subtree.level % STEP
    return Range(subtree.place << up, (subtree.place + 1) << up)


async def keep_nodes(tx: Connection, size: int) -> None:
    """Keep the roots of all complete subtrees among the first `size` events that are not kept yet."""
    level = STEP
    while size >> level:
        done, wanted = await store.count_nodes(tx, level), size >> level
        for first in range(done, wanted, _AT_ONCE):
            last = min(first + _AT_ONCE, wanted)
            made = await _subtrees(tx, level, Range(first, last), size)
            await store.insert_nodes(tx, level, first, made)
        level += STEP


async def _subtrees(tx: Connection, level: int, places: Range, size: int) -> list[bytes]:
    """The roots of `level` at `places`, from the kept level below."""
    below = level - STEP
    inside = Range(places.start << STEP, places.end << STEP)
    known = await (store.list_nodes(tx, [(below, inside)]) if below else store.list_leaves(tx, [inside]))
    if len(known) != inside.end - inside.start:
        raise LedgerBroken(size=size)
    ordered = [known[key] for key in sorted(known)]
    return [root_of(ordered[at : at + (1 << STEP)]) for at in range(0, len(ordered), 1 << STEP)]
