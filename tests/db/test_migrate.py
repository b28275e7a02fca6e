"""Migrations: once each, in order, all or nothing, and never changed afterwards."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from nhip.db import Database
from nhip.db.errors import DatabaseRefuses, MigrationChanged, MigrationFailed, SchemaAhead
from nhip.db.migrate import list_migrations, list_pending, migrate
from nhip.errors import DatabaseAway
from nhip.jobs.app import install
from nhip.parts import list_missing, prepare_database


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "some_package"
    (folder / "migrations").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "migrations" / "0001_pre_first.sql").write_text("create table first_one (n int);")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(__import__("sys").modules, "some_package", raising=False)
    return folder / "migrations"


async def test_each_file_runs_once(package: Path, database_url: str) -> None:
    db = Database(database_url, size=2)
    await db.open()
    assert [m.name for m in await migrate(db, ["some_package"])] == ["0001_pre_first.sql"]
    assert await migrate(db, ["some_package"]) == []
    (package / "0002_pre_second.sql").write_text("alter table first_one add column m int;")
    assert [m.name for m in await list_pending(db, ["some_package"])] == ["0002_pre_second.sql"]
    both = await asyncio.gather(migrate(db, ["some_package"]), migrate(db, ["some_package"]))
    assert sorted(len(ran) for ran in both) == [0, 1]
    await db.close()


async def test_looking_makes_nothing(package: Path, database_url: str) -> None:
    db = Database(database_url, size=2)
    await db.open()
    async with db.tx() as tx:
        await tx.execute("drop table if exists public.nhip_migration")
    assert [m.name for m in await list_pending(db, ["some_package"])] == ["0001_pre_first.sql"]
    async with db.read() as tx:
        row = await (await tx.execute("select to_regclass('public.nhip_migration')")).fetchone()
    assert row == (None,)
    await db.close()


async def test_two_runners_on_an_empty_database(package: Path, database_url: str) -> None:
    db = Database(database_url, size=4)
    await db.open()
    async with db.tx() as tx:
        await tx.execute("drop table if exists public.nhip_migration")
    both = await asyncio.gather(migrate(db, ["some_package"]), migrate(db, ["some_package"]))
    assert sorted(len(ran) for ran in both) == [0, 1]
    await db.close()


async def test_a_failing_file_leaves_nothing(package: Path, database_url: str) -> None:
    db = Database(database_url, size=2)
    await db.open()
    (package / "0001_pre_first.sql").write_text("create table half (n int); select 1/0;")
    with pytest.raises(MigrationFailed, match="0001_pre_first"):
        await migrate(db, ["some_package"])
    async with db.read() as tx:
        row = await (await tx.execute("select to_regclass('half')")).fetchone()
    assert row == (None,)
    await db.close()


async def test_a_changed_file_is_refused(package: Path, database_url: str) -> None:
    db = Database(database_url, size=2)
    await db.open()
    await migrate(db, ["some_package"])
    (package / "0001_pre_first.sql").write_text("create table another (n int);")
    with pytest.raises(MigrationChanged):
        await migrate(db, ["some_package"])
    await db.close()


async def test_an_older_program_leaves_a_newer_database_alone(package: Path, database_url: str) -> None:
    db = Database(database_url, size=2)
    await db.open()
    newer = package / "0002_pre_second.sql"
    newer.write_text("create table second_one (n int);")
    await migrate(db, ["some_package"])
    newer.unlink()
    (package / "0003_pre_third.sql").write_text("create table third_one (n int);")
    for look in (migrate, list_pending):
        with pytest.raises(SchemaAhead, match=r"some_package/0002_pre_second\.sql"):
            await look(db, ["some_package"])
    assert await list_missing(db) == [], "what others made is no matter of theirs"
    await db.close()


async def test_a_database_that_may_only_be_read_says_so(database_url: str) -> None:
    db = Database(f"{database_url}&options=-cdefault_transaction_read_only%3Don", size=1)
    await db.open()
    with pytest.raises(DatabaseRefuses, match="it may only be read"):
        async with db.tx() as tx:
            await tx.execute("create table first_one (n int)")
    assert await db.ready(), "reading goes on"
    await db.close()


def test_names_have_a_form(package: Path) -> None:
    (package / "2_whatever.sql").write_text("")
    with pytest.raises(MigrationFailed, match="NNNN_pre_what"):
        list_migrations(["some_package"])


async def test_our_own_are_complete_and_idempotent(database_url: str) -> None:
    db = Database(database_url, size=2)
    await db.open()
    assert await list_missing(db) == []
    assert await prepare_database(db) == []
    assert await install(db) == 0
    await db.close()


async def test_an_absent_database_is_said_in_words() -> None:
    db = Database("postgresql://nobody@/none?host=/nonexistent", size=1, wait_s=1)
    with pytest.raises(DatabaseAway):
        await db.open()
