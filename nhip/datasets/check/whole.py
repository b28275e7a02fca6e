"""Rules over the table as a whole: columns that are missing or unknown, the number of rows, what decoding found."""

from __future__ import annotations

from nhip.datasets.conform.mapping import severity_of
from nhip.datasets.conform.plan import Plan, Room
from nhip.datasets.engine import literal


def find_whole_faults(room: Room, plan: Plan, rows: int) -> None:
    """Write the findings with row 0, and those that decoding left (under the contract's column names)."""
    keys = set(plan.contract.key)
    for field in plan.missing:
        must = field.required or field.name in keys
        severity = severity_of(field, "column.missing", "error", key=must)
        _tell(
            room,
            field.name,
            "column.missing",
            severity,
            "",
            ", ".join(column.name for column in plan.table.columns)[:500],
        )
    for name in plan.unknown:
        _tell(room, name, "column.unknown", "warning", name, "")
    contract = plan.contract
    if contract.min_rows is not None and rows < contract.min_rows:
        _tell(room, "", "rows.minimum", "error", str(rows), str(contract.min_rows))
    if contract.max_rows is not None and rows > contract.max_rows:
        _tell(room, "", "rows.maximum", "error", str(rows), str(contract.max_rows))
    if plan.table.findings is not None and not plan.as_delivered:
        _take_over(room, plan)


def _tell(room: Room, column: str, rule: str, severity: str, value: str, suggestion: str) -> None:
    values = [column, rule, severity, value, suggestion]
    room.con.execute(f"INSERT INTO {room.table('findings')} VALUES (0, ?, ?, ?, ?, ?)", values)


def _take_over(room: Room, plan: Plan) -> None:
    names = {column.source: column.field.name for column in plan.columns}
    renamed = " ".join(f"WHEN {literal(source)} THEN {literal(name)}" for source, name in names.items())
    room.con.execute(
        f'INSERT INTO {room.table("findings")} SELECT "row", CASE "column" {renamed} ELSE "column" END, "rule", severity, value, '
        f"suggestion FROM read_parquet({literal(str(plan.table.findings))})"
    )
