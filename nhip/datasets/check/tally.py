"""Counting findings: by rule for people, and by what they mean for the virtues."""

from __future__ import annotations

import msgspec

from nhip.datasets.conform.plan import Plan, Room

PLACE_KINDS = {"commune", "district", "province", "address"}
DOUBLES = ("unique", "primaryKey", "duplicate")
LOST = "text.lost"


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What the virtues are made of; counts of cells and rows of the delivery. The formulas are in `virtues.py`."""

    rows: int
    rows_expected: int
    """The contract's least number of rows; the delivered number where it names none."""
    rows_faulty: int
    """Rows with a cell or a row rule at fault (severity error or fatal; not counting empty cells and doubles)."""
    rows_double: int
    """Rows that repeat an earlier one: in a unique column, the primary key or a business key."""
    required_cells: int
    required_missing: int
    cells: int
    cells_mended: int
    """Cells that were not canonical as delivered and are now."""
    cells_broken: int
    """Cells whose text could not be read, or whose letters are lost."""
    coded_cells: int
    """Cells of columns with a code table (enum, place, reference to another dataset)."""
    coded_faults: int
    """Those that are not on it."""


def count_findings(room: Room) -> tuple[dict[str, int], dict[str, int]]:
    """Faults by rule, and mends by rule."""
    query = f"SELECT rule, severity = 'mended', count(*) FROM {room.table('findings')} GROUP BY ALL ORDER BY rule"
    counted = room.con.execute(query).fetchall()
    faults = {rule: count for rule, mended, count in counted if not mended}
    return faults, {rule: count for rule, mended, count in counted if mended}


def make_tally(room: Room, plan: Plan, rows: int) -> Tally:
    """The counts for the virtues, over everything that was delivered (rows in quarantine too)."""
    contract = plan.contract
    required = [field for field in contract.fields if field.required or field.primary_key]
    lacking = [field for field in required if field in plan.missing]
    coded = {field.name for field in contract.fields if field.enum or field.kind in PLACE_KINDS}
    coded |= {name for reference in contract.references for name in reference.columns}
    present = [column for column in plan.columns if column.field.name in coded]
    faulty, double, missing, mended, broken, uncoded = _counts(room)
    return Tally(
        rows=rows,
        rows_expected=max(contract.min_rows or rows, 0),
        rows_faulty=faulty,
        rows_double=double,
        required_cells=rows * len(required),
        required_missing=missing + rows * len(lacking),
        cells=rows * len(plan.columns),
        cells_mended=mended,
        cells_broken=broken,
        coded_cells=rows * len(present),
        coded_faults=uncoded,
    )


def _counts(room: Room) -> tuple[int, int, int, int, int, int]:
    doubles = ", ".join(f"'{rule}'" for rule in DOUBLES)
    unread = f"(rule = 'type' OR rule = '{LOST}' OR rule LIKE '%.unreadable')"
    row = room.con.execute(
        f"""SELECT count(DISTINCT "row") FILTER (severity IN ('error', 'fatal') AND rule NOT IN ({doubles}, 'required')),
            count(DISTINCT "row") FILTER (rule IN ({doubles})),
            count(*) FILTER (rule = 'required'),
            count(*) FILTER (severity = 'mended'),
            count(*) FILTER (severity <> 'mended' AND {unread}),
            count(*) FILTER (rule IN ('enum', 'reference') OR (rule LIKE 'place.%' AND severity <> 'mended'))
        FROM {room.table("findings")} WHERE "row" > 0"""
    ).fetchone()
    assert row is not None
    faulty, double, missing, mended, broken, uncoded = (int(count) for count in row)
    return faulty, double, missing, mended, broken, uncoded
