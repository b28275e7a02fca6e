"""Why a file cannot be used. Faults that leave the rest of a file usable are notes, not errors."""

from __future__ import annotations

from nhip.errors import NhipError


class UnusableFile(NhipError):
    """The file {file} cannot be used."""

    status = 422


class EmptyFile(UnusableFile):
    """The file {file} is empty (0 bytes). Send it again."""


class UnknownFormat(UnusableFile):
    """The file {file} is in no format that Nhịp reads. Send CSV, Excel, ODS, JSON, GeoJSON, KML, GPKG, Shapefile (zipped),
    DBF or Parquet."""


class BrokenFile(UnusableFile):
    """The file {file} is damaged or incomplete and cannot be opened as {format}: {what}. Send it again."""


class BrokenEntry(UnusableFile):
    """The file {file} is damaged: its part {entry} cannot be read. Send it again."""


class BrokenLine(UnusableFile):
    """Line {line} of the file {file} is not valid {format}. Correct it and send the file again."""


class PasswordProtected(UnusableFile):
    """The file {file} is protected by a password. Remove the password and send it again."""


class TooLarge(UnusableFile):
    """The file {file} is larger than {limit_mb} MB, the most that is accepted."""

    status = 413


class UnpacksTooLarge(UnusableFile):
    """The archive {file} would unpack to more than {limit_mb} MB. It was not unpacked."""

    status = 413


class ArchiveTooTight(UnusableFile):
    """The archive {file} is {packed_kb} KB and would unpack to {unpacked_mb} MB or more, which real data never do. It was not
    unpacked; what you sent is kept. If the data are real, unpack it yourself and send the files that are inside."""

    status = 413


class TooManyEntries(UnusableFile):
    """The archive {file} lists more than {limit} files. Send them in several archives."""

    status = 413


class TooManyColumns(UnusableFile):
    """The table {table} in {file} has {columns} columns; at most {limit} are accepted."""


class TooSpread(UnusableFile):
    """The sheet {table} in {file} claims {rows} rows by {columns} columns with almost nothing in them. Delete the stray cells
    far from the table and send it again."""


class NothingInside(UnusableFile):
    """The file {file} has no table inside."""


class UnsafeArchive(UnusableFile):
    """The archive {file} has an entry that may not be unpacked: {entry}."""


class ArchiveNeedsPassword(UnusableFile):
    """The archive {file} is protected by a password. Send it without one."""


class TooDeep(UnusableFile):
    """The file {file} is nested too deeply ({format})."""


class PlainDatabase(UnusableFile):
    """The file {file} is an SQLite database and no GeoPackage. Connect it as a source of the kind database (SQL) instead."""
