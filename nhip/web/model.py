"""What pages are told: navigation, crumbs, columns of a table, one page of a long list, a notice."""

from __future__ import annotations

from math import ceil
from typing import Literal

import msgspec

State = Literal["good", "warn", "alarm", "stale", "unknown", "busy"]
"""What a status mark can say; the words are in `templates/components/marks.html`."""


class NavItem(msgspec.Struct, frozen=True):
    """An entry of the console's navigation. `title` is English text that is translated where it is shown.

    `permission`: it is shown to those who hold it somewhere; empty: to everybody.
    """

    title: str
    href: str
    group: str = ""
    permission: str = ""


class Crumb(msgspec.Struct, frozen=True):
    """A step of the way to the present page; the last one has no address. `title` is shown as it is."""

    title: str
    href: str = ""


class Column(msgspec.Struct, frozen=True):
    """The head of a table column. `sort` names the query value `?sort=` that orders by it."""

    title: str
    kind: Literal["text", "number", "date", "action"] = "text"
    sort: str = ""
    hint: str = ""


class Cell(msgspec.Struct, frozen=True):
    """A virtue in a matrix, 0-100 or None; `title` says more when pointed at."""

    value: float | None
    href: str = ""
    state: Literal["", "warn", "alarm", "stale"] = ""
    title: str = ""


class MatrixRow(msgspec.Struct, frozen=True):
    """A row of `ui.matrix`."""

    title: str
    cells: list[Cell]
    href: str = ""


class Tab(msgspec.Struct, frozen=True):
    """An entry of `ui.tabs`: a link, so that the URL is the state."""

    title: str
    href: str
    current: bool = False
    count: int | None = None


class Notice(msgspec.Struct, frozen=True):
    """What happened, shown once on the next page. `undo` is an address that takes it back by POST."""

    text: str
    values: dict[str, str | int | float] = {}
    kind: Literal["info", "good", "warn", "alarm"] = "good"
    undo: str = ""


class Listing(msgspec.Struct, frozen=True):
    """Page `page` (from 1) of `total` things, `size` a page."""

    page: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least 1."""
        return max(1, ceil(self.total / self.size))

    @property
    def first(self) -> int:
        """Number of the first thing shown, 0 when there is none."""
        return min(self.total, self.offset + 1)

    @property
    def last(self) -> int:
        """Number of the last thing shown."""
        return min(self.total, self.page * self.size)

    @property
    def offset(self) -> int:
        """How many things come before this page."""
        return (self.page - 1) * self.size

    @property
    def near(self) -> list[int | None]:
        """Page numbers to offer: first, last and the neighbours; None for a gap."""
        wanted = sorted({n for n in (1, self.page - 1, self.page, self.page + 1, self.pages) if 1 <= n <= self.pages})
        shown: list[int | None] = []
        for number in wanted:
            if shown and shown[-1] is not None and number - shown[-1] > 1:
                shown.append(None)
            shown.append(number)
        return shown


class PlacesMap(msgspec.Struct, frozen=True, kw_only=True):
    """What a map's script is told: where rows are asked for, the columns of their places, titles as JSON, the background."""

    rows: str
    titles: str
    tiles: str
    credit: str
    latitude: str = "latitude"
    longitude: str = "longitude"
    geometry: bool = False
    """The rows come as GeoJSON, as lines and areas need more than a latitude and a longitude."""
    signed: bool = False
    """The rows are only for who is signed in."""
    follow: str = ""
    """The topic (`ui.live`) at whose change the rows are fetched again and what is drawn moves; rows have an `id`, then."""
    link: str = ""
    """The member of a row that is the address of its page; its name leads there."""
    opens: bool = False
    """It is drawn without being asked where the window is wide and no one saves data."""
