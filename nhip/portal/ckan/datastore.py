"""The actions about rows: `datastore_search` and `datastore_info` over the release in force."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any, get_args

import msgspec

from nhip.kernel.i18n import _
from nhip.portal.ckan.actions import find_resource
from nhip.portal.ckan.errors import Invalid, NotThere
from nhip.portal.ckan.filters import ROW_NUMBER, Where, known, name_in_sql
from nhip.portal.ckan.ids import TABLE
from nhip.portal.ckan.model import Asked, Later, RecordsFormat
from nhip.portal.model import OpenColumn, Release
from nhip.portal.rows.service import as_json
from nhip.portal.rows.warm import Warm
from nhip.portal.service import get_release

MOST_ROWS = 32_000
MOST_CELLS = 1_000_000
"""A page of a wide table has fewer rows than asked for; its `limit` says how many, as CKAN's does."""
MOST_OFFSET = 10**12
TYPES = {
    "integer": "int8", "number": "numeric", "boolean": "bool", "date": "date", "timestamp": "timestamp", "time": "time",
}  # fmt: skip
Row = tuple[Any, ...]
_EXACT = 2**53
"""Below, each whole number is a float."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked about the rows. `order`: columns and whether downwards, `last` where empty cells go, if said."""

    where: Where
    chosen: list[OpenColumn]
    order: list[tuple[OpenColumn, bool, str]]
    distinct: bool
    limit: int
    offset: int
    total: bool
    form: RecordsFormat
    next_page: bool


async def datastore_search(asked: Asked) -> Later:
    """Rows of a resource whose datastore_active is true. resource_id, filters (values, lists, ranges, $and, $or), q, distinct,
    limit (at most 32,000), offset, fields, sort, include_total, records_format (objects, lists, csv, tsv), include_next_page."""
    given = asked.params.required("resource_id", "id")
    release = await _release(asked, given)
    question = _question(asked, release)
    return Later(lambda: _answer(asked, given, release, question), release)


async def datastore_info(asked: Asked) -> dict[str, Any]:
    """Columns and number of rows of a resource. resource_id."""
    given = asked.params.required("resource_id", "id")
    release = await _release(asked, given)
    sizes = {"count": release.row_count, "size": release.bytes, "db_size": None, "idx_size": 0}
    meta: dict[str, Any] = {"id": given, "aliases": [], "table_type": "BASE TABLE", **sizes}
    none = {"index_name": None, "is_index": False, "notnull": False, "uniquekey": False}
    fields = [{**_field(c), "schema": {"native_type": _type(c), **none}} for c in release.columns]
    return {"meta": meta, "fields": fields, "id": given}


async def _release(asked: Asked, given: str) -> Release:
    entry, form = await find_resource(asked, given)
    if form != TABLE:
        raise NotThere(name=given[:100])
    return await get_release(asked.tx, entry)


