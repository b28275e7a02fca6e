"""Places beside coordinates: a point decides between candidates, and a point outside its declared unit is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from nhip.datasets.conform.extras import Joined
from nhip.datasets.conform.mapping import batches, write_table
from nhip.datasets.conform.plan import Column, Plan, Room
from nhip.datasets.engine import CELL
from nhip.kernel.geo import read_point
from nhip.places.model import Level
from nhip.places.resolver import Resolver


class Position(NamedTuple):
    """The two columns that hold the point of a row. `read`: x and y, which `add_points` has read already, in the order
    and the zone that the whole table proves; degrees are read here."""

    a: Column
    b: Column
    read: bool = False


def find_position(plan: Plan) -> Position | None:
    """The first latitude and longitude of the table, else its first x and y."""
    beside = {column.field.kind: column for column in reversed(plan.columns)}
    if "latitude" in beside and "longitude" in beside:
        return Position(beside["latitude"], beside["longitude"])
    if "x" in beside and "y" in beside:
        return Position(beside["x"], beside["y"], read=True)
    return None


class Locator(NamedTuple):
    """What is needed to judge a place by its point."""

    resolver: Resolver
    province: str
    level: Level
    address: Callable[[tuple[str | None, ...]], str]
    """The text for the resolver from the place's columns."""


def locate(room: Room, plan: Plan, parts: list[Column], place: Joined, position: Position, locator: Locator) -> Joined:
    """The table of places with points: for candidates always, for sure units only where boundaries were imported."""
    table, alias = room.table("located", parts[0].at), f"w{parts[0].at}"
    keys = [f"k{number}" for number in range(len(parts))]
    texts = ", ".join(f"{name} VARCHAR" for name in (*keys, "p", "q"))
    room.con.execute(f"CREATE TABLE {table} ({texts}, unit VARCHAR, outside VARCHAR)")
    at, to = f"r.{position.a.text}", f"r.{position.b.text}"
    open_only = "" if len(locator.resolver.boundaries) else f"AND {place.alias}.unit IS NULL"
    found, known = _known(room, position)
    distinct = (
        f"SELECT DISTINCT {', '.join(f'r.{part.text}' for part in parts)}, {at}, {to}, {place.alias}.unit, {found} "
        f"FROM {plan.delivered()} r {place.join('r')} {known} WHERE {at} IS NOT NULL AND {to} IS NOT NULL "
        f"AND {place.alias}.units IS NOT NULL {open_only}"
    )
    with room.con.cursor() as writer:
        for batch in batches(room.con, distinct):
            write_table(writer, table, [(*row[:-3], *_judge(row, position, locator)) for row in batch])
    same = [f"{alias}.{key} IS NOT DISTINCT FROM {CELL}.{part.text}" for key, part in zip(keys, parts, strict=True)]
    same += [f"{alias}.p = {CELL}.{position.a.text}", f"{alias}.q = {CELL}.{position.b.text}"]
    return Joined(table, alias, " AND ".join(same))


def _known(room: Room, position: Position) -> tuple[str, str]:
    """SQL of the longitude and latitude that are known already, and the join that brings them."""
    if not position.read:
        return "NULL, NULL", ""
    on = f"g.k0 = r.{position.a.text} AND g.k1 = r.{position.b.text}"
    return "g.lon, g.lat", f"LEFT JOIN {room.table('point', position.a.at)} g ON {on}"


def _judge(row: tuple[Any, ...], position: Position, locator: Locator) -> tuple[str | None, str | None]:
    """The unit that the point decides on, and the units it lies in when these are others than the declared one."""
    *texts, p, q, unit, lon, lat = row
    if not position.read:
        point = read_point(p, q, province=locator.province)
        lon, lat = point.lon, point.lat
    if lon is None or lat is None:
        return None, None
    where = (lon, lat)
    if unit is None:
        text = locator.address(tuple(texts))
        found = locator.resolver.resolve(text, province=locator.province, point=where, level=locator.level)
        return (found.codes[0] if found.status == "exact" else None), None
    codes = locator.resolver.boundaries.locate(*where) if locator.level == "commune" else ()
    return None, (";".join(codes) if codes and unit not in codes else None)
