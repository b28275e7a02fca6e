"""The versioned register's nouns: units, the changes between them, their other names.

A code alone does not identify a unit: 19753 was phường Thuận Lộc until 30 June 2025 and is phường Phú Xuân since.
(code, valid from) does; `uid` is that pair as text, `19753@2025-07-01`.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

Level = Literal["province", "district", "commune"]

CODES_BEGAN = date(2004, 7, 8)
"""The codes were introduced by Decision 124/2004/QĐ-TTg. A unit whose beginning the register does not know is valid from here."""

COMMUNES_OF_2025 = date(2025, 7, 1)
"""Since this day there are 34 provinces and no districts (Resolutions 202/2025/QH15 and 1654-1687/NQ-UBTVQH15)."""


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """One administrative unit in one version: the days on which its name, type and parent were as written here."""

    code: str
    """NSO code: 2 digits for a province, 3 for a district, 5 for a commune."""
    level: Level
    type: str
    """tỉnh, thành phố, quận, huyện, thị xã, phường, xã, thị trấn, đặc khu."""
    name: str
    valid_from: date
    valid_to: date | None = None
    """Last day of validity; None while in force."""
    parent: str = ""
    """Code of the parent on the days of validity; empty for a province."""
    act: str = ""
    """Number of the legal act that made this version; empty where not known."""
    lon: float | None = None
    lat: float | None = None
    """A point inside or near the unit, degrees WGS 84."""

    @property
    def uid(self) -> str:
        """`code@valid_from`."""
        return f"{self.code}@{self.valid_from.isoformat()}"

    @property
    def full_name(self) -> str:
        """Type and name: `Phường Phú Xuân`."""
        return f"{self.type[:1].upper()}{self.type[1:]} {self.name}"

    def valid(self, on: date) -> bool:
        """Whether this version is in force on the day `on`."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One edge of history. `whole`: all of `from_uid` went into `to_uid`; `part`: only some of it did."""

    from_uid: str
    to_uid: str
    kind: Literal["whole", "part"]
    note: str = ""
    act: str = ""
    effective: date


class Alias(msgspec.Struct, frozen=True, kw_only=True):
    """Another name of a unit. `former`: a unit that was merged or renamed into it earlier; `short`: an abbreviation.
    `text` is folded, without blanks, without the type word; `type` is the former unit's type where known."""

    uid: str
    text: str
    type: str = ""
    kind: Literal["former", "short"] = "former"


class Tables(msgspec.Struct, frozen=True, kw_only=True):
    """The content of a register, or of one overlay over it. `removed` lists uids and `from>to` edges taken out."""

    units: list[Unit] = []
    changes: list[Change] = []
    aliases: list[Alias] = []
    removed: list[str] = []
    source: str = ""
    imported: date | None = None


class Resolution(msgspec.Struct, frozen=True, kw_only=True):
    """What an address or a code means. `codes` are valid on `as_of`: one when exact, the whole candidate set when ambiguous."""

    input: str
    status: Literal["exact", "ambiguous", "none"]
    codes: tuple[str, ...] = ()
    path: str = ""
    as_of: date
    note: str = ""
    """Why, as an English template and gettext key; empty when there is nothing to say."""
    old_codes: tuple[str, ...] = ()
    """Codes of the former units that the input names."""
