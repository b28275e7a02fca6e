"""What a treatment takes away: rows, cells and distinct values, before and after, with a few cells as they would be open."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

import duckdb
import msgspec

from nhip.datasets.contract.model import Contract
from nhip.datasets.engine import ident, literal, session
from nhip.datasets.model import ROW
from nhip.datasets.personal import MASK, Protection, protection_of
from nhip.datasets.records import Version
from nhip.db.installation import Installation
from nhip.portal.gate.anonymity import anonymity_of
from nhip.portal.gate.service import people_in
from nhip.portal.model import Act, ActName
from nhip.portal.releases import OpenTable, source_of
from nhip.portal.treatment import KEEP, changed, fields_of, open_columns

SAMPLE, WIDEST, LONGEST = 3, 200, 60
"""Rows shown, columns compared, characters of a cell."""
_ABOUT_GROUPS = ("few", "alike")
"""Findings about groups: their cells are the generalised ones that whoever proposes has to judge."""


class ColumnLoss(msgspec.Struct, frozen=True, kw_only=True):
    """One column: distinct values (HyperLogLog, about 2 % off) before and after, cells that are not what they were, and examples
    of cells before and after, or `•••`."""

    column: str
    act: ActName
    before: int
    after: int
    changed: int = 0
    was: list[str] = []
    examples: list[str] = []


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """What a whole table loses. `k_before`: the smallest group of people if nothing were done; None where rows are no people."""

    rows_before: int
    rows_after: int
    k_before: int | None
    columns: list[ColumnLoss]


async def loss_of(
    installation: Installation, version: Version, table: OpenTable, contract: Contract | None, hidden: Collection[str]
) -> Loss:
    """Compare a treated table, whose file is still there, with its version; columns in `hidden` show no cell."""
    return await asyncio.to_thread(_loss, installation, version, table, contract, hidden)


def _loss(
    installation: Installation, version: Version, table: OpenTable, contract: Contract | None, hidden: Collection[str]
) -> Loss:
    kinds = {column["name"]: column["type"] for column in version.manifest["columns"]}
    names, open_names = list(table.acts)[:WIDEST], {column.name for column in table.columns}
    kept = [name for name in names if name in open_names]
    source, made = source_of(installation, version), f"read_parquet({literal(str(table.file))})"
    with session(installation.settings) as con:
        before, after = _distinct(con, source, names), _distinct(con, made, kept)
        moved = _changed(con, source, {name: table.acts[name] for name in names}, kinds)
        was, now = _rows(con, f"{source} order by {ROW}", names), _rows(con, made, kept)
        k_before = _k_before(con, source, kinds, table, contract)
        row = con.execute(f"select count(*) from {source}").fetchone()
    told = (s for s in table.report.suspicions if s.what not in _ABOUT_GROUPS)
    secret = {*hidden, *(name for s in told for name in s.column.split(" + "))}
    columns = [
        ColumnLoss(
            column=name,
            act=table.acts[name].act if name in open_names else "drop",
            before=before[name],
            after=after.get(name, 0),
            changed=moved.get(name, 0),
            was=_shown(was.get(name, []), name in secret),
            examples=_shown(now.get(name, []), name in secret),
        )
        for name in names
    ]
    return Loss(rows_before=int(row[0]) if row else 0, rows_after=table.rows, k_before=k_before, columns=columns)


def _shown(texts: list[str], secret: bool) -> list[str]:
    return [MASK] * len(texts) if secret else texts


def _k_before(
    con: duckdb.DuckDBPyConnection, source: str, kinds: Mapping[str, str], table: OpenTable, contract: Contract | None
) -> int | None:
    whole = open_columns({name: KEEP for name in kinds if name != ROW}, kinds, contract)
    protection = protection_of(contract) if contract else Protection()
    people = people_in(con, source, whole, fields_of(kinds, contract), protection, contract, table.shaping)
    return anonymity_of(con, source, people.of("quasi"), [], table.report.wanted_k).k


def _changed(
    con: duckdb.DuckDBPyConnection, source: str, acts: Mapping[str, Act], kinds: Mapping[str, str]
) -> dict[str, int]:
    """Cells that are not what they were: all that were filled where a column is left out."""
    touched = [(name, act) for name, act in acts.items() if act.act != "keep"]
    if not touched:
        return {}
    cells, counts = [], []
    for place, (name, act) in enumerate(touched):
        new = "null" if act.act == "drop" else f"cast({changed(name, act, kinds[name])} as varchar)"
        cells.append(f"cast({ident(name)} as varchar) as a{place}, {new} as b{place}")
        counts.append(f"count(*) filter (where a{place} is distinct from b{place})")
    row = con.execute(f"select {', '.join(counts)} from (select {', '.join(cells)} from {source})").fetchone() or ()
    return {name: int(count) for (name, _act), count in zip(touched, row, strict=True)}


def _distinct(con: duckdb.DuckDBPyConnection, source: str, names: list[str]) -> dict[str, int]:
    if not names:
        return {}
    counted = ", ".join(f"approx_count_distinct({ident(name)})" for name in names)
    row = con.execute(f"select {counted} from {source}").fetchone() or ()
    return dict(zip(names, row, strict=True))


def _rows(con: duckdb.DuckDBPyConnection, source: str, names: list[str]) -> dict[str, list[str]]:
    if not names:
        return {}
    cells = ", ".join(f"left(cast({ident(name)} as varchar), {LONGEST})" for name in names)
    rows = con.execute(f"select {cells} from {source} limit {SAMPLE}").fetchall()
    return {name: [str(row[i]) for row in rows if row[i] is not None] for i, name in enumerate(names)}
