"""Where a table's header is, how many rows it has, and what the columns are called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from statistics import median
from typing import Final

import msgspec

from nhip.datasets.decode.cells import (
    Cells,
    filled,
    has_plain_numbers_only,
    is_header_like,
    is_number,
    is_numbering,
    is_series,
    is_signature,
    is_units_row,
    joined,
)
from nhip.formats.model import Merge, Row
from nhip.kernel.text import fold

_DEEPEST: Final = 4
_SEARCHED: Final = 60
_COMPARED: Final = 3
_MOTTO: Final = re.compile(
    r"cong hoa xa hoi chu nghia|doc lap .* tu do|uy ban nhan dan|ubnd|(?:don vi tinh|dvt|dv tinh|unit) ?:"
    r"|don vi ?: ?(?:trieu|nghin|ngan|ty|dong|vnd|ha|m2|nguoi|ho|kg|tan|%)"
)
"""What stands above a table: the state's motto, the agency, the unit of all numbers."""
_BLANKS: Final = re.compile("[ \t\r\n]+")
"""Only these: a legacy set has letters where Unicode has its other blanks and invisible characters."""
JOINT: Final = " – "
"""Between the name of a merged header and that of a column under it."""


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """A table's header. `width` is the number of cells in its widest row; `after` the number of its last row (0: none)."""

    names: list[str]
    rows: list[int]
    texts: list[Cells]
    notes: list[str]
    width: int
    after: int


def find_heading(rows: list[Row], merges: list[Merge]) -> Heading | None:
    """The header in the first rows of a table; None when there are no filled rows at all."""
    solid = [(number, cells) for number, cells in rows if filled(cells)]
    if not solid:
        return None
    place = _candidate(solid)
    if place is None:
        return _nameless(solid)
    first = _parents(solid, place, merges)
    last = _children(solid, place, merges)
    block = solid[first : last + 1]
    numbered = _is_numbered(solid[last + 1 : last + 3])
    used = [*block, solid[last + 1]] if numbered else block
    return Heading(
        names=_names(block, merges),
        rows=[number for number, _ in used],
        texts=[cells for _, cells in used],
        notes=[joined(cells) for _, cells in solid[:first]],
        width=max(len(cells) for _, cells in block),
        after=used[-1][0],
    )


def _is_numbered(rows: list[Row]) -> bool:
    """Whether the first of two rows only numbers the columns. Plain 1, 2, 3 may be data when numbers follow."""
    if not rows or not is_numbering(rows[0][1]) or (len(rows) > 1 and _continues(rows[0][1], rows[1][1])):
        return False
    return not has_plain_numbers_only(rows[0][1]) or (len(rows) > 1 and not has_plain_numbers_only(rows[1][1]))


def _continues(cells: Cells, below: Cells) -> bool:
    """Whether the letters of a row go on below it: `A 1 2 3` above `B 1 2 3` is data."""
    letters = [place for place in filled(cells) if re.fullmatch("[A-E]", (cells[place] or "").strip())]
    return bool(letters) and all(
        place < len(below) and re.fullmatch("[A-Z]", (below[place] or "").strip()) for place in letters
    )


def _nameless(solid: list[Row]) -> Heading:
    width = max(len(cells) for _, cells in solid)
    return Heading(names=[""] * width, rows=[], texts=[], notes=[], width=width, after=solid[0][0] - 1)


def _candidate(solid: list[Row]) -> int | None:
    """Position of the first row that could be the header and is about as wide as what follows."""
    widths = [len(filled(cells)) for _, cells in solid]
    wide = [width for width in widths if width > 1]
    typical = median(wide) if wide else 1
    need = max(2 if typical > 1 else 1, typical * 0.5)
    for place, (_, cells) in enumerate(solid[:_SEARCHED]):
        below = [texts for _, texts in solid[place + 1 : place + 6]]
        if widths[place] < need or not (is_header_like(cells) or is_series(cells, below)) or _is_no_header(cells):
            continue
        following = widths[place + 1 : place + 6]
        if following and max(following) >= need and widths[place] >= 0.5 * max(following):
            return place
        if not following and place == 0:
            return place
    return 0 if is_header_like(solid[0][1]) and widths[0] == max(widths[:_SEARCHED]) else None


def _is_no_header(cells: Cells) -> bool:
    return _MOTTO.search(fold(joined(cells))) is not None or is_signature(cells)


def _touching(upper: Row, lower: Row) -> bool:
    return lower[0] - upper[0] == 1