def _question(asked: Asked, release: Release) -> Question:
    params = asked.params
    columns = {"_id": ROW_NUMBER} | {c.name: c for c in release.columns if c.name != "_id"}
    named = [known(columns, name, "fields") for name in dict.fromkeys(params.texts("fields"))]
    chosen = named or list(columns.values())
    form = params.text("records_format", "objects") or "objects"
    if form not in get_args(RecordsFormat):
        raise Invalid(field="records_format", why=_("Must be one of objects, lists, csv, tsv"))
    where = Where(columns)
    where.add_filters(params.json("filters"))
    where.add_words(params.json("q") or params.json("full_text"))
    most = min(MOST_ROWS, max(100, MOST_CELLS // len(columns)))
    return Question(
        where=where,
        chosen=chosen,
        order=_order(params.texts("sort"), columns),
        distinct=params.truth("distinct"),
        limit=params.whole("limit", 100, most),
        offset=params.whole("offset", 0, MOST_OFFSET),
        total=params.truth("include_total", True),
        form=form,  # type: ignore[arg-type]  # looked up just above
        next_page=params.truth("include_next_page"),
    )


def _order(steps: list[str], columns: Mapping[str, OpenColumn]) -> list[tuple[OpenColumn, bool, str]]:
    """`name`, `name desc`, `"a name" asc nulls last`. Raises Invalid."""
    found = []
    for step in steps[:10]:
        rest, last = step, ""
        for words in ("nulls first", "nulls last"):
            if rest.lower().endswith(f" {words}"):
                rest, last = rest[: -len(words)].strip(), words
        name, _blank, way = rest.rpartition(" ")
        if way.lower() not in ("asc", "desc") or not name:
            name, way = rest, "asc"
        plain = name.strip().strip('"')
        found.append((known(columns, plain, "sort"), way.lower() == "desc", last))
    return found


def _page_sql(warm: Warm, release: Release, question: Question) -> str:
    chosen = ", ".join(name_in_sql(column) for column in question.chosen)
    place = name_in_sql(ROW_NUMBER)
    steps = [_step(column, down, last) for column, down, last in question.order]
    source = f"from {warm.source(release)}{question.where.text}"
    page = f"limit {question.limit} offset {question.offset}"
    if question.distinct:
        order = f" order by {', '.join(steps)}" if steps else " order by all"
        return f"select distinct {chosen} {source}{order} {page}"
    return f"select {chosen}, {place} {source} order by {', '.join([*steps, place])} {page}"


def _step(column: OpenColumn, down: bool, last: str) -> str:
    usual = "nulls first" if down else "nulls last"  # as PostgreSQL does
    return f"{name_in_sql(column)} {'desc' if down else 'asc'} {last or usual}"


async def _answer(asked: Asked, given: str, release: Release, question: Question) -> dict[str, Any]:
    if question.distinct and any(column not in question.chosen for column, _down, _last in question.order):
        raise Invalid(field="sort", why=_("With distinct, only what is in fields can be sorted by"))
    rows = (
        await asked.warm.fetch(_page_sql(asked.warm, release, question), question.where.values)
        if question.limit
        else []
    )
    width = len(question.chosen)
    told: dict[str, Any] = {
        "resource_id": given,
        "fields": [_field(column) for column in question.chosen],
        "records_format": question.form,
        "records": _records([row[:width] for row in rows], question),
        "limit": question.limit,
        "offset": question.offset,
        "include_total": question.total,
        "_links": _links(asked, question),
    }
    if question.total:
        told |= {"total": await _total(asked.warm, release, question), "total_was_estimated": False}
    if question.next_page and rows and not question.distinct and (down := _by_place(question)) is not None:
        told["next_page"] = {"_id": {"lt" if down else "gt": rows[-1][-1]}}
    return told


def _by_place(question: Question) -> bool | None:
    """Whether the rows come downwards by their number; None when they are ordered by something else."""
    if not question.order:
        return False
    column, down, _last = question.order[0]
    return down if len(question.order) == 1 and column is ROW_NUMBER else None


async def _total(warm: Warm, release: Release, question: Question) -> int:
    if not question.where.parts and not question.distinct:
        return release.row_count
    source = f"from {warm.source(release)}{question.where.text}"
    chosen = ", ".join(name_in_sql(column) for column in question.chosen)
    inner = f"(select distinct {chosen} {source})" if question.distinct else f"(select 1 {source})"
    return int((await warm.fetch(f"select count(*) from {inner}", question.where.values))[0][0])


def _records(rows: list[Row], question: Question) -> Any:
    if question.form in ("csv", "tsv"):
        text = io.StringIO()
        csv.writer(text, delimiter="\t" if question.form == "tsv" else ",", lineterminator="\n").writerows(
            [["" if cell is None else _cell(cell) for cell in row] for row in rows]
        )
        return text.getvalue()
    cells = [[_cell(cell) for cell in row] for row in rows]
    if question.form == "lists":
        return cells
    names = [column.name for column in question.chosen]
    return [dict(zip(names, row, strict=True)) for row in cells]


def _cell(value: Any) -> Any:
    """A cell as CKAN writes it: moments with milliseconds, whole numbers of a numeric column without a point."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    told = as_json(value)
    return int(told) if isinstance(told, float) and told.is_integer() and abs(told) < _EXACT else told


def _links(asked: Asked, question: Question) -> dict[str, str]:
    path = "/api/3/action/datastore_search"
    following = question.offset + question.limit
    return {"start": f"{path}?{asked.params.address()}", "next": f"{path}?{asked.params.address(offset=following)}"}


def _type(column: OpenColumn) -> str:
    return TYPES.get(column.type, "text")


def _field(column: OpenColumn) -> dict[str, Any]:
    if column is ROW_NUMBER:
        return {"id": "_id", "type": "int"}
    notes = " ".join(part for part in (column.description, f"[{column.unit}]" if column.unit else "") if part)
    told = {"label": column.title, "notes": notes}
    info = {name: text for name, text in told.items() if text}
    return {"id": column.name, "type": _type(column), **({"info": info} if info else {})}


ACTIONS = {"datastore_search": datastore_search, "datastore_info": datastore_info}
