"""What can go wrong with places, in words for people."""

from __future__ import annotations

from typing import ClassVar

from nhip.errors import BadInput, NotFound


class RegisterBroken(BadInput):
    """The register file {path} cannot be read ({why}). Put back the file before it, or import the table again."""

    status: ClassVar[int] = 500


class NotATable(BadInput):
    """The file {path} cannot be read: {why}."""


class NotAConversionTable(NotATable):
    """The file {path} is no conversion table of communes: {why}."""


class NotAUnitList(NotATable):
    """The file {path} is no list of units: {why}."""


class NotBoundaries(NotATable):
    """The file {path} holds no boundaries in GeoJSON: {why}."""


class NothingInIt(NotATable):
    """The file {path} holds no row that can be used. Look whether it is the right file."""


class TooLarge(NotATable):
    """The file {path} is too large: {what} may be at most {limit}."""

    status: ClassVar[int] = 413


class NoUnit(NotFound):
    """There is no administrative unit with the code {code} on {as_of}."""


class NoAddresses(BadInput):
    """There is nothing to resolve. Give addresses as arguments, or a file with --file (a hyphen reads standard input)."""
