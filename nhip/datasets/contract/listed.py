"""Lists of valid values drafted from what a column holds."""

from __future__ import annotations

from collections import Counter, defaultdict
from statistics import median

from nhip.datasets.contract.guessed import Guess
from nhip.datasets.contract.headers import Header
from nhip.kernel.text import canonical, fold
from nhip.kernel.values.cleaning import blank, clean

MOST = 30
RARE = 0.002
"""Part of the rows below which a value is taken for a mistake."""
FEW = 3
"""So is one that stands less often than this where the others stand much more often."""
_KINDS = {"", "district"}


def valid_values(counts: dict[str, int], best: Guess, header: Header) -> tuple[str, ...]:
    """The values of a column with few of them, the usual writing of each, the frequent ones first; empty if it is no list.

    Writings that differ in case, marks or blanks only are one value; blanks and rare values are left out.
    """
    if best.type != "string" or best.kind not in _KINDS or "free" in header.hints:
        return ()
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    for text, count in counts.items():
        if not blank(clean(text)):
            groups[fold(text)][canonical(text)] += count
    total = sum(group.total() for group in groups.values())
    usual = median(group.total() for group in groups.values()) if groups else 0
    least = max(RARE * total, min(FEW, usual / 6))
    kept = {fold_: group for fold_, group in groups.items() if group.total() >= least}
    hinted = "category" in header.hints
    repeats = total / max(1, len(kept))
    if not 2 <= len(kept) <= MOST or repeats < (3 if hinted else 8) or total < 12:
        return ()
    if any(len(text) > 80 for text in counts):
        return ()
    ordered = sorted(kept.values(), key=lambda group: -group.total())
    return tuple(group.most_common(1)[0][0] for group in ordered)
