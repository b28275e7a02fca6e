"""What may be done with mappings: set one, take one away, look at what would come out. The keeper does the work."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from nhip.datasets.happened import happened
from nhip.datasets.store import find_version_in_force, get_dataset
from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.things import store
from nhip.things.building import build
from nhip.things.columns import allowed, usable
from nhip.things.errors import NoMapping
from nhip.things.keeping import contracts_of
from nhip.things.model import Fault, Held, Mapping
from nhip.things.rows import iter_rows, present

FIRST = 3
"""So many things a preview shows."""


class Preview(msgspec.Struct, frozen=True):
    """What would come out of a dataset: the first things in plain NGSI-LD, and what is wrong with the mapping or these rows."""

    dataset: str
    version: int | None
    things: list[dict[str, Any]]
    faults: list[Fault]


async def put_mapping(tx: Connection, mapping: Mapping) -> bool:
    """Set the mapping of its dataset; whether that changed anything. Raises DatasetNotFound."""
    dataset = await get_dataset(tx, mapping.dataset)
    changed = await store.put_mapping(tx, dataset.id, mapping)
    if changed:
        await happened(tx, "things.mapped", f"dataset:{dataset.name}", type=mapping.type)
    return changed


async def get_mapping(tx: Connection, name: str) -> Held:
    """The mapping of a dataset, with what the graph holds of it. Raises DatasetNotFound, NoMapping."""
    dataset = await get_dataset(tx, name)
    found = await store.find_held(tx, dataset.id)
    if found is None:
        raise NoMapping(dataset=name)
    return found


async def remove_mapping(tx: Connection, name: str, *, keep: bool = False) -> Held:
    """Take a mapping away, as it was: its things are deleted by whichever process comes to it next, or stay in the graph
    (`keep`), where no dataset keeps them up to date any more. Raises DatasetNotFound, NoMapping."""
    found = await get_mapping(tx, name)
    await (store.delete_mapping if keep else store.end_mapping)(tx, found.dataset_id)
    await happened(tx, "things.unmapped", f"dataset:{name}", things=found.things, kept=keep)
    return found


async def preview(installation: Installation, mapping: Mapping, most: int = FIRST) -> Preview:
    """What the version in force would become; nothing is kept. Raises DatasetNotFound."""
    async with installation.db.read() as tx:
        dataset = await get_dataset(tx, mapping.dataset)
        version = await find_version_in_force(tx, dataset)
        if version is None:
            return Preview(dataset.name, None, [], [])
        contracts = await contracts_of(tx, dataset, version)
    settings, objects = installation.settings, installation.objects
    path, findings = objects.path(version.object), objects.path(version.manifest["objects"]["findings"])
    columns, faults = usable(mapping, await asyncio.to_thread(present, settings, path), contracts)
    things: list[dict[str, Any]] = []
    if mapping.id in columns:
        async for rows in iter_rows(settings, path, findings, mapping, sorted(columns)):
            for row in rows[:most]:
                thing, odd = build(mapping, columns, row)
                things += [thing] if thing is not None else []
                faults += odd
            break
    return Preview(dataset.name, version.no, things, faults)


async def list_columns(installation: Installation, name: str) -> list[str]:
    """The columns of a dataset's version in force that its contracts let into the graph, where internal ones may.

    Raises DatasetNotFound.
    """
    async with installation.db.read() as tx:
        dataset = await get_dataset(tx, name)
        version = await find_version_in_force(tx, dataset)
        if version is None:
            return []
        contracts = await contracts_of(tx, dataset, version)
    there = await asyncio.to_thread(present, installation.settings, installation.objects.path(version.object))
    may = allowed(contracts, internal=True) if contracts else frozenset()
    return [column for column in there if column in may]
