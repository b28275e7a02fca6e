"""The six virtues as numbers, 0-100. Each formula is in its function's docstring and, in words, in docs/reference/virtues.md.

The counts come from an assessment (`check.tally.Tally`), over everything delivered; age and sharing come from the caller.
A score is None where there is nothing to judge, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nhip.datasets.check.tally import Tally
from nhip.datasets.model import Virtues

GRACE = 1.1
"""A delivery may be late by a tenth of the cadence before it counts as late."""


def scores(facts: Tally | Mapping[str, Any]) -> Virtues:
    """The virtues that an assessment alone decides (`live` and `shared` stay None). `facts` is a Tally or its fields."""
    names = Tally.__struct_fields__
    tally = facts if isinstance(facts, Tally) else Tally(**{name: facts[name] for name in names})
    return Virtues(
        accurate=accurate_score(tally),
        complete=complete_score(tally),
        clean=clean_score(tally),
        clean_delivered=clean_delivered_score(tally),
        consistent=consistent_score(tally, int(facts.get("compared_cells", 0)), int(facts.get("conflict_cells", 0)))
        if isinstance(facts, Mapping)
        else consistent_score(tally),
    )


def accurate_score(tally: Tally) -> float | None:
    """Đúng: 100 x (1 - faulty rows / rows). Faulty: a value of the wrong type, form or range, or a broken row rule."""
    return _share(tally.rows - tally.rows_faulty, tally.rows)


def complete_score(tally: Tally) -> float | None:
    """Đủ: 100 x (required cells filled / required cells) x min(1, rows / expected rows).

    With no required column the first factor is 1; without rows the score is 0 if some are expected, else None.
    """
    if not tally.rows:
        return 0.0 if tally.rows_expected else None
    cells = (tally.required_cells - tally.required_missing) / tally.required_cells if tally.required_cells else 1.0
    return _rounded(100 * max(0.0, cells) * min(1.0, tally.rows / max(tally.rows_expected, 1)))


def clean_score(tally: Tally) -> float | None:
    """Sạch after conform: 100 x (1 - broken cells / cells) x (1 - double rows / rows). Broken: unreadable, or letters lost."""
    return _cleanness(tally, tally.cells_broken)


def clean_delivered_score(tally: Tally) -> float | None:
    """Sạch as delivered: the same, with the cells that conform mended counted as broken."""
    return _cleanness(tally, tally.cells_broken + tally.cells_mended)


def consistent_score(tally: Tally, compared: int = 0, conflicts: int = 0) -> float | None:
    """Thống nhất: 100 x (1 - (coded cells off their code table + cells that another dataset says differently) / (coded cells +
    cells that another dataset holds too)). Coded: columns with an enum, places, references to other datasets. None without
    either."""
    return _share(tally.coded_cells - tally.coded_faults + compared - conflicts, tally.coded_cells + compared)


def live_score(age_days: float, cadence_days: float | None) -> float | None:
    """Sống: 100 while age <= 1.1 x cadence, then falling evenly to 0 at 3 x cadence. None without a cadence."""
    if not cadence_days or cadence_days <= 0:
        return None
    late = (age_days / cadence_days - GRACE) / (3 - GRACE)
    return _rounded(100 * min(1.0, max(0.0, 1 - late)))


def shared_score(*, described: float, grants: int, reads: int) -> float:
    """Dùng chung: 40 x share of the catalogue entries filled in + 30 if shared with somebody + 30 if read in the last 90 days."""
    return _rounded(40 * min(1.0, max(0.0, described)) + (30 if grants > 0 else 0) + (30 if reads > 0 else 0))


def _cleanness(tally: Tally, dirty: int) -> float | None:
    if not tally.rows or not tally.cells:
        return None
    cells = max(0.0, 1 - dirty / tally.cells)
    return _rounded(100 * cells * max(0.0, 1 - tally.rows_double / tally.rows))


def _share(good: int, whole: int) -> float | None:
    return _rounded(100 * max(0, good) / whole) if whole else None


def _rounded(score: float) -> float:
    """Two decimals, downwards: one fault in a million rows is not 100."""
    return int(score * 100 + 1e-6) / 100
