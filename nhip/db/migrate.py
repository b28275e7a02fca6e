"""Migrations: numbered SQL files `NNNN_pre_what.sql` (before the new code starts) and `NNNN_post_what.sql` (after it).

Each package that owns tables has a folder `migrations/` and a PostgreSQL schema of its own. A file runs once, in one
transaction, with a lock time-out of 5 s, so that it can run while the old code still serves.
"""

from __future__ import annotations

import hashlib
import re
from importlib import import_module
from pathlib import Path
from typing import LiteralString

import msgspec
import psycopg

from nhip.db.database import Connection, Database
from nhip.db.errors import MigrationChanged, MigrationFailed, SchemaAhead
from nhip.db.sql import load

_FILE = re.compile(r"^\d{4}_(pre|post)_[a-z0-9_]+\.sql$")
queries = load(__file__, "migrate.sql")


class Migration(msgspec.Struct, frozen=True):
    """One file: its package (`nhip.datasets`), its name and its text."""

    package: str
    name: str
    text: LiteralString

    @property
    def digest(self) -> str:
        """SHA-256 of the text, to notice later changes."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def list_migrations(packages: list[str]) -> list[Migration]:
    """All migrations of `packages`, in the order of the packages and then of their numbers."""
    found = []
    for package in packages:
        folder = Path(str(import_module(package).__file__)).parent / "migrations"
        for path in sorted(folder.glob("*.sql")):
            if not _FILE.match(path.name):
                raise MigrationFailed(name=f"{package}/{path.name}", what="the name must be NNNN_pre_what.sql")
            found.append(Migration(package, path.name, path.read_text(encoding="utf-8")))
    return found


async def list_pending(db: Database, packages: list[str]) -> list[Migration]:
    """Migrations that have not run here; only looks, so that it may be asked of any database. Raises MigrationChanged if one
    that ran has another text now, SchemaAhead if one ran that there is not."""
    async with db.read() as tx:
        return await _pending(tx, packages)


async def _pending(tx: Connection, packages: list[str]) -> list[Migration]:
    there = await (await tx.execute(queries.has_table)).fetchone()
    rows = await (await tx.execute(queries.list_done)).fetchall() if there and there[0] else []
    done = {(package, name): digest for package, name, digest in rows}
    pending = []
    for migration in list_migrations(packages):
        known = done.pop((migration.package, migration.name), None)
        if known is None:
            pending.append(migration)
        elif known != migration.digest:
            raise MigrationChanged(name=f"{migration.package}/{migration.name}")
    if unknown := sorted(key for key in done if key[0] in packages):
        raise SchemaAhead(name="/".join(unknown[-1]))
    return pending


async def migrate(db: Database, packages: list[str]) -> list[Migration]:
    """Run what is pending, one transaction a file; give what ran. Two runners at once wait for each other."""
    ran = []
    pending = await list_pending(db, packages)
    if pending:
        async with db.tx() as tx:
            await tx.execute(queries.wait_turn)  # two at once may not both make the table
            await tx.execute(queries.make_table)
    for migration in pending:
        async with db.tx() as tx:
            await tx.execute(queries.wait_turn)
            if migration in await _pending(tx, [migration.package]):
                await _run(tx, migration)
                ran.append(migration)
    return ran


async def _run(tx: Connection, migration: Migration) -> None:
    try:
        await tx.execute("set local lock_timeout = '5s'")
        await tx.execute(migration.text)
        values = {"package": migration.package, "name": migration.name, "digest": migration.digest}
        await tx.execute(queries.record, values)
    except psycopg.Error as error:
        raise MigrationFailed(name=f"{migration.package}/{migration.name}", what=str(error)) from error
