"""Asking the versions in force: one SELECT by DuckDB over Parquet, in a session that reaches nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import duckdb

from nhip.datasets.engine import ident, literal, session
from nhip.datasets.errors import NoVersionYet
from nhip.datasets.model import ROW
from nhip.datasets.store import find_version_in_force, get_dataset
from nhip.db.installation import Installation
from nhip.errors import BadInput


class BadQuery(BadInput):
    """This query over {datasets} cannot be run: {what}"""


async def ask(
    installation: Installation, sql: str, datasets: Sequence[str], values: Sequence[Any] = ()
) -> list[dict[str, Any]]:
    """Rows of `sql` as dictionaries. Each of `datasets` is a table of its own name (`"bus-stops"` in quotes).

    Raises DatasetNotFound, NoVersionYet, BadQuery.
    """
    paths = {}
    async with installation.db.read() as tx:
        for name in datasets:
            version = await find_version_in_force(tx, await get_dataset(tx, name))
            if version is None:
                raise NoVersionYet(name=name)
            paths[name] = str(installation.objects.path(version.object))
    return await asyncio.to_thread(_ask, installation, sql, paths, list(values))


def _ask(installation: Installation, sql: str, paths: dict[str, str], values: list[Any]) -> list[dict[str, Any]]:
    with session(installation.settings) as con:
        for name, path in paths.items():
            source = f"select * exclude ({ROW}) from read_parquet({literal(path)})"
            con.execute(f"create temp view {ident(name)} as {source}")
        try:
            result = con.execute(sql, values)
            columns = [column[0] for column in result.description or []]
            return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]
        except duckdb.Error as error:
            raise BadQuery(datasets=", ".join(paths), what=str(error).splitlines()[0]) from error
