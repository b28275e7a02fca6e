"""Blocks as a page shows them: text, a number, a chart, a table, a map; or why one cannot be shown now."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import shapely
from markupsafe import Markup

from nhip.db.installation import Installation
from nhip.errors import NhipError
from nhip.kernel.i18n import _
from nhip.portal.errors import NotPublished, Withdrawn
from nhip.portal.model import Entry, OpenColumn, Release
from nhip.portal.pages.sketch import sketch
from nhip.portal.pages.words import say_cell, title_of
from nhip.portal.rows.service import Found, as_features, find_rows
from nhip.portal.rows.shapes import near
from nhip.portal.rows.warm import Warm
from nhip.portal.service import get_entry, get_release
from nhip.portal.stories.ask import address_of, ask_of, pairs_of
from nhip.portal.stories.model import FUNCTIONS, Block
from nhip.portal.stories.text import render
from nhip.web import charts, formats
from nhip.web.i18n import language, message_of, translate, translate_plural

KEPT = 500


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """A block to show. `body` is SVG or text as HTML, `names` and `rows` the table of it, `entry` where the data are from.
    `trouble` says in the reader's language why there is nothing to show, `gone` that the dataset is no longer open."""

    block: Block
    title: str = ""
    body: Markup | None = None
    value: float | None = None
    names: list[str] = []
    rows: list[list[str]] = []
    entry: Any = None
    address: str = ""
    note: str = ""
    trouble: str = ""
    gone: bool = False


class Answers:
    """Answers to blocks by release and question; a release never changes, so neither does its answer."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Found] = OrderedDict()

    async def get(self, warm: Warm, entry: Entry, release: Release, block: Block) -> Found:
        """Ask, or remember. Raises the errors of `nhip.portal.rows`."""
        key = repr((release.digest, release.no, pairs_of(block, release.columns)))
        found = self._kept.get(key)
        if found is None:
            found = await find_rows(warm, entry, release, ask_of(block, entry.name, release.columns))
            self._kept[key] = found
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return found


class Desk:
    """What drawing needs: where the data are, DuckDB, the answers that are remembered."""

    def __init__(self, installation: Installation, state: Any) -> None:
        self.db, self.warm = installation.db, state.warm
        if "story_answers" not in state:
            state.story_answers = Answers()
        self.answers: Answers = state.story_answers


async def draw_all(desk: Desk, blocks: Sequence[Block]) -> list[Drawn]:
    """Every block, in the reader's language. Nothing of what is not open is asked, whatever a block names."""
    return [await draw(desk, block) for block in blocks]


async def draw(desk: Desk, block: Block) -> Drawn:
    """One block; what cannot be shown says why in its place."""
    if block.kind == "text":
        chosen = block.text_en if language() == "en" and block.text_en else block.text
        return Drawn(block=block, body=render(chosen))
    title = block.title_en if language() == "en" and block.title_en else block.title
    begun = Drawn(block=block, title=title)
    if not block.dataset:
        return _troubled(begun, translate(_("Choose a dataset.")))
    try:
        return await _answered(desk, begun)
    except Withdrawn as gone:
        return _troubled(
            begun, translate(_("The dataset behind this was withdrawn: {why}"), why=gone.values["why"]), gone=True
        )
    except NotPublished:
        return _troubled(begun, translate(_("The dataset behind this is not open.")), gone=True)
    except NhipError as error:
        if error.status >= 500:
            raise
        return _troubled(begun, message_of(error))


def _troubled(drawn: Drawn, trouble: str, *, gone: bool = False) -> Drawn:
    return msgspec.structs.replace(drawn, trouble=trouble, gone=gone)


async def _answered(desk: Desk, begun: Drawn) -> Drawn:
    block = begun.block
    async with desk.db.read() as tx:
        entry = await get_entry(tx, block.dataset)
        release = await get_release(tx, entry)
    drawn = msgspec.structs.replace(begun, entry=entry)
    if lacking := _lacking(block):
        return _troubled(drawn, translate(lacking))
    found = await desk.answers.get(desk.warm, entry, release, block)
    drawn = msgspec.structs.replace(drawn, address=address_of(block, release.columns))
    return _DRAWERS[block.kind](drawn, found, release)


