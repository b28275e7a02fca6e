"""Columns of places get the present unit's code and keep the old one; x and y get longitude and latitude.

Each distinct place (a commune with the district and province beside it in the row) is resolved once. Candidates are decided
by the row's coordinates where it has any; what stays open is told, never guessed.
"""

from __future__ import annotations

from typing import Any

from nhip.datasets.check.judge import insert
from nhip.datasets.conform.expected import province_box
from nhip.datasets.conform.extras import Extra, Joined
from nhip.datasets.conform.located import Locator, find_position, locate
from nhip.datasets.conform.mapping import batches, write_table
from nhip.datasets.conform.plan import Column, Plan, Room
from nhip.datasets.conform.points import add_points
from nhip.datasets.engine import CELL, literal
from nhip.places.model import Level, Resolution
from nhip.places.resolver import Resolver

SIBLINGS = {
    "address": ("commune", "district", "province"),
    "commune": ("district", "province"),
    "district": ("province",),
    "province": (),
}
_LEVELS: dict[str, Level] = {"district": "district", "province": "province"}
_COLUMNS = "unit VARCHAR, units VARCHAR, unit_old VARCHAR, rule VARCHAR, suggestion VARCHAR"


def make_extras(room: Room, plan: Plan, resolver: Resolver | None, province: str) -> list[Extra]:
    """Resolve the place columns (with a resolver) and the points of x and y; writes their findings, gives what they add."""
    province = plan.contract.province or province
    extras = add_points(room, plan, province, province_box(resolver, province))
    if resolver is not None:
        extras += [
            _places(room, plan, column, resolver, province) for column in plan.columns if column.field.kind in SIBLINGS
        ]
    return extras


def _places(room: Room, plan: Plan, column: Column, resolver: Resolver, province: str) -> Extra:
    parts = _parts(plan, column)
    table, alias = room.table("place", column.at), f"u{column.at}"
    texts = ", ".join(f"k{place} VARCHAR" for place in range(len(parts)))
    room.con.execute(f"CREATE TABLE {table} ({texts}, {_COLUMNS})")
    level = _LEVELS.get(column.field.kind, "commune")
    distinct = f"SELECT DISTINCT {', '.join(part.text for part in parts)} FROM {plan.delivered()} WHERE {column.text} IS NOT NULL"
    with room.con.cursor() as writer:
        for batch in batches(room.con, distinct):
            keys = [_address(column, row) for row in batch]
            found = resolver.resolve_column(
                keys, province=province, level=level, commune_first=column.field.kind == "commune"
            )
            rows = [(*row, *_answer(found.get(key), level)) for row, key in zip(batch, keys, strict=True)]
            write_table(writer, table, rows)
    on = " AND ".join(f"{alias}.k{place} IS NOT DISTINCT FROM {CELL}.{part.text}" for place, part in enumerate(parts))
    place = Joined(table, alias, on)
    position, unit = find_position(plan), f"{alias}.unit"
    tables: tuple[Joined, ...] = (place,)
    if position:
        locator = Locator(resolver, province, level, lambda texts: _address(column, texts))
        tables = (place, locate(room, plan, parts, place, position, locator))
        unit = f"coalesce({tables[1].alias}.unit, {unit})"
    made = {"unit": unit, "units": f"coalesce({unit}, {alias}.units)", "unit_old": f"{alias}.unit_old"}
    extra = Extra(tables, tuple((f"{column.field.name}__{part}", sql) for part, sql in made.items()))
    _tell(room, plan, column, extra)
    return extra


def _parts(plan: Plan, column: Column) -> list[Column]:
    """The column and those beside it that say in which larger unit it lies."""
    kinds = SIBLINGS[column.field.kind]
    beside = {other.field.kind: other for other in reversed(plan.columns) if other.field.kind in kinds}
    return [column, *(beside[kind] for kind in kinds if kind in beside)]


def _address(column: Column, texts: tuple[str | None, ...]) -> str:
    """One text for the resolver; a code stands for itself."""
    own = (texts[0] or "").strip()
    if own.isdigit() and column.field.kind != "address":
        return own
    return ", ".join(text.strip() for text in texts if text and text.strip() and not text.strip().isdigit())


def _answer(found: Resolution | None, level: Level) -> tuple[Any, ...]:
    """The values of _COLUMNS. A district has no present unit; its old code is all there is to find."""
    if found is None:
        return None, None, None, "", ""
    old = ";".join(found.old_codes) or None
    if found.status == "exact":
        return found.codes[0], found.codes[0], old, "", ""
    if level == "district" and len(found.old_codes) == 1:
        return None, None, old, "", ""
    codes = ";".join(found.codes) or None
    return None, codes, old, f"place.{found.status}", codes or ""


def _tell(room: Room, plan: Plan, column: Column, extra: Extra) -> None:
    """A warning for every row whose place is not sure, or whose point lies elsewhere."""
    place, *located = (table.alias for table in extra.tables)
    name, text = literal(column.field.name), f"left(r.{column.text}, 1000)"
    rows = f"FROM {plan.delivered()} r {extra.join('r')}"
    warned = literal(column.field.severity.get("place", "warning"))
    undecided = f"AND {located[0]}.unit IS NULL" if located else ""
    doubt = f"SELECT r._row, {name}, {place}.rule, {warned}, {text}, left({place}.suggestion, 1000) {rows}"
    branches = [f"{doubt} WHERE {place}.rule <> '' {undecided}"]
    for alias in located:
        outside = f"SELECT r._row, {name}, 'point.unit', {warned}, {text}, {alias}.outside {rows}"
        branches.append(f"{outside} WHERE {alias}.outside IS NOT NULL")
    insert(room, branches)
