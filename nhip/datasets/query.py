"""Asking the versions in force: one SELECT by DuckDB over Parquet, in a session that reaches nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import duckdb

from nhip.datasets.access import require_reach
from nhip.datasets.engine import ident, literal, session
from nhip.datasets.errors import NoVersionYet
from nhip.datasets.model import ROW
from nhip.datasets.personal import Sight, shown, sight_of
from nhip.datasets.records import Version
from nhip.datasets.store import find_version_in_force, get_dataset
from nhip.db.installation import Installation
from nhip.errors import BadInput


class BadQuery(BadInput):
    """This query over {datasets} cannot be run: {what}"""


async def ask(
    installation: Installation, sql: str, datasets: Sequence[str], values: Sequence[Any] = ()
) -> list[dict[str, Any]]:
    """Rows of `sql` as dictionaries. Each of `datasets` is a table of its own name (`"bus-stops"` in quotes).

    Personal cells are NULL, so that nothing about them can be asked either; what may not be read is not there.
    Raises DatasetNotFound, NoVersionYet, BadQuery.
    """
    tables = {}
    async with installation.db.read() as tx:
        for name in datasets:
            dataset = await get_dataset(tx, name)
            require_reach(dataset)
            version = await find_version_in_force(tx, dataset)
            if version is None:
                raise NoVersionYet(name=name)
            tables[name] = _table(installation, version, await sight_of(tx, dataset, version))
    return await asyncio.to_thread(_ask, installation, sql, tables, list(values))


def _table(installation: Installation, version: Version, sight: Sight) -> str:
    kinds = {column["name"]: column["type"] for column in version.manifest["columns"] if column["name"] != ROW}
    cells = shown(sight, {name: name for name in kinds}, kinds, empty=True)
    path = installation.objects.path(version.object)
    return f"select {', '.join(cells)} from read_parquet({literal(str(path))})"


def _ask(installation: Installation, sql: str, tables: dict[str, str], values: list[Any]) -> list[dict[str, Any]]:
    with session(installation.settings) as con:
        for name, table in tables.items():
            con.execute(f"create temp view {ident(name)} as {table}")
        try:
            result = con.execute(sql, values)
            columns = [column[0] for column in result.description or []]
            return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]
        except duckdb.Error as error:
            raise BadQuery(datasets=", ".join(tables), what=str(error).splitlines()[0]) from error
