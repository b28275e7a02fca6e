"""Deleting what is due: never what is in force or needed, proved by ledger and store, and finished after a kill."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from nhip.datasets.deliveries import raw_name
from nhip.datasets.findings import list_rows
from nhip.datasets.personal import sight_of
from nhip.datasets.store import find_version_in_force, get_dataset, get_version, list_deliveries
from nhip.datasets.versions import restore
from nhip.db.installation import Installation
from nhip.db.keep import keep_objects
from nhip.db.objects import Gone
from nhip.errors import Unavailable
from nhip.kernel.time import held, now
from nhip.ledger.errors import LedgerClosed
from nhip.privacy.errors import DeletionNotFound, RetentionRefused
from nhip.privacy.retention import service, store
from nhip.privacy.retention.proof import prove
from tests.privacy import city

LATER = timedelta(days=400)


async def set_rule(installation: Installation, months: int | None = 12) -> None:
    async with installation.db.tx() as tx:
        await service.set_rule(tx, await get_dataset(tx, "hanh-nghe"), months, "Quyết định 12/QĐ")


async def rows(installation: Installation, version) -> int:
    async with installation.db.read() as tx:
        sight = await sight_of(tx, await get_dataset(tx, "hanh-nghe"), version)
    return (await list_rows(installation, version, sight)).total


async def two_versions(installation: Installation):
    """Version 1 with its delivery, superseded by version 2, and a rule of 12 months."""
    await city.make(installation)
    first = await city.deliver(installation, city.FIRST)
    second = await city.deliver(installation, city.SECOND)
    await set_rule(installation)
    return first, second


def own_objects(first, second) -> set[str]:
    return set(first.manifest["objects"].values()) - set(second.manifest["objects"].values())


async def test_nothing_goes_before_its_time(installation: Installation) -> None:
    first, _second = await two_versions(installation)
    with held(now() + timedelta(days=300)):
        assert await service.purge(installation) == []
    assert installation.objects.has(first.object)


async def test_what_is_due_goes_and_what_is_in_force_stays(installation: Installation) -> None:
    first, second = await two_versions(installation)
    raw = raw_name(first.manifest["raw_sha256"])
    with held(now() + LATER):
        (deletion,) = await service.purge(installation)
        assert await service.purge(installation) == [], "a second run has nothing to do"
    assert (deletion.state, deletion.versions) == ("done", [1])
    for name in (*own_objects(first, second), raw):
        assert not installation.objects.has(name), name
    for name in (*second.manifest["objects"].values(), raw_name(second.manifest["raw_sha256"])):
        assert installation.objects.has(name), "the version in force lost something"
    with pytest.raises(Gone) as told:
        installation.objects.path(first.object)
    assert str(deletion.id) in str(told.value) and told.value.status == 410
    assert await rows(installation, second) == 2


async def test_a_deleted_version_cannot_be_put_in_force_again(installation: Installation) -> None:
    _first, second = await two_versions(installation)
    with held(now() + LATER):
        await service.purge(installation)
    async with installation.db.read() as tx:
        dataset = await get_dataset(tx, "hanh-nghe")
    with pytest.raises(Gone):
        await restore(installation, dataset, 1, "thử")
    async with installation.db.read() as tx:
        in_force = await find_version_in_force(tx, await get_dataset(tx, "hanh-nghe"))
    assert in_force is not None and in_force.no == second.no


async def test_the_proof_holds_and_fails_when_something_is_still_here(installation: Installation) -> None:
    first, _second = await two_versions(installation)
    content = installation.objects.path(first.object).read_bytes()
    with held(now() + LATER):
        (deletion,) = await service.purge(installation)
    proof = await prove(installation, deletion.id)
    assert proof.proved and proof.same_as_ledger and proof.seq is not None
    assert first.object in {o.object for o in proof.objects}
    (installation.objects.folder / first.object).write_bytes(content)
    proof = await prove(installation, deletion.id)
    assert not proof.proved
    assert [o.object for o in proof.objects if not o.gone] == [first.object]
    with pytest.raises(DeletionNotFound):
        await prove(installation, first.dataset_id)


async def test_a_proof_that_was_doctored_is_none(installation: Installation) -> None:
    await two_versions(installation)
    with held(now() + LATER):
        (deletion,) = await service.purge(installation)
    async with installation.db.tx() as tx:
        await tx.execute("alter table privacy.deleted_object disable trigger never_changed")
        await tx.execute("delete from privacy.deleted_object where object like 'raw/%%'")
    assert not (await prove(installation, deletion.id)).proved


async def test_the_same_data_in_force_keep_an_old_version_readable(installation: Installation) -> None:
    first, _second = await two_versions(installation)
    async with installation.db.read() as tx:
        dataset = await get_dataset(tx, "hanh-nghe")
    restored = await restore(installation, dataset, 1, "thử")
    assert restored.object == first.object
    with held(now() + LATER):
        async with installation.db.read() as tx:
            (plan,) = await service.list_plans(tx)
        assert (plan.versions, plan.shared) == ([2], [1])
        await service.purge(installation)
    assert installation.objects.has(first.object)
    assert installation.objects.has(raw_name(first.manifest["raw_sha256"])), "the delivery behind the version in force"
    async with installation.db.read() as tx:
        dataset = await get_dataset(tx, "hanh-nghe")
        in_force = await find_version_in_force(tx, dataset)
        second = await get_version(tx, dataset, 2)
    assert in_force is not None and await rows(installation, in_force) == 2
    assert not installation.objects.has(second.object)


async def test_raw_bytes_that_another_dataset_needs_stay(installation: Installation) -> None:
    first, second = await two_versions(installation)
    await city.deliver(installation, city.FIRST, "danh-ba")
    with held(now() + LATER):
        await service.purge(installation)
    assert installation.objects.has(raw_name(first.manifest["raw_sha256"]))
    assert not installation.objects.has(first.object)
    assert installation.objects.has(second.object)


async def test_bytes_that_are_delivered_again_are_here_again_rightly(installation: Installation) -> None:
    first, _second = await two_versions(installation)
    with held(now() + LATER):
        (deletion,) = await service.purge(installation)
        again = await city.deliver(installation, city.FIRST)
        assert again.object == first.object and await rows(installation, again) == 2
    proof = await prove(installation, deletion.id)
    assert proof.proved and any(o.here_again for o in proof.objects)


async def test_nothing_goes_while_a_delivery_is_worked_on_or_a_backup_copies(installation: Installation) -> None:
    first, _second = await two_versions(installation)
    with held(now() + LATER):
        async with installation.db.tx() as tx:
            await keep_objects(tx)
            with pytest.raises(Unavailable):
                await service.purge(installation)
        async with installation.db.tx() as tx:
            await tx.execute("update datasets.delivery set state = 'received' where id = %s", [first.delivery_id])
        assert await service.purge(installation) == []
    assert installation.objects.has(first.object)


async def test_without_the_ledger_nothing_goes(installation: Installation) -> None:
    first, _second = await two_versions(installation)
    await city.close_ledger(installation)
    with held(now() + LATER), pytest.raises(LedgerClosed):
        await service.purge(installation)
    assert installation.objects.has(first.object)


KILLED = """
import asyncio, os, signal, sys
from datetime import timedelta
from pathlib import Path
from nhip.db import Objects
from nhip.db.installation import opened
from nhip.kernel.time import held, now
from nhip.privacy.retention import service
from nhip.settings import Settings

