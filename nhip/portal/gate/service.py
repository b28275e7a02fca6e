"""Whether a treated table may be open: recognisers over every text cell, what the contract calls personal, small groups."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from nhip.datasets.contract.model import Contract
from nhip.datasets.contract.profile import PERSONAL
from nhip.datasets.engine import ident
from nhip.kernel.i18n import _
from nhip.kernel.time import today
from nhip.portal.gate.policy import policy_at
from nhip.portal.gate.recognisers import RECOGNISERS, Recogniser
from nhip.portal.model import GateReport, OpenColumn, Suspicion

_UNTOUCHED = ("keep", "round")
_LONGEST_PREFIX = 3
"""Characters of a personal value that say no more than its beginning; a longer one would be the value itself."""
_OPEN_KINDS = {"address"}
"""Kinds that belong to places as often as to people; alone they identify nobody."""
_BLOCKS = {
    "declared": _("A column that the contract calls personal, or that holds people's identifiers, is open as it is."),
    "found": _("Cells hold what looks like identifiers of people."),
}


def examine(
    con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[OpenColumn], contract: Contract | None
) -> GateReport:
    """Look at `table` (an SQL source whose columns are `columns`). Every cell is looked at, none is kept but masked examples."""
    declared = _declared(columns, contract)
    found = [s for column in columns if column.type == "text" for s in _suspicions(con, table, column.name)]
    blocks = ["declared"] * bool(declared) + ["found"] * any(RECOGNISERS[s.what].blocks for s in found)
    warns = sorted({s.what for s in found if not RECOGNISERS[s.what].blocks})
    return GateReport(
        open=not blocks,
        blocks=[_BLOCKS[name] for name in blocks],
        warns=[RECOGNISERS[name].title for name in warns],
        suspicions=[*declared, *found],
        policy=policy_at(today()).name,
    )


def _declared(columns: Sequence[OpenColumn], contract: Contract | None) -> list[Suspicion]:
    said = {f.name for f in contract.fields if f.classification in ("personal", "sensitive")} if contract else set()
    personal = PERSONAL.keys() - _OPEN_KINDS
    return [
        Suspicion(column=c.name, what="declared", cells=0)
        for c in columns
        if (c.act in _UNTOUCHED or (c.act == "prefix" and c.to > _LONGEST_PREFIX))
        and (c.name in said or c.kind in personal)
    ]


def _suspicions(con: duckdb.DuckDBPyConnection, table: str, column: str) -> list[Suspicion]:
    cell = ident(column)
    counted = ", ".join(f"count(*) filter (where {r.matches(cell)})" for r in RECOGNISERS.values())
    row = con.execute(f"select {counted} from {table} where {cell} is not null").fetchone() or ()
    named = zip(RECOGNISERS.items(), row, strict=True)
    return [_found(con, table, column, name, recogniser, n) for (name, recogniser), n in named if n]


def _found(
    con: duckdb.DuckDBPyConnection, table: str, column: str, name: str, recogniser: Recogniser, cells: int
) -> Suspicion:
    cell = ident(column)
    row = con.execute(f"select {cell} from {table} where {recogniser.matches(cell)} limit 1").fetchone()
    return Suspicion(column=column, what=name, cells=cells, example=masked(str(row[0])) if row else "")


def masked(text: str) -> str:
    """The shape alone, so that an official finds the cell and nobody else learns from it."""
    return "".join("0" if c.isdigit() else "x" if c.isalpha() else c for c in text[:40])
