"""What can make a check impossible, in words for people."""

from __future__ import annotations

from nhip.errors import BadInput


class OtherColumns(BadInput):
    """The contract {contract} speaks of other columns than this table has. Expected: {expected}. Found: {found}."""

    status = 422


class NothingToCheck(BadInput):
    """The file {file} holds no table with rows and columns, so there is nothing to check."""

    status = 422


class FormatUnknown(BadInput):
    """The format “{format}” of the column {column} cannot be used: write it with yyyy, MM, dd, HH, mm, ss and signs between
    them, for example dd/MM/yyyy. Years have four digits."""

    status = 422


class PatternUnusable(BadInput):
    """The pattern of the column {column} cannot be used: {what}. Patterns are regular expressions in RE2 syntax, without
    look-around and back references, so that no text can make them run for ever."""

    status = 422


class LimitUnreadable(BadInput):
    """The rule {rule} of the column {column} compares with “{value}”, which cannot be read as {type}."""

    status = 422


class NameTaken(BadInput):
    """The contract has two columns named {column}, or uses a name that Nhịp keeps for itself."""

    status = 422


class TypeUnknown(BadInput):
    """The contract (line {line}) gives a column the type “{found}”, which Nhịp does not know, so that its values could not be
    judged. Write one of {wanted}."""

    status = 422


class FindingsFormat(BadInput):
    """Findings can be written as .csv or .parquet, not as {name}."""
