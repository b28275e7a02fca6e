"""Deleting what is due, in two steps: first it is written down what goes (transaction, ledger), then it goes and is checked to be
gone (ledger again). Killed in between, the next run goes on where it stopped; nothing goes that is not written down."""

from __future__ import annotations

import asyncio
import uuid
from datetime import datetime

import msgspec

from nhip.datasets.deliveries import raw_name
from nhip.datasets.records import Dataset
from nhip.datasets.store import get_dataset, get_version
from nhip.datasets.store import queries as dataset_queries
from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.db.keep import may_remove_objects
from nhip.errors import Unavailable
from nhip.kernel.i18n import _
from nhip.kernel.time import VIETNAM, now, today
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.privacy import people
from nhip.privacy.clocks import plus_months
from nhip.privacy.errors import RetentionRefused
from nhip.privacy.retention import store
from nhip.privacy.retention.model import Deletion, Plan, Rule

AT_ONCE = 50
"""Most versions, and most deliveries, of one deletion, so that its event stays readable."""


async def set_rule(tx: Connection, dataset: Dataset, months: int | None, ground: str) -> None:
    """Set a dataset's rule from now on (None: keep for ever again). Raises RetentionRefused."""
    if months is not None and not 0 <= months <= 1200:
        raise RetentionRefused(what=_("use 0 to 1200 months"))
    if not ground.strip():
        raise RetentionRefused(what=_("name the law or the decision behind it"))
    await store.put_rule(tx, dataset, months, ground)
    data = {"months": months, "ground": ground}
    await note(tx, Event(kind="retention.changed", what=f"dataset:{dataset.name}", why=ground, data=data))


async def list_plans(tx: Connection) -> list[Plan]:
    """What every rule would delete now."""
    return [await plan(tx, await get_dataset(tx, rule.dataset), rule) for rule in await store.list_rules(tx)]


async def plan(tx: Connection, dataset: Dataset, rule: Rule) -> Plan:
    """What a rule deletes now, at most AT_ONCE versions and deliveries."""
    before = _months_ago(rule.months)
    expired = (await store.list_expired_versions(tx, dataset, before))[:AT_ONCE]
    going, shared = await _without_shared(tx, dataset, expired)
    names = {o.object for o in await store.list_objects(tx, dataset, going)}
    names |= await store.list_left_objects(tx, dataset)
    names -= await store.list_needed_objects(tx, dataset, going, names)
    raw = (await store.list_expired_deliveries(tx, dataset, going, before))[:AT_ONCE]
    ids = [delivery.id for delivery in raw]
    digests = {d.sha256 for d in raw} - await store.list_needed_raw(tx, ids, [d.sha256 for d in raw])
    return Plan(
        rule=rule,
        versions=going,
        deliveries=ids,
        objects=sorted(names | {raw_name(digest) for digest in digests}),
        shared=shared,
        busy=await store.is_busy(tx, dataset),
    )


def _months_ago(months: int) -> datetime:
    day = plus_months(today(), -months)
    local = now().astimezone(VIETNAM)
    return local.replace(year=day.year, month=day.month, day=day.day)


async def _without_shared(tx: Connection, dataset: Dataset, expired: list[int]) -> tuple[list[int], list[int]]:
    """`expired` without the versions whose rows another version has that stays; those then stay with all they have."""
    going, shared = list(expired), list[int]()
    while going:
        main = {o.object: o.no for o in await store.list_objects(tx, dataset, going) if o.main}
        needed = await store.list_needed_objects(tx, dataset, going, main)
        objects = await store.list_objects(tx, dataset, going)
        stay = {o.no for o in objects if o.main and o.object in needed}
        if not stay:
            break
        going, shared = [no for no in going if no not in stay], [*shared, *stay]
    return going, sorted(shared)


async def purge(installation: Installation) -> list[Deletion]:
    """Finish deletions that were cut off, then delete what is due by every rule; gives what was deleted.

    Raises Unavailable while a backup copies objects.
    """
    done = await _finish_all(installation)
    async with installation.db.read() as tx:
        rules = await store.list_rules(tx)
    for rule in rules:
        while (begun := await begin(installation, rule)) is not None:
            done.append(await finish(installation, begun))
    return done


