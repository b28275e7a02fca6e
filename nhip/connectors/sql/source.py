"""Settings of a database source."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from nhip.kernel.i18n import _

Engine = Literal["postgresql", "mysql", "sqlite", "odbc"]


class SqlSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of an `sql` source."""

    engine: Annotated[
        Engine,
        msgspec.Meta(description=_("Which database; mysql is MariaDB too, odbc is SQL Server, Oracle and others.")),
    ]
    query: Annotated[str, msgspec.Meta(min_length=1, description=_("One query that begins with SELECT or WITH."))]
    host: Annotated[
        str, msgspec.Meta(description=_("Server, or the folder or file of its socket, for postgresql and mysql."))
    ] = ""
    port: Annotated[int, msgspec.Meta(ge=0, le=65_535, description=_("Port; 0: the usual one."))] = 0
    database: Annotated[str, msgspec.Meta(description=_("Name of the database, or the file for sqlite."))] = ""
    username: Annotated[str, msgspec.Meta(description=_("User name; give it the right to read and no other."))] = ""
    connection: Annotated[
        str, msgspec.Meta(description=_("ODBC connection string (Driver, Server, Database) without user and password."))
    ] = ""
    tls: Annotated[
        Literal["prefer", "require", "verify"],
        msgspec.Meta(description=_("Encryption, for postgresql and mysql; verify: the certificate is checked too.")),
    ] = "prefer"
    cursor: Annotated[
        str, msgspec.Meta(description=_("Column that only grows (number, time of change); empty: read everything."))
    ] = ""
    key: Annotated[
        list[str], msgspec.Meta(description=_("Columns by which changed rows replace earlier ones, with a cursor."))
    ] = []
    format: Annotated[Literal["ndjson", "parquet"], msgspec.Meta(description=_("Form of the payload."))] = "ndjson"
    batch: Annotated[int, msgspec.Meta(ge=1, le=100_000, description=_("Rows held in memory at a time."))] = 5_000
    timeout_seconds: Annotated[
        int, msgspec.Meta(ge=1, le=86_400, description=_("Most seconds that the query may take."))
    ] = 600
    filename: Annotated[str, msgspec.Meta(description=_("Name for the payload."))] = "rows"

    @property
    def label(self) -> str:
        """The database as people see it."""
        return self.host or self.database or self.engine