left = int(sys.argv[3])
remove = Objects.remove

def counted(self, *what):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    remove(self, *what)

Objects.remove = counted

async def main():
    async with opened(Settings(data_dir=Path(sys.argv[1]), database_url=sys.argv[2], memory_mb=300)) as installation:
        with held(now() + timedelta(days=400)):
            await service.purge(installation)

asyncio.run(main())
"""


@pytest.mark.parametrize("removed", [0, 2])
async def test_a_purge_that_was_killed_is_finished_by_the_next(installation: Installation, removed: int) -> None:
    first, second = await two_versions(installation)
    where = [str(installation.settings.data_dir), installation.settings.database_url, str(removed)]
    done = subprocess.run([sys.executable, "-c", KILLED, *where], check=False, cwd=Path.cwd(), timeout=240)
    assert done.returncode == -signal.SIGKILL
    async with installation.db.read() as tx:
        (begun,) = await store.list_deletions(tx)
    assert begun.state == "begun", "what goes was written down before anything went"
    assert not (await prove(installation, begun.id)).proved
    async with installation.db.tx() as tx:
        await tx.execute("select 1")
    with held(now() + LATER):
        (deletion,) = await service.purge(installation)
    assert (deletion.id, deletion.state) == (begun.id, "done")
    assert not any(installation.objects.has(name) for name in own_objects(first, second))
    assert (await prove(installation, deletion.id)).proved
    assert await city.kinds(installation, "retention.") == ["retention.changed", "retention.begun", "retention.deleted"]


async def test_a_rule_names_its_ground_and_can_be_ended(installation: Installation) -> None:
    first, _second = await two_versions(installation)
    async with installation.db.read() as tx:
        dataset = await get_dataset(tx, "hanh-nghe")
    for months, ground in ((12, " "), (-1, "QĐ"), (1201, "QĐ")):
        with pytest.raises(RetentionRefused):
            async with installation.db.tx() as tx:
                await service.set_rule(tx, dataset, months, ground)
    await set_rule(installation, None)
    with held(now() + LATER):
        assert await service.purge(installation) == []
    assert installation.objects.has(first.object)
    async with installation.db.read() as tx:
        assert [r.ended_at is None for r in await store.list_rules(tx, "hanh-nghe", ended=True)] == [False]
        assert len(await list_deliveries(tx, dataset)) == 2
