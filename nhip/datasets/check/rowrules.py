"""Row rules: an expression of the contract over its columns becomes one over the columns of our own tables.

The expression was judged when the contract was accepted; it is judged again here, as SQL from a file is never trusted.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from nhip.datasets.conform.plan import Column, Plan
from nhip.datasets.contract.expression import engine, validate_expression
from nhip.datasets.contract.model import RowRule
from nhip.datasets.model import Severity


class CompiledRule(NamedTuple):
    """`holds` is SQL over `v{at}`; `columns` are those it speaks of."""

    rule: RowRule
    holds: str
    columns: list[Column]

    @property
    def kept(self) -> str:
        """True where the rule holds or says nothing, NULL where it cannot be computed (a sum beyond 64 bits)."""
        return f"TRY(coalesce({self.holds}, true))"

    @property
    def faults(self) -> tuple[tuple[str, Severity, str], ...]:
        """Rule, severity and condition of the two ways to fail: not to hold, and to be beyond computing."""
        return (
            (f"row:{self.rule.name}", self.rule.severity, f"NOT {self.kept}"),
            (f"row.unjudged:{self.rule.name}", "warning", f"{self.kept} IS NULL"),
        )


def compile_rules(plan: Plan) -> list[CompiledRule]:
    """The row rules whose columns are all there; the others cannot be judged, and the missing column is a finding already.

    Raises ExpressionRefused.
    """
    types = {field.name: field.type for field in plan.contract.fields}
    by_name = {column.field.name.lower(): column for column in plan.columns}
    compiled = []
    for rule in plan.contract.row_rules:
        validate_expression(rule.holds, types)
        used: dict[str, Column | None] = {}
        holds = _renamed(rule.holds, {name.lower() for name in types}, by_name, used)
        columns = [column for column in used.values() if column]
        if len(columns) == len(used):
            compiled.append(CompiledRule(rule, holds, columns))
    return compiled


def _renamed(holds: str, names: set[str], by_name: dict[str, Column], used: dict[str, Column | None]) -> str:
    with engine() as con:
        row = con.execute("SELECT json_serialize_sql(?)", [f"SELECT (\n{holds}\n)"]).fetchone()
        tree = json.loads(row[0]) if row else {}
        _rename(tree, names, by_name, used)
        back = con.execute("SELECT json_deserialize_sql(?)", [json.dumps(tree)]).fetchone()
    assert back is not None
    return str(back[0]).removeprefix("SELECT ").rstrip("; ")


def _rename(node: Any, names: set[str], by_name: dict[str, Column], used: dict[str, Column | None]) -> None:
    if isinstance(node, list):
        for child in node:
            _rename(child, names, by_name, used)
    elif isinstance(node, dict):
        if node.get("class") == "COLUMN_REF":
            name = ".".join(node["column_names"]).lower()
            if name in names:  # else a name such as current_date
                column = used[name] = by_name.get(name)
                node["column_names"] = [column.value if column else name]
        for child in node.values():
            _rename(child, names, by_name, used)
