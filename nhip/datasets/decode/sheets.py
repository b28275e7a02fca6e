"""Tables that stand side by side in one sheet, told apart by the empty columns between them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import msgspec

from nhip.datasets.decode.cells import filled
from nhip.datasets.decode.heading import find_heading
from nhip.formats.model import Grid, Merge, Row
from nhip.kernel.text import fold

_AHEAD = 300


def side_by_side(grid: Grid) -> list[Grid]:
    """The grid itself, or one for each table when an empty column parts tables that share column names."""
    head = list(islice(grid.rows(), _AHEAD))
    groups = _groups({place for _, cells in head for place in filled(cells)})
    if len(groups) < 2 or any(right - left < 1 for left, right in groups):
        return [grid]
    if not _share_names(head, groups, grid.merges):
        return [grid]
    return [_cut(grid, left, right, number) for number, (left, right) in enumerate(groups, 1)]


def _groups(used: set[int]) -> list[tuple[int, int]]:
    """Runs of used columns: first and last of each."""
    groups: list[tuple[int, int]] = []
    for place in sorted(used):
        if groups and groups[-1][1] == place - 1:
            groups[-1] = (groups[-1][0], place)
        else:
            groups.append((place, place))
    return groups


def _share_names(head: list[Row], groups: list[tuple[int, int]], merges: list[Merge]) -> bool:
    seen: set[str] = set()
    for left, right in groups:
        heading = find_heading(_slice(head, left, right), _shifted(merges, left, right))
        names = {fold(name) for name in heading.names if name} if heading and heading.rows else set()
        if not names or (seen and not names & seen):
            return False
        seen |= names
    return True


def _slice(rows: list[Row], left: int, right: int) -> list[Row]:
    return [(number, cells[left : right + 1]) for number, cells in rows]


def _shifted(merges: list[Merge], left: int, right: int) -> list[Merge]:
    return [Merge(m.top, m.left - left, m.bottom, m.right - left) for m in merges if left <= m.left <= m.right <= right]


def _cut(grid: Grid, left: int, right: int, number: int) -> Grid:
    def rows() -> Iterator[Row]:
        for row, cells in grid.rows():
            yield row, cells[left : right + 1]

    name = grid.name if number == 1 else f"{grid.name} ({number})"
    return msgspec.structs.replace(grid, name=name, rows=rows, merges=_shifted(grid.merges, left, right))
