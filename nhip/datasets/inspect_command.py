"""`nhip inspect FILE`: what a file holds, before anything is agreed about it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import click
import duckdb
import msgspec

from nhip.datasets.contract.profile import ColumnProfile, profile
from nhip.datasets.decode import decode
from nhip.datasets.engine import session
from nhip.datasets.model import Decoded, DecodedTable, Problem
from nhip.db.terminal import print_json, print_table
from nhip.settings import Settings


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "wants_json", is_flag=True, help="Print JSON for scripts.")
@click.pass_obj
def inspect(settings: Settings, file: Path, wants_json: bool) -> None:
    """Say what FILE holds: format, letters, tables, columns with type, unit and likely personal data, problems."""
    folder = Path(tempfile.mkdtemp(prefix="nhip-inspect-"))
    settings = msgspec.structs.replace(settings, data_dir=folder)
    try:
        with session(settings, reach=[file]) as con:
            decoded = decode(file, folder, settings, filename=file.name, con=con)
            report = report_of(con, decoded)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print_json(report) if wants_json else _print(report)


def report_of(con: duckdb.DuckDBPyConnection, decoded: Decoded) -> dict[str, Any]:
    """The stable shape of `nhip inspect --json`."""
    return {
        "format": decoded.format,
        "encoding": decoded.encoding,
        "tables": [_table(con, table) for table in decoded.tables],
        "problems": [_problem(problem) for problem in decoded.problems],
    }


def _table(con: duckdb.DuckDBPyConnection, table: DecodedTable) -> dict[str, Any]:
    columns = profile(con, table) if table.columns else []
    rows = columns[0].rows if columns else table.rows
    named = {"name": table.name, "sheet": table.sheet, "header_rows": table.header_rows, "rows": rows}
    return {**named, "columns": [_column(c) for c in columns]}


def _column(column: ColumnProfile) -> dict[str, Any]:
    return {
        "name": column.name,
        "type": column.type,
        "kind": column.kind,
        "encoding": column.encoding,
        "pattern": column.pattern,
        "unit": column.unit,
        "pii": column.pii,
        "sure": round(column.sure, 2),
    }


def _problem(problem: Problem) -> dict[str, Any]:
    text = problem.message.format(**problem.values)
    where = {"table": problem.table, "column": problem.column, "row": problem.row}
    return {"code": problem.code, "severity": problem.severity, **where, "message": text}


def _print(report: dict[str, Any]) -> None:
    click.echo(f"{report['format']} · {report['encoding']}")
    for table in report["tables"]:
        click.echo(f"\n{table['name']} {table['sheet']} · {table['rows']} rows · header {table['header_rows']}")
        columns = ("name", "type", "kind", "encoding", "pattern", "unit", "pii", "sure")
        print_table(columns, ([c[k] for k in columns] for c in table["columns"]))
    for problem in report["problems"]:
        click.echo(f"! {problem['message']}")
