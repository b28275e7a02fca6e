"""From a block to a question about rows, the same that `/dataset/{name}/rows` answers, and to its address."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, urlencode

from nhip.portal.model import OpenColumn
from nhip.portal.rows.model import Ask
from nhip.portal.rows.parse import Columns, read_ask
from nhip.portal.rows.shapes import find_shape
from nhip.portal.stories.model import Block

MOST_POINTS = 1_000
MOST_GROUPS = 200
MOST_ROWS = 50
Pairs = list[tuple[str, str]]


def pairs_of(block: Block, columns: Sequence[OpenColumn]) -> Pairs:
    """The parameters of the rows address that ask what a block shows."""
    pairs: Pairs = []
    if block.filter_column and block.filter_value:
        pairs.append((block.filter_column, block.filter_value))
    if block.kind == "table":
        chosen = [("_select", ",".join(block.columns))] if block.columns else []
        return [*pairs, *chosen, ("_size", str(min(block.size, MOST_ROWS)))]
    if block.kind == "map":
        shape = find_shape(columns)
        names = ",".join(shape.names) if shape else ""
        return [*pairs, *([("_select", names)] if names else []), ("_size", str(MOST_POINTS))]
    number = f"{block.function}:{block.column}" if block.column and block.function != "count" else "count"
    pairs.append(("_agg", number))
    if block.kind == "chart":
        pairs += [("_group", f"{block.group}:{block.span}" if block.span else block.group), *_order(block, number)]
    return pairs


def _order(block: Block, number: str) -> Pairs:
    if block.chart == "line":
        return [("_size", str(MOST_GROUPS))]  # groups come in their own order
    return [("_sort", f"-{number.replace(':', '_')}"), ("_size", str(min(block.size, MOST_GROUPS)))]


def ask_of(block: Block, dataset: str, columns: Sequence[OpenColumn]) -> Ask:
    """The question. Raises the errors of `nhip.portal.rows`, which name the column."""
    return read_ask(pairs_of(block, columns), Columns(dataset, columns))


def address_of(block: Block, columns: Sequence[OpenColumn]) -> str:
    """Where a program reads the very rows that a block shows."""
    return f"/dataset/{quote(block.dataset)}/rows?{urlencode(pairs_of(block, columns))}"
