"""What can go wrong with places, in words for people."""

from __future__ import annotations

from typing import ClassVar

from nhip.errors import BadInput, NotFound


class RegisterBroken(BadInput):
    """The register file {path} cannot be read ({why}). Put back the file before it, or import the table again."""

    status: ClassVar[int] = 500


class NotATable(BadInput):
    """{path} cannot be used as {what}: {why}."""


class NoUnit(NotFound):
    """There is no administrative unit with the code {code} on {as_of}."""


class NoAddresses(BadInput):
    """There is nothing to resolve. Give addresses as arguments, or a file with --file (a hyphen reads standard input)."""
