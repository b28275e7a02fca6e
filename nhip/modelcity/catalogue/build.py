"""The short hand in which the catalogue is written."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from nhip.modelcity import fields as f
from nhip.modelcity.model import Column, DatasetSpec, Dirt, Rule, Way

Columns = Iterable[Column | tuple[Column, ...]]

CLEAN = Dirt(rate=0.0)


def dataset(head: str, rows: int, cadence: int, way: str, columns: Columns, **more: Any) -> DatasetSpec:
    """A dataset from `slug | agency | theme | title | English title` and `channel/format`."""
    slug, agency, theme, title, title_en = (part.strip() for part in head.split("|"))
    channel, _, form = way.partition("/")
    flat = tuple(c for item in columns for c in (item if isinstance(item, tuple) else (item,)))
    return DatasetSpec(
        slug=slug, agency=agency, theme=theme, title=title, title_en=title_en, rows=rows, cadence=cadence,
        way=Way(channel=channel, format=form), columns=flat, **more,
    )  # fmt: skip


def place(name: str, title: str, *parts: str) -> tuple[Column, ...]:
    """What almost every list of places has: name, commune, address."""
    return (f.text(name, title, *parts), f.commune(), f.address())


def starts_before(start: str, end: str) -> Rule:
    """The row rule that `end` is not before `start`, broken by an end a month too early."""
    return Rule(
        name=f"{end}-sau-{start}".replace("_", "-"), column=end, holds=f'"{end}" >= "{start}"',
        wrong=lambda row: row[start] - timedelta(days=31), description="Ngày kết thúc không trước ngày bắt đầu",
    )  # fmt: skip


def at_most(part: str, whole: str) -> Rule:
    """The row rule that `part` is at most `whole`."""
    return Rule(
        name=f"{part}-khong-qua-{whole}".replace("_", "-"), column=part, holds=f'"{part}" <= "{whole}"',
        wrong=lambda row: row[whole] + 7, description="Phần không lớn hơn tổng",
    )  # fmt: skip
