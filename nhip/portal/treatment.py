"""What is done to columns before they are open: drop, mask, round, generalise — as DuckDB SQL."""

from __future__ import annotations

from collections.abc import Mapping

from nhip.datasets.contract.model import Contract, Field
from nhip.datasets.engine import ident
from nhip.datasets.model import ROW
from nhip.datasets.personal import MASK, Protection
from nhip.portal.errors import ColumnUnknown
from nhip.portal.model import Act, OpenColumn, Treatment

KEEP, DROP = Act(), Act("drop")
OTHERS = "Khác"
"""In the place of what few rows say."""
_DERIVED = {
    "unit": ("mã đơn vị hành chính", "administrative unit"),
    "units": ("mọi mã phù hợp", "all units that fit"),
    "unit_old": ("mã đơn vị trước sắp xếp", "former administrative unit"),
}
"""Ends of the names of columns that Nhịp adds beside a column of places, and what they hold."""
_TYPES = {
    "VARCHAR": "text",
    "BIGINT": "integer",
    "INTEGER": "integer",
    "HUGEINT": "integer",
    "DOUBLE": "number",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
    "TIME": "time",
}


def settled(treatment: Treatment, kinds: Mapping[str, str], protection: Protection) -> Treatment:
    """The act of every column of a version (`kinds`: column -> DuckDB type). Personal columns nobody decided on are dropped.

    Columns that Nhịp adds for places follow the column they were made from. Raises ColumnUnknown.
    """
    for name in treatment:
        if name not in kinds:
            raise ColumnUnknown(column=name)
    found: Treatment = {}
    for name in kinds:
        if name == ROW:
            continue
        base = base_of(name, kinds)
        if name in treatment:
            found[name] = treatment[name]
        elif base in treatment and treatment[base].act in ("drop", "mask", "unit"):
            found[name] = KEEP if treatment[base].act == "unit" else DROP
        else:
            found[name] = DROP if base in protection.private or base not in protection.agreed else KEEP
    return found


def base_of(name: str, kinds: Mapping[str, str]) -> str:
    """The column of the contract that `name` belongs to: Nhịp adds `…__unit` and others beside columns of places."""
    base = name.partition("__")[0]
    return base if base in kinds else name


def select_list(acts: Treatment, kinds: Mapping[str, str]) -> list[str]:
    """SQL of the columns that stay, in their order, each under its own name."""
    return [f"{changed(name, act, kinds[name])} as {ident(name)}" for name, act in acts.items() if act.act != "drop"]


def changed(name: str, act: Act, kind: str) -> str:
    """SQL of a cell after an act; `kind` is the DuckDB type of the column."""
    cell, to = ident(name), act.to
    if act.act in ("mask", "unit"):
        return f"case when {cell} is null then null else '{MASK}' end"
    if act.act == "round" and to > 0:
        return f"cast(round({cell} / {to!r}) * {to!r} as {kind})"
    if act.act == "year":
        return f"year(try_cast({cell} as date))"
    if act.act == "month":
        return f"strftime(try_cast({cell} as date), '%Y-%m')"
    if act.act == "prefix":
        return f"left(cast({cell} as varchar), {int(to)})"
    return _bounded(cell, act, kind)


def _bounded(cell: str, act: Act, kind: str) -> str:
    if act.act == "band" and act.to >= 1:
        first = f"(floor({cell} / {int(act.to)}) * {int(act.to)})::bigint"
        return f"{first} || '–' || ({first} + {int(act.to) - 1})"
    if act.act in ("top", "bottom"):
        kept = "least" if act.act == "top" else "greatest"
        return f"case when {cell} is not null then cast({kept}({cell}, {act.to!r}) as {kind}) end"
    if act.act == "group":
        rare = f"{cell} is not null and count(*) over (partition by {cell}) < {int(act.to)}"
        return f"case when {rare} then '{OTHERS}' else cast({cell} as varchar) end"
    return cell


def open_columns(acts: Treatment, kinds: Mapping[str, str], contract: Contract | None) -> list[OpenColumn]:
    """The columns of the release as people are told."""
    fields = {field.name: field for field in fields_of(kinds, contract)}
    found = []
    for name, act in acts.items():
        if act.act != "drop":
            field = fields[name]
            found.append(
                OpenColumn(
                    name=name,
                    type=_type_after(act, kinds[name]),
                    kind=field.kind,
                    title=field.title,
                    title_en=field.title_en,
                    description=field.description,
                    unit=field.unit,
                    act=act.act,
                    to=act.to,
                )
            )
    return found


def fields_of(kinds: Mapping[str, str], contract: Contract | None) -> list[Field]:
    """The columns of a version as its contract knows them; others by their names alone."""
    known = {field.name: field for field in contract.fields} if contract else {}
    return [known.get(name) or _derived(name, known) for name in kinds if name != ROW]


def _derived(name: str, known: Mapping[str, Field]) -> Field:
    """A column that Nhịp adds beside a column of places says what it is; any other unknown one has its name alone."""
    stem, _between, ending = name.rpartition("__")
    field, words = known.get(stem), _DERIVED.get(ending)
    if field is None or words is None:
        return Field(name=name)
    vi, en = words
    return Field(name=name, title=f"{field.title}: {vi}", title_en=f"{field.title_en or field.title}: {en}")


def _type_after(act: Act, kind: str) -> str:
    if act.act in ("mask", "unit", "month", "prefix", "band", "group"):
        return "text"
    return (
        "integer"
        if act.act == "year"
        else _TYPES.get(kind.partition("(")[0], "number" if "DECIMAL" in kind else "text")
    )
