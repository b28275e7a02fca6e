"""Two officers at the same cell: whoever saves second is asked, and neither loses what they typed."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

import msgspec

from nhip.datasets.corrections import CellFix
from nhip.datasets.personal import Sight
from nhip.datasets.records import Correction


class Clash(msgspec.Struct, frozen=True):
    """A cell that somebody corrected otherwise since the page was made: what is asked now, and what stands there."""

    fix: CellFix
    theirs: Correction


class Sorted(msgspec.Struct, frozen=True):
    """What was sent: cells to save, cells that say so already (a form sent twice), cells to ask about."""

    new: list[CellFix]
    known: list[CellFix]
    clashes: list[Clash]


def in_force(made: Iterable[Correction]) -> list[Correction]:
    """Of several corrections of one cell the last, which is the one that counts; taking it back lets the one before count."""
    return list({(one.delivery_id, one.row_no, one.column_name): one for one in made}.values())


def corrected_in(made: Iterable[Correction], delivery_id: uuid.UUID, row: int, sight: Sight) -> dict[str, Correction]:
    """What of one row is corrected, by column; never what is personal."""
    mine = [one for one in in_force(made) if (one.delivery_id, one.row_no) == (delivery_id, row)]
    return {one.column_name: one for one in mine if not sight.is_private(one.column_name)}


def as_delivered(
    cells: list[tuple[str, str, str | None]], corrected: dict[str, Correction]
) -> list[tuple[str, str, str | None]]:
    """Cells (column, header, text) of a row as they came, whatever was laid over them."""
    return [(c, header, corrected[c].was if c in corrected else text) for c, header, text in cells]


def sort(fixes: list[CellFix], made: Iterable[Correction], delivery_id: uuid.UUID, seen: datetime | None) -> Sorted:
    """Hold `fixes` of a page that was made at `seen` against the corrections of the same delivery, oldest first."""
    there = {(one.row_no, one.column_name): one for one in made if one.delivery_id == delivery_id}
    found = Sorted([], [], [])
    for fix in fixes:
        theirs = there.get((fix.row, fix.column))
        if theirs is not None and theirs.now == fix.now:
            found.known.append(fix)
        elif theirs is not None and seen is not None and theirs.made_at > seen:
            found.clashes.append(Clash(fix, theirs))
        else:
            found.new.append(fix)
    return found
