"""What can go wrong with a source, beyond the connection itself (`nhip.security.outgoing_errors`)."""

from __future__ import annotations

from nhip.errors import NhipError

__all__ = [
    "BadSetting",
    "CursorHasGaps",
    "CursorMissing",
    "CursorTooCoarse",
    "DatabaseMissing",
    "EnvelopeFault",
    "FileRefused",
    "FolderMissing",
    "HostKeyChanged",
    "HostKeyUnknown",
    "ListingIncomplete",
    "MissingDriver",
    "PageRepeats",
    "QueryFailed",
    "QueryRefused",
    "RowsNotFound",
    "SourceError",
    "TooManyFiles",
    "TooManyPages",
    "UnknownKind",
    "UnknownSetting",
    "UnreadableAnswer",
]


class SourceError(NhipError):
    """The source could not be read."""

    status = 502


class UnknownKind(SourceError):
    """There is no source of the kind {kind}. Kinds: {kinds}."""

    status = 404


class BadSetting(SourceError):
    """The setting {name} of a {kind} source cannot be used: {why}."""

    status = 400


class UnknownSetting(SourceError):
    """A {kind} source has no setting {name}. It has: {known}."""

    status = 400


class FolderMissing(SourceError):
    """The folder {path} does not exist or cannot be read. Nothing counts as removed because of this."""


class DatabaseMissing(SourceError):
    """The database file {path} does not exist or cannot be read."""


class FileRefused(SourceError):
    """The file {path} is not taken: it lies outside the folder of the source or is not a plain file."""

    status = 400


class HostKeyUnknown(SourceError):
    """{host} shows the key {fingerprint}. If its operator confirms this fingerprint, enter it as the setting `fingerprint`."""

    status = 400


class HostKeyChanged(SourceError):
    """{host} shows the key {fingerprint}, but {expected} is expected. Somebody may be listening in: nothing was sent.
    Ask its operator before you change the setting `fingerprint`."""


class UnreadableAnswer(SourceError):
    """The answer of {host} at {url} cannot be read as {format}: {why}."""


class RowsNotFound(SourceError):
    """The answer of {host} has no list of rows at `{path}`. It has: {found}."""


class PageRepeats(SourceError):
    """{host} gives the same page again (page {page}). Check the settings of paging; nothing was kept."""


class TooManyFiles(SourceError):
    """{path} has more than {limit} files that fit. Choose a narrower pattern, or move old files away."""


class TooManyPages(SourceError):
    """{host} has more than {limit} pages (setting `max_pages`). Nothing was kept."""


class ListingIncomplete(SourceError):
    """{host} announces {expected} entries but gives {found}. Nothing counts as removed because of this; the next run
    tries again."""


class EnvelopeFault(SourceError):
    """{host} reports an error of its own: {message}."""


class QueryRefused(SourceError):
    """The query is not taken: {why}. A source may hold one query that begins with SELECT or WITH and changes nothing."""

    status = 400


class QueryFailed(SourceError):
    """The database {host} refuses the query: {why}"""


class CursorMissing(SourceError):
    """The query has no column {column}, which is set as its cursor. It has: {found}."""

    status = 400


class CursorHasGaps(SourceError):
    """The cursor column {column} is empty in some rows, so new rows could be missed. Choose a column that is always filled, or
    leave the setting `cursor` empty to read everything each time."""


class CursorTooCoarse(SourceError):
    """More than {limit} rows share the last value of the cursor column {column}. Choose a column with finer values."""


class MissingDriver(SourceError):
    """The ODBC driver {driver} is not installed on this machine. Installed: {found}."""

    status = 400
