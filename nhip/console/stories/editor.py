"""The editor's form: blocks as numbered fields, what a press of a button does to them. Nothing here needs a script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import msgspec

from nhip.kernel.i18n import _
from nhip.portal.model import OpenColumn
from nhip.portal.rows.model import Function, Span
from nhip.portal.stories.model import LONGEST_TEXT, MOST_BLOCKS, Block, BlockKind, ChartKind, Draft
from nhip.web.forms import Form

TEXTS = ("text", "text_en")
LINES = ("title", "title_en", "dataset", "group", "column", "filter_column", "filter_value", "unit")
_CHOICES: dict[str, tuple[str, ...]] = {
    "kind": get_args(BlockKind),
    "chart": get_args(ChartKind),
    "span": get_args(Span),
    "function": get_args(Function),
}
_LONGEST_LINE = 300


def form_of(draft: Draft, revision: int) -> Form:
    """The form filled with a draft."""
    values: dict[str, list[str]] = {n: [getattr(draft, n)] for n in ("title", "title_en", "lead", "lead_en")}
    values |= {"revision": [str(revision)], "blocks": [str(len(draft.blocks))]}
    for place, block in enumerate(draft.blocks):
        for name in (*TEXTS, *LINES, *_CHOICES):
            values[f"b{place}-{name}"] = [str(getattr(block, name))]
        values[f"b{place}-columns"] = list(block.columns)
        values[f"b{place}-size"] = [str(block.size)]
    return Form(values)


def read_draft(form: Form) -> Draft:
    """What was typed. What cannot be meant is said beside its field; what is not chosen yet is said where it is drawn."""
    count = form.integer("blocks", lowest=0, highest=MOST_BLOCKS) or 0
    return Draft(
        title=form.text("title", required=_("Give the story a title."), longest=150),
        title_en=form.text("title_en", longest=150),
        lead=form.text("lead", longest=500),
        lead_en=form.text("lead_en", longest=500),
        blocks=[_read_block(form, f"b{place}-") for place in range(count)],
    )


def _read_block(form: Form, head: str) -> Block:
    values: dict[str, Any] = {name: form.text(head + name, longest=LONGEST_TEXT) for name in TEXTS}
    values |= {name: form.text(head + name, longest=_LONGEST_LINE) for name in LINES}
    for name, options in _CHOICES.items():
        typed = form.raw(head + name)
        values[name] = typed if typed in options else options[0]
    values["columns"] = [name[:_LONGEST_LINE] for name in form.many(head + "columns")][:40]
    values["size"] = form.integer(head + "size", lowest=1, highest=200) or 10
    return Block(**values)


def fitted(block: Block, columns: Sequence[OpenColumn]) -> Block:
    """A block without columns that its dataset does not have: another dataset was chosen meanwhile."""
    known = {column.name: column for column in columns}
    wrong = {name: "" for name in ("group", "column", "filter_column") if getattr(block, name) not in known}
    group = known.get(block.group)
    span = block.span if group is not None and group.type in ("date", "timestamp") else ""
    kept = [name for name in block.columns if name in known]
    return msgspec.structs.replace(block, **wrong, span=span, columns=kept)


def pressed(draft: Draft, do: str) -> tuple[Draft, int | None]:
    """What a press of `add-chart`, `up-2`, `down-2`, `drop-2` makes of a draft, and the block to lead to."""
    act, _dash, what = do.partition("-")
    blocks = list(draft.blocks)
    if act == "add" and what in _CHOICES["kind"] and len(blocks) < MOST_BLOCKS:
        blocks.append(Block(kind=what))  # type: ignore[arg-type]
        return msgspec.structs.replace(draft, blocks=blocks), len(blocks) - 1
    place = int(what) if what.isascii() and what.isdecimal() and len(what) < 3 else -1
    if not 0 <= place < len(blocks):
        return draft, None
    if act == "drop":
        del blocks[place]
        return msgspec.structs.replace(draft, blocks=blocks), max(0, place - 1) if blocks else None
    other = place - 1 if act == "up" else place + 1 if act == "down" else place
    if 0 <= other < len(blocks):
        blocks[place], blocks[other] = blocks[other], blocks[place]
        return msgspec.structs.replace(draft, blocks=blocks), other
    return draft, place
