"""What can go wrong with the database and its migrations."""

from __future__ import annotations

from nhip.errors import DatabaseAway, NhipError, Unavailable


class EmbeddedServerFailed(DatabaseAway):
    """The embedded PostgreSQL server did not start: {what}. Its log is {log}."""


class DatabaseRefuses(DatabaseAway):
    """The database cannot do this now: {what}. Nothing of it was written; try again when that is over."""


class MigrationFailed(NhipError):
    """The migration {name} failed and was rolled back: {what}."""


class MigrationChanged(NhipError):
    """The migration {name} was changed after it ran here. Restore the file and add a new migration instead."""


class SchemaBehind(Unavailable):
    """The database lacks {count} migrations. Run `nhip migrate` and start again."""


class SchemaAhead(Unavailable):
    """The database was made ready by a newer version of Nhịp; this one does not know its migration {name}. Start the newer
    version again, or restore a backup that is older."""
