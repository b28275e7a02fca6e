"""How whole columns are written: the decimal mark of numbers, the order of day and month.

One value proves nothing about another, but a column does: where `13/04/2024` stands and no `04/13/2024`, `03/04/2024` is the
third of April. Only what the whole column proves without contradiction counts; the rest stays ambiguous and is told.
"""

from __future__ import annotations

from nhip.datasets.check.marks import marked
from nhip.datasets.conform.forms import Reading, form_of
from nhip.datasets.conform.plan import Column, Plan, Room
from nhip.datasets.engine import literal
from nhip.kernel.values.registry import evidence_for

_AMBIGUOUS = {
    "date": r"\D*[0-9]{1,2}\D{1,3}[0-9]{1,2}\D{1,3}[0-9]{2,4}(?:\D.*)?",
    "timestamp": r"\D*[0-9]{1,2}\D{1,3}[0-9]{1,2}\D{1,3}[0-9]{2,4}(?:\D.*)?",
    "number": r"\D*[0-9]{1,3}[.,][0-9]{3}\D*",
    "integer": r"\D*[0-9]{1,3}[.,][0-9]{3}\D*",
}
"""RE2: shapes that may be read in two ways."""


def learn_readings(room: Room, plan: Plan, known: Reading) -> Plan:
    """`plan` with the columns' forms fixed to what the columns prove. Needs the suspects (what can be read in two ways is
    never canonical); a pass over the whole table only if one of them is ambiguous. What was canonical before stays so."""
    asked = [column for column in plan.columns if _is_open(column, known)]
    counts = _counts(room, f"{room.table('bad')} b", asked, [_AMBIGUOUS[c.field.type] for c in asked], only_marked=True)
    open_columns = [column for column, count in zip(asked, counts, strict=True) if count]
    if not open_columns:
        return plan
    proven = _proven(room, plan, open_columns, known)
    columns = [
        column._replace(form=form_of(column.field, proven[column.at], as_delivered=False))
        if column.at in proven
        else column
        for column in plan.columns
    ]
    return plan._replace(columns=columns)


def _is_open(column: Column, known: Reading) -> bool:
    field = column.field
    if field.type not in _AMBIGUOUS or field.format or field.kind in ("x", "y", "latitude", "longitude"):
        return False
    return not (known.decimal if field.type in ("number", "integer") else field.order or known.order)


def _counts(
    room: Room, rows: str, columns: list[Column], patterns: list[str], *, only_marked: bool = False
) -> list[int]:
    """How many texts of each column match its pattern; one pass over the FROM item `rows`, which is called b where only marked
    cells count."""
    if not columns:
        return []
    matches = (f"regexp_full_match({c.text}, {literal(p)})" for c, p in zip(columns, patterns, strict=True))
    among = [marked(column, "b") if only_marked else "true" for column in columns]
    counts = ", ".join(
        f"count(CASE WHEN {only} THEN nullif({match}, false) END)" for only, match in zip(among, matches, strict=True)
    )
    row = room.con.execute(f"SELECT {counts} FROM {rows}").fetchone()
    return [int(count) for count in row or ()]


def _proven(room: Room, plan: Plan, columns: list[Column], known: Reading) -> dict[int, Reading]:
    asked = [(column, name, regex) for column in columns for name, regex in evidence_for(column.field.type).items()]
    counts = _counts(room, plan.delivered(), [column for column, _, _ in asked], [regex for _, _, regex in asked])
    seen: dict[int, list[str]] = {}
    for (column, name, _), count in zip(asked, counts, strict=True):
        if count:
            seen.setdefault(column.at, []).append(name)
    single = {at: names[0] for at, names in seen.items() if len(names) == 1}
    return {
        at: known._replace(order=name) if len(name) > 1 else known._replace(decimal=name) for at, name in single.items()
    }
