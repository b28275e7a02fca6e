"""Keeping the graph in step with the datasets: every few seconds what is behind is brought up to date."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nhip.datasets.contract.model import Contract
from nhip.datasets.contract.yaml import load
from nhip.datasets.records import Dataset, Version
from nhip.datasets.store import find_contract, find_version_in_force, get_dataset
from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.errors import DatabaseAway, NhipError
from nhip.graph.service import Graph
from nhip.kernel.time import now
from nhip.things import store
from nhip.things.model import Report
from nhip.things.reading import read_mapping
from nhip.things.work import Work, delete_others

EVERY_S = 5.0
log = logging.getLogger(__name__)


@asynccontextmanager
async def in_step(installation: Installation, graph: Graph) -> AsyncIterator[None]:
    """Keep the graph in step for as long as the block lasts."""
    keeping = asyncio.create_task(keep_in_step(installation, graph), name="things keeper")
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def keep_in_step(installation: Installation, graph: Graph) -> None:
    """Look every few seconds whether a version, contract or mapping is new; until cancelled."""
    while True:
        try:
            await catch_up(installation, graph)
        except DatabaseAway:
            log.info("things wait for the database")
        except Exception:
            log.exception("things could not be brought up to date")
        await asyncio.sleep(EVERY_S)


async def catch_up(installation: Installation, graph: Graph) -> list[Report]:
    """Bring up to date every dataset that is behind, each by one process at a time; what was done."""
    async with installation.db.read() as tx:
        behind = await store.list_behind(tx)
    done: list[Report] = []
    for one in behind:
        try:
            report = await bring_up_to_date(installation, graph, one.dataset_id)
        except DatabaseAway:
            raise
        except NhipError as error:  # one dataset that cannot be read holds up no other
            log.warning("%s: its things could not be brought up to date: %s", one.name, error)
        else:
            done += [report] if report is not None else []
    return done


async def bring_up_to_date(installation: Installation, graph: Graph, dataset_id: uuid.UUID) -> Report | None:
    """The graph holds the version in force of a dataset when this returns, or nothing of it where the mapping ends; None when
    another process is at it, or there is nothing to do."""
    async with installation.db.tx() as tx:
        locked = await store.lock_mapping(tx, dataset_id)
        dataset = await get_dataset(tx, dataset_id)
        if locked is not None and locked.ending:
            return await _end(installation, graph, tx, dataset)
        version = await find_version_in_force(tx, dataset)
        if locked is None or version is None:
            return None
        work = Work(installation, graph, read_mapping(locked.mapping), version, anew=not locked.stamp)
        await work.prepare(await contracts_of(tx, dataset, version))
        await work.write()
        deleted = await work.delete()
        await store.put_faults(tx, dataset_id, work.faults)
        stamp = f"{version.no}/{dataset.contract_no or 0}/{locked.digest}"
        await store.finish(tx, dataset_id, stamp, version.no, len(work.faults), now())
        things = await store.count_held(tx, dataset_id)
    report = Report(
        dataset=dataset.name, version=version.no, written=work.written, deleted=deleted, things=things,
        faults=len(work.faults),
    )  # fmt: skip
    log.info("%s: %d things, %d of them written, %d deleted, %d faults", report.dataset, report.things, report.written,
             report.deleted, report.faults)  # fmt: skip
    return report


async def _end(installation: Installation, graph: Graph, tx: Connection, dataset: Dataset) -> Report:
    """Delete a dataset's things, then its mapping."""
    deleted = await delete_others(installation.db, graph, dataset.id)
    left = await store.count_held(tx, dataset.id)
    if not left:
        await store.delete_mapping(tx, dataset.id)
    log.info("%s: its mapping ended; %d things deleted", dataset.name, deleted)
    return Report(
        dataset=dataset.name, version=dataset.version_no or 0, written=0, deleted=deleted, things=left, faults=0,
        removed=not left,
    )  # fmt: skip


async def contracts_of(tx: Connection, dataset: Dataset, version: Version) -> list[Contract]:
    """The contract that the version was checked against, and the one in force."""
    numbers = {version.contract_no, dataset.contract_no or version.contract_no}
    found = [await find_contract(tx, dataset, no) for no in sorted(numbers)]
    return [load(record.yaml) for record in found if record is not None]