def _lacking(block: Block) -> str:
    """What has to be chosen before a block can be drawn."""
    if block.kind == "chart" and not block.group:
        return _("Choose the column that the chart is about.")
    if block.kind in ("number", "chart") and block.function != "count" and not block.column:
        return _("Choose the column to count with.")
    return ""


def _number(drawn: Drawn, found: Found, _release: Release) -> Drawn:
    value = _plain(found.rows[0][-1]) if found.rows else None
    return msgspec.structs.replace(drawn, value=value if isinstance(value, int | float) else None)


def _chart(drawn: Drawn, found: Found, release: Release) -> Drawn:
    block, label = drawn.block, drawn.title or _label(drawn.block, release.columns)
    items = [(row[0], _plain(row[-1])) for row in found.rows if row[0] is not None]
    pairs = [(key, value) for key, value in items if isinstance(value, int | float) or value is None]
    if block.chart == "line":
        moments = [(_moment(key), value) for key, value in pairs]
        points = [(moment, value) for moment, value in moments if moment is not None]
        body = charts.series(points, label, block.unit)
    else:
        body = charts.bars([(say_cell(key)[:60], value) for key, value in pairs], label, block.unit)
    rows = [[say_cell(key), formats.number(value)] for key, value in pairs]
    names = [_name_of(block.group, release.columns), _label_of_number(block, release.columns)]
    note = translate(_("More groups than are shown.")) if found.after else ""
    return msgspec.structs.replace(drawn, title=label, body=body, names=names, rows=rows, note=note)


def _moment(key: Any) -> date | datetime | None:
    """A group as a point in time: a date, or the text `2026`, `2026-03`, `2026-03-09` of a cut date, or the number of a year."""
    if isinstance(key, date | datetime):
        return key
    text = str(key)
    try:
        return date.fromisoformat({4: f"{text}-01-01", 7: f"{text}-01"}.get(len(text), text))
    except ValueError:
        return None


def _table(drawn: Drawn, found: Found, release: Release) -> Drawn:
    names = [_name_of(name, release.columns) for name in found.names]
    measured = {column.name for column in release.columns if column.unit}
    rows = [
        [say_cell(cell, measured=name in measured) for name, cell in zip(found.names, row, strict=True)]
        for row in found.rows
    ]
    note = ""
    if found.after:
        note = translate(_("The first {shown} rows."), shown=len(rows))
    return msgspec.structs.replace(drawn, names=names, rows=rows, note=note)


def _map(drawn: Drawn, found: Found, release: Release) -> Drawn:
    points = []
    for feature in as_features(found, release.columns):
        if feature["geometry"] is not None:
            shape = shapely.geometry.shape(feature["geometry"])
            place = shape if shape.geom_type == "Point" else shape.representative_point()
            points.append((place.x, place.y))
    if not points:
        return msgspec.structs.replace(drawn, trouble=translate(_("No row of this dataset says where it is.")))
    label = drawn.title or translate(_("Where the rows lie"))
    note = (
        translate(_("The first {n} places; north is up."), n=len(points))
        if found.after
        else translate(_("North is up."))
    )
    drawable = near(points)
    if far := len(points) - len(drawable):
        note += " " + translate_plural(
            "{n} place lies far away and is not drawn.", "{n} places lie far away and are not drawn.", far
        )
    return msgspec.structs.replace(drawn, title=label, body=sketch(drawable, label), note=note)


_DRAWERS = {"number": _number, "chart": _chart, "table": _table, "map": _map}


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def _name_of(name: str, columns: Sequence[OpenColumn]) -> str:
    return next((title_of(column) for column in columns if column.name == name), name)


def _label_of_number(block: Block, columns: Sequence[OpenColumn]) -> str:
    said = translate(FUNCTIONS[block.function])
    return f"{said} {_name_of(block.column, columns)}" if block.function != "count" else said


def _label(block: Block, columns: Sequence[OpenColumn]) -> str:
    column = _name_of(block.group, columns)
    if block.function == "count":
        return translate(_("Rows by {column}"), column=column)
    return translate(_("{number} by {column}"), number=_label_of_number(block, columns), column=column)
