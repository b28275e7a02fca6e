"""`kill -9` at every step: the last good version stays in force, the raw bytes are there, the work goes on and is done once."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nhip.datasets.deliveries import raw_name, receive, sha256_of
from nhip.datasets.pipeline import STEPS, resume
from nhip.datasets.records import Dataset
from nhip.datasets.store import find_version_in_force, get_dataset, list_deliveries, list_unfinished, list_versions
from nhip.db.installation import Installation
from tests.datasets.conftest import FIRST, SECOND, Deliver

PROCESS = """
import asyncio, os, signal, sys, uuid
from nhip.datasets.pipeline import process
from nhip.db.installation import opened
from nhip.settings import load

def at(step):
    if step == sys.argv[1]:
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    async with opened(load(), pool_size=3) as installation:
        await process(installation, uuid.UUID(sys.argv[2]), at)

asyncio.run(main())
"""

RECEIVE = """
import asyncio, os, signal, sys, uuid
from pathlib import Path
from nhip.datasets import deliveries
from nhip.db.installation import opened
from nhip.settings import load

async def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

async def main():
    async with opened(load(), pool_size=3) as installation:
        deliveries.record = die
        await deliveries.receive(installation, uuid.UUID(sys.argv[1]), Path(sys.argv[2]), filename="x.csv", who="test")

asyncio.run(main())
"""


def run(installation: Installation, program: str, *arguments: str) -> int:
    """Run a program on the installation in a process of its own; gives its exit code."""
    settings = installation.settings
    environment = {
        "NHIP_DATA_DIR": str(settings.data_dir),
        "NHIP_DATABASE_URL": settings.database_url,
        "PATH": "/usr/bin:/bin",
    }
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], env=environment, check=False, timeout=400
    ).returncode


@pytest.mark.parametrize("step", STEPS)
async def test_killed_at_a_step(
    step: str, installation: Installation, deliver: Deliver, schools: Dataset, tmp_path: Path
) -> None:
    await deliver(FIRST)
    file = tmp_path / "second.csv"
    file.write_text(SECOND, encoding="utf-8")
    receipt = await receive(installation, schools.id, file, filename="second.csv", who="test", later=False)
    assert run(installation, PROCESS, step, str(receipt.delivery.id)) == -signal.SIGKILL
    async with installation.db.read() as tx:
        version = await find_version_in_force(tx, await get_dataset(tx, "truong-hoc"))
        unfinished = await list_unfinished(tx)
    assert version is not None
    published = step == "done"
    assert version.no == (2 if published else 1)
    assert [d.id for d in unfinished] == ([] if published else [receipt.delivery.id])
    assert installation.objects.path(raw_name(sha256_of(file))).read_bytes() == file.read_bytes()
    await resume(installation)
    async with installation.db.read() as tx:
        versions = await list_versions(tx, await get_dataset(tx, "truong-hoc"))
        assert await list_unfinished(tx) == []
    assert [(v.no, v.row_count, v.finding_count) for v in versions] == [(2, 3, 0), (1, 3, 1)]
    for version in versions:
        assert installation.objects.path(version.object).stat().st_size > 0


async def test_killed_between_keeping_and_recording(
    installation: Installation, schools: Dataset, tmp_path: Path
) -> None:
    file = tmp_path / "x.csv"
    file.write_text(FIRST, encoding="utf-8")
    assert run(installation, RECEIVE, str(schools.id), str(file)) == -signal.SIGKILL
    assert installation.objects.has(raw_name(sha256_of(file)))
    async with installation.db.read() as tx:
        assert await list_deliveries(tx, schools) == []
    receipt = await receive(installation, schools.id, file, filename="x.csv", who="test", later=False)
    assert not receipt.unchanged
    outcomes = await resume(installation)
    assert [o.state for o in outcomes] == ["published"]
