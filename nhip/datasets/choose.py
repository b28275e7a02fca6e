"""Which table of a file a contract speaks of, and which delivered column each of its columns is.

Needs no installation: `nhip check` starts without the code of the database.
"""

from __future__ import annotations

import msgspec

from nhip.datasets.check.errors import OtherColumns
from nhip.datasets.conform.columns import match_columns
from nhip.datasets.contract.model import Contract, Field
from nhip.datasets.engine import ident
from nhip.datasets.errors import TableNotInFile
from nhip.datasets.model import ROW, Decoded, DecodedColumn, DecodedTable
from nhip.kernel.text import canonical, fold


def choose_table(decoded: Decoded, contract: Contract | None, filename: str, dataset: str) -> DecodedTable:
    """The table that the contract speaks of: by name or sheet if it names one, else the one with most of its columns.

    Raises TableNotInFile.
    """
    tables = [t for t in decoded.tables if t.columns]
    if contract is None:
        best = max(tables, key=lambda t: t.rows, default=None)
    elif contract.table:
        wanted = fold(contract.table)
        best = next((t for t in tables if wanted in (fold(t.name), fold(t.sheet))), None)
    else:
        best = max(tables, key=lambda t: (_fitting(contract, t), t.rows), default=None)
        best = best if best is not None and _fitting(contract, best) else _empty_one(decoded, contract)
    if best is None:
        names = "; ".join(f"{t.name} ({', '.join(c.name for c in t.columns[:6])}…)" for t in tables) or "-"
        raise TableNotInFile(file=filename, dataset=dataset, tables=names)
    return best


def _empty_one(decoded: Decoded, contract: Contract) -> DecodedTable | None:
    """The table of a file of records that holds none (an empty NDJSON, `[]`): nothing names its columns, so it has the agreed
    ones, without a row. None for any other file."""
    if decoded.format not in ("json", "ndjson", "geojson") or len(decoded.tables) != 1 or decoded.tables[0].rows:
        return None
    cells = ", ".join(f"NULL::VARCHAR AS {ident(field.name)}" for field in contract.fields)
    columns = [DecodedColumn(name=field.name) for field in contract.fields]
    relation = f"(SELECT NULL::BIGINT AS {ROW}, {cells} WHERE false)"
    return msgspec.structs.replace(decoded.tables[0], columns=columns, relation=relation)


def _fitting(contract: Contract, table: DecodedTable) -> int:
    """How many of the contract's columns the table has."""
    try:
        return len(delivered_names(contract, table))
    except OtherColumns:
        return 0


def titled(contract: Contract, table: DecodedTable, titles: dict[str, str]) -> tuple[Field, ...]:
    """The drafted columns under the titles that the source gives them."""
    headers = delivered_names(contract, table) if titles else {}
    named = {field: canonical(titles.get(header, "")).strip() for field, header in headers.items()}
    return tuple(
        msgspec.structs.replace(field, title=named[field.name]) if named.get(field.name) else field
        for field in contract.fields
    )


def delivered_names(contract: Contract, table: DecodedTable) -> dict[str, str]:
    """The delivered header of each column of the contract that the table has."""
    sources = match_columns(contract, [c.name for c in table.columns]).sources
    return {field.name: source for field, source in zip(contract.fields, sources, strict=True) if source is not None}
