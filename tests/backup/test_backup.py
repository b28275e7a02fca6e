"""Backups: taken while writes go on, restored into an empty place, damaged ones found, killed ones harmless."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import msgspec
import pytest

from nhip.backup.errors import BackupDamaged, NoBackup, NotEmpty, PassphraseNeeded, ProgramTooOld, WrongPassphrase
from nhip.backup.make import make_backup
from nhip.backup.points import get_point, iter_damage, list_points
from nhip.backup.restore import restore_backup
from nhip.datasets.store import find_version_in_force, get_dataset, list_versions
from nhip.db.installation import Installation, opened
from nhip.db.keep import may_remove_objects
from nhip.ledger.heads import change_key, sign_head
from nhip.ledger.model import Event
from nhip.ledger.service import note, record
from nhip.ledger.verify import verify
from nhip.parts import prepare_database
from nhip.security.secrets import SecretUnreadable, Vault
from nhip.security.service import sign_in
from nhip.settings import Settings
from nhip.testing.plugin import installation_folder
from tests.backup.conftest import Kept
from tests.datasets.conftest import FIRST, HEADER, Deliver

WORDS = "bốn từ dài ngẫu nhiên"


async def _prepare(installation: Installation) -> list[object]:
    return list(await prepare_database(installation.db))


async def _restore(source: Path, settings: Settings, **more: object) -> object:
    return await restore_backup(source, settings, _prepare, **more)  # type: ignore[arg-type]


def _rows(installation: Installation, name: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as con:
        return con.execute(
            "select * from read_parquet(?) order by all", [str(installation.objects.path(name))]
        ).fetchall()


async def test_a_restored_installation_is_the_same(kept: Kept, elsewhere: Settings, tmp_path: Path) -> None:
    made = await make_backup(kept.installation, tmp_path / "kept", passphrase=WORDS)
    assert made.with_keys and made.missing == [] and made.copied == made.objects > 0
    restored = await _restore(tmp_path / "kept", elsewhere, passphrase=WORDS)
    assert restored.point == made.point  # type: ignore[attr-defined]
    async with kept.installation.db.read() as tx, opened(elsewhere, pool_size=3) as other, other.db.read() as tx2:
        there, here = await get_dataset(tx2, "truong-hoc"), await get_dataset(tx, "truong-hoc")
        assert there == here
        assert await list_versions(tx2, there) == await list_versions(tx, here)
        old, new = await find_version_in_force(tx, here), await find_version_in_force(tx2, there)
        assert old and new
        assert _rows(kept.installation, old.object) == _rows(other, new.object)
        assert (await sign_in(other.db, "admin", kept.password, "203.0.113.1", 1)).token
        assert Vault(elsewhere).open_(kept.sealed, "source:1").value("password") == "mật-khẩu"


async def test_writes_go_on_and_none_is_half_in_it(
    kept: Kept, deliver: Deliver, elsewhere: Settings, tmp_path: Path
) -> None:
    """Each write is an event and a delivery in one transaction: a point that had one without the other would show it."""
    stop = asyncio.Event()

    async def write() -> int:
        number = 0
        while not stop.is_set():
            await deliver(HEADER + f"A1,Trường {number},01/09/2001,{number}\n")
            async with kept.installation.db.tx() as tx:
                await note(tx, Event(kind="setting.changed", data={"number": number}))
            number += 1
        return number

    writing = asyncio.create_task(write())
    try:
        made = await make_backup(kept.installation, tmp_path / "kept", passphrase=WORDS)
    finally:
        stop.set()
        assert await writing > 0
    assert made.missing == []
    await _restore(tmp_path / "kept", elsewhere, passphrase=WORDS)
    async with opened(elsewhere, pool_size=2) as other, other.db.read() as tx:
        dataset = await get_dataset(tx, "truong-hoc")
        version = await find_version_in_force(tx, dataset)
        assert version and _rows(other, version.object)
        row = await (await tx.execute("select count(*), max(seq) from ledger.event")).fetchone()
        assert row and row[0] == row[1] + 1, "no gap"


async def test_the_second_backup_copies_only_what_is_new(kept: Kept, deliver: Deliver, tmp_path: Path) -> None:
    target = tmp_path / "kept"
    first = await make_backup(kept.installation, target)
    (target / first.point).rename(target / "20260101T000000Z")  # two within one second would share a name
    await deliver(FIRST.replace("Trường Một", "Trường mới"))
    second = await make_backup(kept.installation, target)
    assert 0 < second.copied < first.objects
    assert not second.with_keys
    names = [p.name for p in list_points(target)]
    assert names == ["20260101T000000Z", second.point]


async def test_the_ledger_verifies_where_it_is_restored(kept: Kept, elsewhere: Settings, tmp_path: Path) -> None:
    """Signed by two keys, and signed again after the dump: the restored heads are those of the restored events."""
    db, settings = kept.installation.db, kept.installation.settings
    await record(db, Event(kind="setting.changed"))
    await change_key(db, settings)
    await record(db, Event(kind="setting.changed"))
    await sign_head(db, settings)
    await make_backup(kept.installation, tmp_path / "kept")
    await _restore(tmp_path / "kept", elsewhere)
    async with opened(elsewhere, pool_size=2) as other:
        report = await verify(other.db, elsewhere)
        assert report.faults == [] and report.heads == 2
        assert await sign_head(other.db, elsewhere)
        assert (await verify(other.db, elsewhere)).faults == []


async def test_older_points_go_but_never_what_a_kept_one_needs(kept: Kept, deliver: Deliver, tmp_path: Path) -> None:
    target = tmp_path / "kept"
    first = await make_backup(kept.installation, target)
    (target / first.point).rename(target / "20260101T000000Z")
    await deliver(FIRST.replace("Trường Một", "Trường mới"))
    second = await make_backup(kept.installation, target, keep=1)
    assert second.removed == ["20260101T000000Z"]
    assert list(iter_damage(get_point(target))) == []


@pytest.mark.parametrize("victim", ["database.dump", "objects", "keys.sealed", "heads"])
async def test_one_changed_byte_is_found(kept: Kept, elsewhere: Settings, tmp_path: Path, victim: str) -> None:
    await record(kept.installation.db, Event(kind="setting.changed"))
    await sign_head(kept.installation.db, kept.installation.settings)
    made = await make_backup(kept.installation, tmp_path / "kept", passphrase=WORDS)
    place = tmp_path / "kept" / made.point
    files = {
        "objects": next(p for p in (tmp_path / "kept" / "objects").rglob("*") if p.is_file()),
        "heads": place / "heads.jsonl",
    }
    file = files.get(victim, place / victim)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert [d.fault for d in iter_damage(get_point(tmp_path / "kept"))] == ["sha256"]
    with pytest.raises(WrongPassphrase if victim == "keys.sealed" else BackupDamaged):
        await _restore(tmp_path / "kept", elsewhere, passphrase=WORDS)
    assert not elsewhere.data_dir.exists() or not any(elsewhere.data_dir.iterdir()), "nothing was written"


async def test_keys_open_with_their_passphrase_only(kept: Kept, elsewhere: Settings, tmp_path: Path) -> None:
    await make_backup(kept.installation, tmp_path / "kept", passphrase=WORDS)
    with pytest.raises(PassphraseNeeded):
        await _restore(tmp_path / "kept", elsewhere)
    with pytest.raises(WrongPassphrase):
        await _restore(tmp_path / "kept", elsewhere, passphrase="sai")
    await _restore(tmp_path / "kept", elsewhere, without_keys=True)
    with pytest.raises(SecretUnreadable):
        Vault(elsewhere).open_(kept.sealed, "source:1")
    assert WORDS.encode() not in b"".join(p.read_bytes() for p in (tmp_path / "kept").rglob("*") if p.is_file())


async def test_nothing_is_written_over(kept: Kept, elsewhere: Settings, tmp_path: Path) -> None:
    await make_backup(kept.installation, tmp_path / "kept")
    elsewhere.data_dir.mkdir()
    (elsewhere.data_dir / "note.txt").write_text("mine")
    with pytest.raises(NotEmpty):
        await _restore(tmp_path / "kept", elsewhere)
    (elsewhere.data_dir / "note.txt").unlink()
    full = msgspec.structs.replace(elsewhere, database_url=kept.installation.settings.database_url)
    with pytest.raises(NotEmpty):
        await _restore(tmp_path / "kept", full)


async def test_a_backup_of_a_newer_program_is_refused(kept: Kept, elsewhere: Settings, tmp_path: Path) -> None:
    made = await make_backup(kept.installation, tmp_path / "kept")
    path = tmp_path / "kept" / made.point / "manifest.json"
    path.write_text(path.read_text().replace('"made_with": "', '"made_with": "99.'))
    with pytest.raises(ProgramTooOld):
        await _restore(tmp_path / "kept", elsewhere)


async def test_what_is_no_backup_is_named(elsewhere: Settings, tmp_path: Path) -> None:
    with pytest.raises(NoBackup):
        await _restore(tmp_path, elsewhere)


async def test_no_object_goes_while_it_is_copied(kept: Kept, tmp_path: Path) -> None:
    asked: list[bool] = []

    async def ask() -> None:
        async with kept.installation.db.tx() as tx:
            asked.append(await may_remove_objects(tx))

    loop = asyncio.get_running_loop()

    def watch(_done: int, _total: int) -> None:
        asyncio.run_coroutine_threadsafe(ask(), loop).result(20)

    await make_backup(kept.installation, tmp_path / "kept", watch=watch)
    await ask()
    assert asked[-1] and not any(asked[:-1]) and len(asked) > 1


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from nhip.backup.make import make_backup
from nhip.db.installation import opened
from nhip.settings import load

def watch(done, total):
    if done == 2:
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    async with opened(load(), pool_size=3) as installation:
        await make_backup(installation, Path(sys.argv[1]), watch=watch)

asyncio.run(main())
"""


