"""What a description is made of besides the entry: whose catalogue, where and when the rows are, which addresses answered."""

from __future__ import annotations

import uuid
from datetime import date, datetime

import msgspec


class Site(msgspec.Struct, frozen=True):
    """The installation: its public address without a slash at the end, the city's name, the code of its province."""

    root: str
    city: str
    province: str


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the release in force. `digest`: SHA-256 of its Parquet file. The rest is empty until it was looked at."""

    dataset_id: uuid.UUID
    digest: str
    units: list[str] = []
    """Codes of the administrative units that its rows name."""
    west: float | None = None
    south: float | None = None
    east: float | None = None
    north: float | None = None
    begins: date | None = None
    ends: date | None = None

    @property
    def box(self) -> tuple[float, float, float, float] | None:
        """Longitude and latitude of the south-west and of the north-east corner; None where no row says where it lies."""
        found = (self.west, self.south, self.east, self.north)
        return found if None not in found else None  # type: ignore[return-value]


class Asked(msgspec.Struct, frozen=True):
    """What the addresses of a dataset answered: ending of the file (empty: the page) -> HTTP status."""

    asked_at: datetime
    answers: dict[str, int]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One indicator of the MQA: what it asks (marked English), points had and possible, what was found, how to get the rest."""

    dimension: str
    title: str
    points: float
    possible: int
    evidence: list[str] = []
    advice: str = ""


class Quality(msgspec.Struct, frozen=True):
    """How well a dataset is described."""

    lines: list[Line]

    @property
    def points(self) -> int:
        """Of 405; begun points do not count."""
        return int(sum(line.points for line in self.lines) + 1e-9)

    @property
    def dimensions(self) -> dict[str, list[Line]]:
        """The lines by dimension."""
        found: dict[str, list[Line]] = {}
        for line in self.lines:
            found.setdefault(line.dimension, []).append(line)
        return found

    @property
    def missing(self) -> list[Line]:
        """The lines with points to be had, the most first."""
        found = [line for line in self.lines if line.points < line.possible]
        return sorted(found, key=lambda line: line.points - line.possible)
