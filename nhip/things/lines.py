"""A mapping as a form has it: what becomes of each column, a line each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from nhip.things.model import Mapping


class Line(msgspec.Struct, frozen=True):
    """A column: the attribute that it becomes (`address.streetAddress`: a member of one), its unit, the type it leads to."""

    column: str
    becomes: str = ""
    unit: str = ""
    leads_to: str = ""


def lines_of(mapping: Mapping | None, columns: Iterable[str]) -> list[Line]:
    """A line for each of `columns`, and for what the mapping makes of others."""
    found: list[Line] = []
    for name in mapping.attributes if mapping is not None else ():
        one = mapping.attribute(name)  # type: ignore[union-attr]
        parts = {f"{name}.{member}": column for member, column in one.columns.items()}
        found += [Line(column, becomes, one.unit) for becomes, column in (parts or {name: one.column}).items()]
    for name, link in mapping.relationships.items() if mapping is not None else ():
        found.append(Line(link.column, name, leads_to=link.type))
    by_column = {name: [line for line in found if line.column == name] for name in columns}
    known = [line for name, lines in by_column.items() for line in lines or [Line(name)]]
    return known + [line for line in found if line.column not in by_column]


def told_by(lines: Iterable[Line]) -> dict[str, Any]:
    """`attributes` and `relationships` of a mapping, as `read_mapping` takes them."""
    attributes: dict[str, dict[str, Any]] = {}
    relationships: dict[str, dict[str, str]] = {}
    for line in lines:
        name, _dot, member = line.becomes.partition(".")
        if not name:
            continue
        if line.leads_to:
            relationships[line.becomes] = {"column": line.column, "type": line.leads_to}
            continue
        one = attributes.setdefault(name, {"columns": {}, "unit": ""})
        one["unit"] = one["unit"] or line.unit
        if member:
            one["columns"][member] = line.column
        else:
            one["column"] = line.column
    return {"attributes": attributes, "relationships": relationships}
