"""`nhip privacy` as scripts use it: JSON on standard output, the exit code says whether something is wrong."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import msgspec
from click.testing import CliRunner, Result

from nhip.datasets.store import get_dataset
from nhip.db.installation import Installation
from nhip.kernel.time import now
from nhip.privacy.breaches import service as breaches
from nhip.privacy.breaches.model import Facts
from nhip.privacy.commands import privacy
from nhip.privacy.retention import service as retention
from tests.privacy import city


async def run(installation: Installation, *arguments: str) -> Result:
    """Run a command in a thread of its own, as it brings its own event loop."""

    def work() -> Result:
        return CliRunner().invoke(privacy, arguments, obj=installation.settings, standalone_mode=False)

    return await asyncio.to_thread(work)


async def test_the_register_names_its_gaps(installation: Installation) -> None:
    await city.make(installation)
    await city.register(installation)
    done = await run(installation, "register", "--json")
    told = msgspec.json.decode(done.stdout)
    assert done.return_value == 1
    assert [p["name"] for p in told["processings"]] == ["nhac-lich"]
    assert [g["dataset"] for g in told["gaps"]] == ["danh-ba"]
    assert "danh-ba" in (await run(installation, "register")).stdout


async def test_due_fails_when_a_clock_has_run_out(installation: Installation) -> None:
    await city.make(installation)
    assert (await run(installation, "due", "--json")).return_value == 0
    async with installation.db.tx() as tx:
        since = now() - timedelta(days=5)
        await breaches.find(tx, Facts(title="x", what="y", since=since), now() - timedelta(hours=73))
    done = await run(installation, "due", "--json")
    assert done.return_value == 1
    assert msgspec.json.decode(done.stdout)["desk"]["breaches_overdue"] == 1


async def test_purge_and_proof(installation: Installation) -> None:
    await city.make(installation)
    await city.deliver(installation, city.FIRST)
    await city.deliver(installation, city.SECOND)
    async with installation.db.tx() as tx:
        await retention.set_rule(tx, await get_dataset(tx, "hanh-nghe"), 0, "QĐ")
    (planned,) = msgspec.json.decode((await run(installation, "purge", "--dry-run", "--json")).stdout)
    assert planned["versions"] == [1] and installation.objects.has(planned["objects"][0])
    (deleted,) = msgspec.json.decode((await run(installation, "purge", "--json")).stdout)
    assert not installation.objects.has(planned["objects"][0])
    proof = await run(installation, "proof", deleted["id"], "--json")
    assert proof.return_value == 0 and msgspec.json.decode(proof.stdout)["proved"]
    (installation.objects.folder / planned["objects"][0]).write_bytes(b"back")
    proof = await run(installation, "proof", deleted["id"])
    assert proof.return_value == 1 and "STILL HERE" in proof.stdout
