"""The proof of a deletion: the ledger names what went, and none of it is here."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import msgspec

from nhip.datasets.store import get_dataset
from nhip.db.installation import Installation
from nhip.ledger.model import moment
from nhip.privacy.errors import DeletionNotFound
from nhip.privacy.retention import store
from nhip.privacy.retention.model import Deletion, Proof, ProvedObject
from nhip.privacy.retention.service import needed_again


async def prove(installation: Installation, deletion_id: uuid.UUID) -> Proof:
    """Hold a deletion against the ledger and the object store. Raises DeletionNotFound."""
    async with installation.db.read() as tx:
        found = await store.list_deletions(tx, id_=deletion_id)
        if not found:
            raise DeletionNotFound(id=deletion_id)
        objects = await store.list_deleted_objects(tx, deletion_id)
        event = await store.find_event(tx, deletion_id)
        again = await needed_again(tx, await get_dataset(tx, found[0].dataset_id), [o.object for o in objects])
    here = await asyncio.to_thread(lambda: {o.object for o in objects if installation.objects.has(o.object)})
    told: dict[str, Any] = msgspec.json.decode(event.body)["data"] if event else {}
    spared = set(told.get("spared", ()))
    same = event is not None and told["objects"] == {o.object: o.sha256 for o in objects if o.object not in spared}
    proved = [ProvedObject(o.object, o.sha256, o.object not in here, o.object in again) for o in objects]
    return _proof(found[0], event, same, proved)


def _proof(deletion: Deletion, event: store.LedgerEvent | None, same: bool, objects: list[ProvedObject]) -> Proof:
    return Proof(
        id=deletion.id,
        dataset=deletion.dataset,
        versions=deletion.versions,
        deleted_at=moment(event.at_us) if event else None,
        seq=event.seq if event else None,
        same_as_ledger=same,
        objects=objects,
        proved=same and all(o.gone or o.here_again for o in objects),
    )
