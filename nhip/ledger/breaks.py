"""What happened where the chain of rows breaks, read from which rows still follow which.

Every row's chain value names the row before it by its hash. Rows that were moved, added or taken away keep pointing to their
old neighbours, unless the forger made the chain anew; the tree heads show that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from nhip.kernel.i18n import _
from nhip.ledger.proofs import chain_hash


class Break(NamedTuple):
    """A row whose chain value does not follow from its own body and the row before it."""

    seq: int
    leaf: bytes
    """Made from its body."""
    chain: bytes
    before: bytes
    """Chain value of the row before."""
    before_that: bytes
    """Chain value of the row before that."""

    def follows(self, chain: bytes) -> bool:
        """Whether this row was written behind the row with this chain value."""
        return chain_hash(chain, self.leaf) == self.chain


def explain(breaks: list[Break], missing: int) -> Iterator[tuple[str, int, str]]:
    """Kind, seq and words of what happened at each break; `missing` is how many rows there are too few, below 0 too many."""
    at = {one.seq: one for one in breaks}
    skipping = {one.seq - 1 for one in breaks if one.follows(one.before_that)}
    """Rows that their follower does not know: they came between."""
    for seq in sorted({*at, *skipping}):
        one, last, following = at.get(seq), at.get(seq - 1), at.get(seq + 1)
        moved = one is not None and _is_moved(one, breaks)
        if seq in skipping and (missing < 0 or not moved):
            yield "inserted", seq, _("nothing was recorded here: the event after it follows the one before it")
        elif moved:
            yield "reordered", seq, _("this event was recorded at another place")
        elif one is None or _has_other_chain(last, one):
            continue
        elif _has_other_chain(one, following):
            yield "edited", seq, _("the chain value of this event was changed")
        elif missing > 0:
            yield "removed", seq, _("events before this one are gone")
        else:
            yield "edited", seq, _("this event is not the one that was recorded here")


def _is_moved(one: Break, breaks: list[Break]) -> bool:
    """Whether the row follows another row near a break, or the row that belongs here is at another break."""
    chains = {chain for other in breaks for chain in (other.chain, other.before, other.before_that)}
    return any(one.follows(chain) for chain in chains) or any(
        chain_hash(one.before, other.leaf) == one.chain for other in breaks
    )


def _has_other_chain(one: Break | None, following: Break | None) -> bool:
    """Whether all is well with two rows but for the chain value of the first."""
    return one is not None and following is not None and following.follows(chain_hash(one.before, one.leaf))
