"""Descriptions are kept true: what the rows cover is counted once a release, the score follows every change."""

from __future__ import annotations

import asyncio
import logging

import duckdb

from nhip.datasets.records import Dataset
from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.kernel.time import now
from nhip.portal import store as portal_store
from nhip.portal.dcat import store
from nhip.portal.dcat.graph import dataset_nodes
from nhip.portal.dcat.model import Asked, Facts, Quality, Site
from nhip.portal.dcat.mqa import assess
from nhip.portal.dcat.places import look_at
from nhip.portal.model import Entry, Release
from nhip.settings import Settings

log = logging.getLogger(__name__)
AT_ONCE = 200
FORMATS = ("csv", "xlsx", "json", "parquet")
"""What every release is given in; one with places is given in one more."""
_ANYWHERE = Site("http://localhost", "Nhịp", "")
"""No point depends on whose catalogue it is."""


def site_of(settings: Settings, root: str) -> Site:
    """Whose catalogue it is, at the address `root`."""
    return Site(root, settings.city, settings.province_code)


async def get_facts(tx: Connection, entry: Entry) -> Facts:
    """What is known of the release in force; nothing but its id where it was closed meanwhile."""
    found = await store.list_facts(tx, [entry.dataset_id])
    return found.get(entry.dataset_id) or Facts(dataset_id=entry.dataset_id, digest="")


async def quality_of(tx: Connection, entry: Entry) -> Quality:
    """How well an open dataset is described, with the evidence."""
    return assess(
        dataset_nodes(_ANYWHERE, entry, await get_facts(tx, entry)), await store.find_answer(tx, entry.dataset_id)
    )


def foresee(dataset: Dataset, licence: str, keywords: list[str], contact: str) -> Quality:
    """How well a dataset will be described when it is opened with these words and its addresses answer."""
    at = now()
    entry = Entry(
        dataset_id=dataset.id, name=dataset.name, title=dataset.title, title_en=dataset.title_en,
        description=dataset.description, agency_code=dataset.agency_code, agency_name=dataset.agency_name,
        agency_name_en=dataset.agency_name_en, theme=dataset.theme, keywords=keywords, formats=list(FORMATS), places=[],
        licence=licence, contact=contact, cadence="", release_no=1, row_count=0, bytes=0, columns=[], virtues={}, score=0,
        issued=at, modified=at, as_of=at,
    )  # fmt: skip
    facts = Facts(dataset_id=dataset.id, digest="")
    return assess(dataset_nodes(_ANYWHERE, entry, facts), Asked(at, dict.fromkeys(["", *FORMATS], 200)))


async def describe(tx: Connection, entry: Entry) -> Quality:
    """Give an entry, whenever it was made anew, its places and its score."""
    facts = await get_facts(tx, entry)
    if facts.units:
        await store.set_places(tx, entry.dataset_id, facts.units)
    quality = await quality_of(tx, entry)
    await portal_store.set_score(tx, entry.dataset_id, quality.points)
    return quality


async def look_at_due(installation: Installation) -> int:
    """Look at the rows of every release in force that was not looked at yet; gives how many."""
    async with installation.db.read() as tx:
        due = await store.list_unlooked(tx, AT_ONCE)
    for one in due:
        async with installation.db.read() as tx:
            release = await portal_store.find_release(tx, one.dataset_id, one.no)
        if release is None:
            continue
        facts = await asyncio.to_thread(_looked_at, installation, release)
        async with installation.db.tx() as tx:
            await store.put_extent(tx, facts)
            if (entry := await portal_store.find_entry(tx, one.name)) is not None:
                await describe(tx, entry)
    return len(due)


def _looked_at(installation: Installation, release: Release) -> Facts:
    try:
        return look_at(installation, release)
    except duckdb.Error:
        log.exception("release %s of %s could not be read", release.no, release.dataset_id)
        return Facts(dataset_id=release.dataset_id, digest=release.digest, units=[installation.settings.province_code])
