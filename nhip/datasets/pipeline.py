"""From a delivery's raw bytes to the version in force: decode, conform, check, publish.

Every step can be run again from the raw bytes. Until the last transaction moves the pointer the last good version stays in
force; whatever was cut off before it is found by its state and done again.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec

from nhip.datasets.chain import list_chain
from nhip.datasets.deliveries import raw_name
from nhip.datasets.errors import StepFailed
from nhip.datasets.publish import Outcome, publish, store_products
from nhip.datasets.records import DeliveryRecord
from nhip.datasets.store import (
    find_contract,
    find_version_in_force,
    get_dataset,
    get_delivery,
    list_corrections,
    list_in_force,
    list_unfinished,
    move_delivery,
    queries,
)
from nhip.datasets.work import Work, work_through
from nhip.db.installation import Installation
from nhip.db.notify import announce
from nhip.db.query import Jsonb, fetch_all
from nhip.errors import NhipError, Unavailable
from nhip.kernel.time import now

log = logging.getLogger(__name__)
STEPS = ("decode", "conform", "store", "publish", "done")
"""What `on_step` is called with, in order."""


def _ignore(_step: str) -> None:
    return None


async def process(
    installation: Installation, delivery_id: uuid.UUID, on_step: Callable[[str], None] = _ignore
) -> Outcome | None:
    """Work one delivery through; None when it was finished already. Unusable input ends in state `failed` with the reason.

    Raises Unavailable (database away, disk full) after which the same call can be made again.
    """
    async with _alone(installation, delivery_id):
        work = await _prepare(installation, delivery_id)
        if work is None:
            return None
        try:
            on_step("decode")
            products = await asyncio.to_thread(work_through, work, on_step)
            on_step("store")
            names = await asyncio.to_thread(store_products, installation, products)
            on_step("publish")
            outcome = await publish(installation, work, products, names)
            on_step("done")
            return outcome
        except Unavailable:
            raise
        except NhipError as error:
            return await _fail(installation, work.delivery, error)
        except Exception as error:
            failure = StepFailed(reference=str(delivery_id)[-12:])
            log.exception("delivery %s could not be worked through", delivery_id)
            await _fail(installation, work.delivery, failure)
            raise failure from error
        finally:
            shutil.rmtree(work.folder, ignore_errors=True)


@asynccontextmanager
async def _alone(installation: Installation, delivery_id: uuid.UUID) -> AsyncIterator[None]:
    """One process at a time works on a delivery; the lock goes with the connection, so a killed process frees it."""
    async with installation.db.read() as connection:
        number = {"number": delivery_id.int & 0x7FFF_FFFF_FFFF_FFFF}
        await connection.execute(queries.take_turn, number)
        try:
            yield
        finally:
            await connection.execute(queries.end_turn, number)


async def _prepare(installation: Installation, delivery_id: uuid.UUID) -> Work | None:
    async with installation.db.read() as tx:
        delivery = await get_delivery(tx, delivery_id)
        if delivery.state not in ("received", "decoded", "checked"):
            return None
        dataset = await get_dataset(tx, delivery.dataset_id)
        chain = await list_chain(tx, delivery)
        contract = await find_contract(tx, dataset)
        previous = await find_version_in_force(tx, dataset)
        corrections = await list_corrections(tx, dataset)
        in_force = await list_in_force(tx)
        names = {d.id: d.name for d in await fetch_all(tx, NamedId, queries.list_names)}
    folder = installation.work / str(delivery_id)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return Work(
        settings=installation.settings,
        folder=folder,
        raw=installation.objects.path(raw_name(delivery.sha256)),
        dataset=dataset,
        delivery=delivery,
        before=chain[:-1],
        contract=contract,
        previous=previous,
        previous_path=installation.objects.path(previous.object) if previous else None,
        corrections=corrections,
        references={names[v.dataset_id]: v.object for v in in_force},
        find=installation.objects.path,
    )


class NamedId(msgspec.Struct, frozen=True):
    """A dataset's id and name."""

    id: uuid.UUID
    name: str


async def _fail(installation: Installation, delivery: DeliveryRecord, error: NhipError) -> Outcome:
    values = msgspec.to_builtins(error.values, str_keys=True, enc_hook=str)
    problem = {"error": type(error).__name__, "template": error.template(), "values": values}
    async with installation.db.tx() as tx:
        await move_delivery(tx, delivery.id, "failed", now(), seen=delivery.state_at, problem=Jsonb(problem))
        await announce(tx, "datasets")
    return Outcome(delivery.id, "failed", None, error.message(), error)


async def resume(installation: Installation, on_step: Callable[[str], None] = _ignore) -> list[Outcome]:
    """Finish every delivery whose work was cut off, oldest first; what cannot be used ends in state `failed`."""
    async with installation.db.read() as tx:
        unfinished = await list_unfinished(tx)
    outcomes = [await process(installation, delivery.id, on_step) for delivery in unfinished]
    return [outcome for outcome in outcomes if outcome is not None]
