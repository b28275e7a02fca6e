"""A table of text cells in DuckDB, assessed by a contract: what the tests of check and conform start from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from nhip.datasets.assess import Assessment, assess
from nhip.datasets.conform.mapping import write_table
from nhip.datasets.contract.model import Contract, Field
from nhip.datasets.engine import ident, session
from nhip.datasets.model import DecodedColumn, DecodedTable
from nhip.settings import Settings

Row = Sequence[str | None]


class Outcome(NamedTuple):
    """The assessment, its findings as tuples (row, column, rule, severity, value, suggestion) and the version's rows."""

    assessment: Assessment
    findings: list[tuple[Any, ...]]
    version: list[tuple[Any, ...]]
    columns: list[str]

    def cells(self, *rules: str) -> list[tuple[int, str]]:
        """Row and column of the findings of `rules`; of all faults without any."""
        return [(f[0], f[1]) for f in self.findings if (f[2] in rules if rules else f[3] != "mended")]

    def column(self, name: str) -> list[Any]:
        """The values of a column of the version."""
        return [row[self.columns.index(name)] for row in self.version]


@pytest.fixture
def con(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with session(Settings(data_dir=tmp_path, memory_mb=200)) as connection:
        yield connection


@pytest.fixture
def check(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> Callable[..., Outcome]:
    """`check(fields or contract, rows, names=None, **options)`; rows are numbered from 2, as below a header."""
    return lambda contract, rows, names=None, **options: run(con, tmp_path, contract, rows, names, options)


def run(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    contract: Contract | Sequence[Field],
    rows: Sequence[Row],
    names: Sequence[str] | None,
    options: dict[str, Any],
) -> Outcome:
    if not isinstance(contract, Contract):
        contract = Contract(id="c", version="1", dataset="d", fields=tuple(contract))
    names = list(names or [field.name for field in contract.fields])
    con.execute(
        f"CREATE OR REPLACE TABLE delivered (_row BIGINT, {', '.join(ident(name) + ' VARCHAR' for name in names)})"
    )
    if rows:
        write_table(con, "delivered", [(number, *row) for number, row in enumerate(rows, 2)])
    table = DecodedTable(
        name="t", rows=len(rows), columns=[DecodedColumn(name=name) for name in names], relation="delivered"
    )
    options = {"write_version": folder / "version.parquet", **options}
    table = options.pop("table", table)
    made = assess(con, table, contract, work=folder, findings=folder / "findings.parquet", **options)
    findings = con.execute("SELECT * FROM read_parquet(?)", [str(made.findings_path)]).fetchall()
    version, columns = [], []
    if made.version_path:
        result = con.execute("SELECT * FROM read_parquet(?)", [str(made.version_path)])
        columns = [column[0] for column in result.description]
        version = result.fetchall()
    return Outcome(made, findings, version, columns)