async def _finish_all(installation: Installation) -> list[Deletion]:
    async with installation.db.read() as tx:
        begun = await store.list_deletions(tx, state="begun")
    return [await finish(installation, deletion.id) for deletion in begun]


async def begin(installation: Installation, rule: Rule) -> uuid.UUID | None:
    """Write down what goes by `rule`; None when nothing is due. From then on the versions count as deleted."""
    async with installation.db.tx() as tx:
        dataset = await _alone(tx, await get_dataset(tx, rule.dataset))
        planned = await plan(tx, dataset, rule)
        if planned.empty:
            return None
        await _keep_former(installation, tx, dataset, planned.versions)
        made = await store.insert_deletion(tx, dataset, planned)
        told = {"dataset": dataset.name, "versions": planned.versions, "objects": len(planned.objects)}
        await note(tx, Event(kind="retention.begun", what=f"deletion:{made}", why=rule.ground, data=told))
        return made


async def _alone(tx: Connection, dataset: Dataset) -> Dataset:
    """Hold the dataset and all objects: nobody publishes a version of it or copies objects until `tx` ends."""
    if not await may_remove_objects(tx):
        raise Unavailable(what=_("a backup is being made"))
    await tx.execute(dataset_queries.lock_dataset, {"id": dataset.id})
    return await get_dataset(tx, dataset.id)


async def _keep_former(installation: Installation, tx: Connection, dataset: Dataset, nos: list[int]) -> None:
    """Who was in versions that had been handed out: people may still ask who got their data."""
    for no in sorted(set(nos) & await store.list_exported_versions(tx, dataset)):
        version = await get_version(tx, dataset, no)
        columns = await people.citizen_columns(tx, dataset, version.contract_no)
        if columns:
            await store.keep_former(tx, dataset, no, await people.subjects_in(installation, version, columns))


async def finish(installation: Installation, deletion_id: uuid.UUID) -> Deletion:
    """Take away what was written down, look that it is gone, and say so in the ledger; again after it is done: nothing."""
    async with installation.db.tx() as tx:
        (deletion,) = await store.list_deletions(tx, id_=deletion_id)
        dataset = await _alone(tx, await get_dataset(tx, deletion.dataset_id))
        (deletion,) = await store.list_deletions(tx, id_=deletion_id)
        if deletion.state == "done":
            return deletion
        objects = await store.list_deleted_objects(tx, deletion_id)
        spared = await needed_again(tx, dataset, [o.object for o in objects])
        going = [o for o in objects if o.object not in spared]
        await asyncio.to_thread(_remove, installation, [o.object for o in going], str(deletion_id))
        told = {
            "dataset": dataset.name,
            "versions": deletion.versions,
            "objects": {o.object: o.sha256 for o in going},
            "spared": sorted(spared),
        }
        await store.finish_deletion(tx, deletion_id)
        await note(tx, Event(kind="retention.deleted", what=f"deletion:{deletion_id}", data=told))
        (deletion,) = await store.list_deletions(tx, id_=deletion_id)
        return deletion


async def needed_again(tx: Connection, dataset: Dataset, names: list[str]) -> set[str]:
    """What came back meanwhile: the same bytes were delivered again after it was written down that they go."""
    raw = {store.digest_of(name): name for name in names if name.startswith("raw/")}
    needed = await store.list_needed_objects(tx, dataset, [], names)
    return needed | {raw[digest] for digest in await store.list_needed_raw(tx, [], raw)}


def _remove(installation: Installation, names: list[str], proof: str) -> None:
    for name in names:
        installation.objects.remove(name, today(), proof)
        people.forget(name)
        if installation.objects.has(name):
            raise Unavailable(what=name)


def summary(deletions: list[Deletion]) -> list[dict[str, object]]:
    """For programs."""
    return [msgspec.to_builtins(deletion) for deletion in deletions]
