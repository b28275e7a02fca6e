"""The nouns: a story, its blocks, a published version."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

import msgspec

from nhip.kernel.i18n import _
from nhip.portal.rows.model import Function, Span

BlockKind = Literal["text", "number", "chart", "table", "map"]
ChartKind = Literal["bars", "line"]
StoryState = Literal["draft", "waiting", "published", "withdrawn"]

KINDS = {
    "text": _("Text"),
    "number": _("Number"),
    "chart": _("Chart"),
    "table": _("Table"),
    "map": _("Map"),
}
"""Kinds of blocks in words."""
CHARTS = {"bars": _("Bars"), "line": _("Line over time")}
FUNCTIONS = {
    "count": _("how many rows"),
    "sum": _("sum of"),
    "avg": _("average of"),
    "min": _("smallest"),
    "max": _("largest"),
    "distinct": _("how many different"),
}
"""Numbers over rows in words."""
SPANS = {"": _("as it is"), "year": _("by years"), "month": _("by months"), "day": _("by days")}
STATES = {
    "draft": ("unknown", _("draft")),
    "waiting": ("busy", _("waits for a second look")),
    "published": ("good", _("published")),
    "withdrawn": ("unknown", _("withdrawn")),
}
"""State of a story -> mark and words."""
MOST_BLOCKS = 30
LONGEST_TEXT = 10_000


class Block(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A piece of a story. `text` is Markdown, of text blocks alone; everything else is a question about one open dataset:
    rows where `filter_column` has `filter_value`, by `group`, `function` over `column`; at most `size` rows or groups."""

    kind: BlockKind
    text: str = ""
    text_en: str = ""
    title: str = ""
    title_en: str = ""
    dataset: str = ""
    chart: ChartKind = "bars"
    group: str = ""
    span: Span = ""
    function: Function = "count"
    column: str = ""
    filter_column: str = ""
    filter_value: str = ""
    columns: list[str] = []
    size: int = 10
    unit: str = ""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What an official writes."""

    title: str
    title_en: str = ""
    lead: str = ""
    lead_en: str = ""
    blocks: list[Block] = []


class Story(Draft, frozen=True, kw_only=True):
    """A story with how it stands; its texts are those that are being edited."""

    id: uuid.UUID
    name: str
    agency_id: uuid.UUID
    agency_name: str
    agency_name_en: str
    state: StoryState
    revision: int
    edited_by: str
    edited_party: uuid.UUID | None
    edited_at: datetime
    version_no: int | None
    first_published_at: datetime | None
    published_at: datetime | None
    reason: str


class Version(Draft, frozen=True, kw_only=True):
    """A story as the public reads it."""

    story_id: uuid.UUID
    name: str
    no: int
    agency_name: str
    agency_name_en: str
    first_published_at: datetime
    made_at: datetime


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What was done about a story."""

    at: datetime
    act: str
    by_name: str
    note: str


class Choice(msgspec.Struct, frozen=True):
    """An open dataset to choose."""

    name: str
    title: str
    title_en: str
    agency_name: str