async def test_a_killed_backup_harms_nothing(kept: Kept, elsewhere: Settings, tmp_path: Path) -> None:
    target = tmp_path / "kept"
    first = await make_backup(kept.installation, target)
    settings = kept.installation.settings
    environment = {**os.environ, "NHIP_DATA_DIR": str(settings.data_dir), "NHIP_DATABASE_URL": settings.database_url}
    done = subprocess.run([sys.executable, "-c", KILLED, str(target)], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    assert [p.name for p in list_points(target)] == [first.point]
    (target / first.point).rename(target / "20260101T000000Z")
    again = await make_backup(kept.installation, target)
    assert list(target.glob(".*.part")) == []
    assert list(iter_damage(get_point(target))) == []
    assert again.copied == 0


def test_the_commands_from_a_fresh_installation_to_a_fresh_one() -> None:
    """With the embedded server on both sides, as an administrator would."""
    with installation_folder() as folder:
        _kept_and_restored(folder)


def _kept_and_restored(place: Path) -> None:
    environment = {**os.environ, "NHIP_BACKUP_PASSPHRASE": WORDS}
    environment.pop("NHIP_DATABASE_URL", None)

    def nhip(folder: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "nhip", "--data-dir", str(place / folder), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)

    migrated = nhip("one", "migrate")
    assert migrated.returncode == 0, migrated.stderr
    made = nhip("one", "backup", str(place / "kept"), "--json")
    assert made.returncode == 0, made.stderr
    assert msgspec.json.decode(made.stdout)["with_keys"]
    verified = nhip("one", "backup", "verify", str(place / "kept"))
    assert verified.returncode == 0, verified.stderr
    restored = nhip("two", "restore", str(place / "kept"), "--json")
    assert restored.returncode == 0, restored.stderr
    assert msgspec.json.decode(restored.stdout)["migrations"] == 0
    refused = nhip("two", "restore", str(place / "kept"))
    assert refused.returncode == 2 and "empty" in refused.stderr
