"""What two releases tell together: who holds both sees in which groups of people few came, left or changed.

k-anonymity holds for each release alone; by subtracting one from the other (differencing) smaller groups come out. They are
looked for by the values of the columns by which a person could be found, in what one release has and the other has not.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from nhip.datasets.engine import ident


def few_changed(
    con: duckdb.DuckDBPyConnection, table: str, former: str, quasi: Sequence[str], wanted_k: int, weight: str = ""
) -> int:
    """Rows of `table` and `former` (SQL sources) that one of them alone has, in groups by `quasi` of fewer than `wanted_k`.

    With `weight`, a column of counts, the people by whom the counts of groups differ. 0 where the two cannot be compared.
    """
    kinds = _kinds(con, former)
    common = [name for name, kind in _kinds(con, table).items() if kinds.get(name) == kind]
    if not quasi or not {*quasi, *([weight] if weight else [])} <= set(common):
        return 0
    query = _of_counts(table, former, quasi, weight) if weight else _of_rows(table, former, quasi, common)
    row = con.execute(f"select coalesce(sum(n), 0) from ({query}) where n between 1 and ?", [wanted_k - 1]).fetchone()
    return int(row[0]) if row else 0


def _kinds(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    return {str(row[0]): str(row[1]) for row in con.execute(f"describe select * from {table}").fetchall()}


def _of_rows(table: str, former: str, quasi: Sequence[str], common: Sequence[str]) -> str:
    keys, columns = ", ".join(map(ident, quasi)), ", ".join(map(ident, common))

    def only_in(one: str, other: str) -> str:
        rows = f"select {columns} from {one} except all select {columns} from {other}"
        return f"select count(*) as n from ({rows}) group by {keys}"

    return f"{only_in(table, former)} union all {only_in(former, table)}"


def _of_counts(table: str, former: str, quasi: Sequence[str], weight: str) -> str:
    keys, people = ", ".join(map(ident, quasi)), ident(weight)
    both = f"select {keys}, {people} as n from {table} union all select {keys}, -{people} as n from {former}"
    return f"select abs(sum(n)) as n from ({both}) group by {keys}"