def _parents(solid: list[Row], place: int, merges: list[Merge]) -> int:
    """Position of the topmost row above the candidate that names groups of its columns."""
    extent = filled(solid[place][1])
    while place > 0 and _touching(solid[place - 1], solid[place]):
        number, cells = solid[place - 1]
        spans = [m for m in merges if m.top <= number <= m.bottom and m.right > m.left]
        part = any(m.left > extent[0] or m.right < extent[-1] for m in spans)
        if not is_header_like(cells) or not (len(filled(cells)) > 1 or part) or _is_no_header(cells):
            break
        place -= 1
    return place


def _children(solid: list[Row], place: int, merges: list[Merge]) -> int:
    """Position of the lowest row of the header."""
    last = place
    while last + 1 < len(solid) and last - place < _DEEPEST - 1 and _touching(solid[last], solid[last + 1]):
        number, cells = solid[last]
        tall = any(m.top <= number < m.bottom for m in merges)
        below = solid[last + 1][1]
        if not (is_units_row(below) or (is_header_like(below) and (tall or _fills_gaps(cells, below, number, merges)))):
            break
        last += 1
    return last


def _fills_gaps(cells: Cells, below: Cells, number: int, merges: list[Merge]) -> bool:
    """Whether the row below names parts of what this row names: it has text where this row is empty to the right of a text,
    and is empty somewhere where this row has text."""
    own, under = set(filled(cells)), set(filled(below))
    spans = [m for m in merges if m.top <= number <= m.bottom and m.right > m.left]
    if spans:
        return any(set(range(m.left + 1, m.right + 1)) & under for m in spans)
    gaps = {place for place in under - own if own and place > min(own)}
    return bool(gaps) and (bool(own - under) or len(under) > len(own)) and not (under - own - gaps and own - under)


def _names(block: list[Row], merges: list[Merge]) -> list[str]:
    width = max(len(cells) for _, cells in block)
    grid = [_spread(row, width, merges) for row in block]
    for level in range(len(block) - 1):
        under = {place for _, cells in block[level + 1 :] for place in filled(cells)}
        if not any(m.top <= block[level][0] <= m.bottom and m.right > m.left for m in merges):
            grid[level] = _fill_right(grid[level], under)
    return [_join([row[place] for row in grid]) for place in range(width)]


def _spread(row: Row, width: int, merges: list[Merge]) -> list[str]:
    """The texts of a header row, a merged one in each column that it spans (in its top row only)."""
    number, cells = row
    texts = [_BLANKS.sub(" ", cell or "").strip(" ") for cell in cells] + [""] * (width - len(cells))
    for merge in merges:
        if merge.top == number and merge.left < width:
            for place in range(merge.left, min(merge.right + 1, width)):
                texts[place] = texts[merge.left]
    return texts


def _fill_right(texts: list[str], under: set[int]) -> list[str]:
    """Without merge marks (CSV) a group's name stands over its first column only: give it to the columns with a name below."""
    found = list(texts)
    for place in range(1, len(found)):
        if not found[place] and place in under:
            found[place] = found[place - 1]
    return found


def _join(parts: list[str]) -> str:
    kept = [part for place, part in enumerate(parts) if part and part not in parts[:place]]
    return JOINT.join(kept).replace(f"{JOINT}(", " (")


def unique_names(names: list[str]) -> list[str]:
    """Names that differ whatever the case: empty ones become `column_3`, repeated ones get ` (2)`; `_row` is taken."""
    taken = {"_row"}
    found = []
    for place, name in enumerate(names, 1):
        base = name or f"column_{place}"
        choice, number = base, 2
        while choice.casefold() in taken:
            choice, number = f"{base} ({number})", number + 1
        taken.add(choice.casefold())
        found.append(choice)
    return found


def heads_other_table(rows: list[Cells], named: int, numbers: Mapping[int, int], texts: Mapping[int, int]) -> bool:
    """Whether the first of the rows after a gap is the header of another table: the rows under it fill the same columns and
    have numbers where it has texts, but it is much narrower than the table above or has numbers where that one has texts.

    `named` is the number of named columns above; `numbers` and `texts` count what its columns hold.
    """
    header, below = rows[0], rows[1 : 1 + _COMPARED]
    places = filled(header)
    below = below[: next((at for at, cells in enumerate(below) if not filled(cells)), len(below))]
    if len(places) < 2 or not below or any(filled(cells) != places for cells in below):
        return False
    counted = [place for place in places if all(is_number(cells[place] or "") for cells in below)]
    narrow = 2 * len(places) <= named
    return bool(counted) and (narrow or any(texts[at] >= 2 and texts[at] > 4 * numbers[at] for at in counted))
