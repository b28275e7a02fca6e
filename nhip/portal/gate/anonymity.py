"""k-anonymity and distinct l-diversity of a table, by grouping in DuckDB.

k (Samarati and Sweeney 1998): the fewest rows that share the values of all columns by which a person could be found.
l (Machanavajjhala et al. 2007, distinct form): the fewest different values that a sensitive column has within such a group.
An empty cell is a value like others, but a group in which a column is empty throughout says nothing of anybody.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import msgspec

from nhip.datasets.engine import ident


class Anonymity(msgspec.Struct, frozen=True, kw_only=True):
    """`k` and `l` as above, None where there is nothing to group, or nothing sensitive. `few_rows`: rows in groups too small."""

    k: int | None = None
    l: int | None = None  # noqa: E741 - the letter of l-diversity
    few_rows: int = 0


def anonymity_of(
    con: duckdb.DuckDBPyConnection,
    table: str,
    quasi: Sequence[str],
    sensitive: Sequence[str],
    wanted_k: int,
    weight: str = "",
) -> Anonymity:
    """Measure `table` (an SQL source). `weight`: the column that says for how many people a row of counts stands."""
    if not quasi:
        return Anonymity()
    keys = ", ".join(map(ident, quasi))
    people = f"sum({ident(weight)})" if weight else "count(*)"
    groups = f"select {people} as n from {table} group by {keys}"
    row = con.execute(f"select min(n), coalesce(sum(n) filter (n < ?), 0) from ({groups})", [wanted_k]).fetchone() or (
        None,
        0,
    )
    spread = [_diversity(con, table, keys, name) for name in sensitive]
    found = [one for one in spread if one is not None]
    return Anonymity(k=None if row[0] is None else int(row[0]), l=min(found) if found else None, few_rows=int(row[1]))


def _diversity(con: duckdb.DuckDBPyConnection, table: str, keys: str, name: str) -> int | None:
    """Two plain groupings: to count distinct values within each group, DuckDB would keep a set for each."""
    cell = ident(name)
    values = f"select {keys}, {cell} as said from {table} group by all"
    groups = f"select count(*) as n, count(said) as filled from ({values}) group by {keys}"
    row = con.execute(f"select min(n) from ({groups}) where filled > 0").fetchone()
    return None if row is None or row[0] is None else int(row[0])
