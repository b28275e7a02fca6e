"""The catalogues of other portals as they were last harvested: a row a dataset, whose it is, its licence, whether it is gone."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from typing import Any

import msgspec

from nhip.connectors.model import Fetched, RemoteDataset
from nhip.datasets.happened import happened
from nhip.datasets.records import Source
from nhip.db import Connection
from nhip.db.query import Jsonb, execute, fetch_all, fetch_one
from nhip.db.sql import load
from nhip.kernel.text import canonical, fold, sort_key, storable
from nhip.kernel.time import now

queries = load(__file__, "harvested.sql")
AT_ONCE = 1_000
MOST_RESOURCES, MOST_TAGS = 500, 50
LONGEST = {"title": 500, "description": 20_000, "organisation": 300, "licence": 300, "url": 2_000, "modified": 60}
LONGEST_ID = 1_000


class Harvested(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset of another portal. `resources`: id, title, url, format of each of its files."""

    remote_id: str
    title: str
    description: str
    organisation: str
    licence: str
    url: str
    tags: list[str]
    modified: str
    resources: list[dict[str, Any]]
    first_seen_at: datetime
    changed_at: datetime
    vanished_at: datetime | None


class HarvestCount(msgspec.Struct, frozen=True):
    """How many datasets of a portal there are, those that are gone among them."""

    number: int
    gone: int


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a dataset came from; its licence and organisation are to be named wherever it is shown."""

    source: str
    title: str
    organisation: str
    licence: str
    url: str
    changed_at: datetime
    vanished_at: datetime | None


async def put_catalogue(tx: Connection, source: Source, fetched: Fetched) -> None:
    """Keep what a portal says of its datasets, each once; those it lists no longer are marked as gone."""
    changed = 0
    for start in range(0, len(fetched.catalogue), AT_ONCE):
        told = Jsonb([_told(dataset) for dataset in fetched.catalogue[start : start + AT_ONCE]])
        await execute(tx, queries.retitle, source_id=source.id, told=told)
        changed += await execute(tx, queries.put_harvested, source_id=source.id, told=told, now=now())
    gone = 0
    if fetched.complete:
        ids = [_plain(dataset.id, LONGEST_ID) for dataset in fetched.catalogue]
        gone = await execute(tx, queries.vanish_harvested, source_id=source.id, ids=ids, now=now())
    if changed or gone:
        counts = {"datasets": len(fetched.catalogue), "changed": changed, "gone": gone}
        await happened(tx, "source.harvested", f"source:{source.name}", **counts)


def _told(dataset: RemoteDataset) -> dict[str, Any]:
    texts = {name: _plain(str(getattr(dataset, name)), longest) for name, longest in LONGEST.items()}
    texts["title"] = canonical(texts["title"])
    resources = [
        {name: _plain(str(getattr(one, name)), LONGEST["url"]) for name in ("id", "title", "url", "format")}
        for one in dataset.resources[:MOST_RESOURCES]
    ]
    tags = [_plain(tag, 100) for tag in dataset.tags[:MOST_TAGS]]
    said = {"remote_id": _plain(dataset.id, LONGEST_ID), **texts, "tags": tags, "resources": resources}
    digest = hashlib.blake2b(msgspec.json.encode(said), digest_size=16).hexdigest()
    found_by = fold(f"{texts['title']} {texts['organisation']}")
    return {**said, "digest": digest, "sort": sort_key(texts["title"]), "folded": found_by}


def _plain(text: str, longest: int) -> str:
    return storable(text[:longest])


async def list_harvested(tx: Connection, source: Source, words: str, most: int, start: int = 0) -> list[Harvested]:
    """Datasets of a portal whose title or organisation has the words."""
    values = {"source_id": source.id, "words": _pattern(words), "most": most, "start": start}
    return await fetch_all(tx, Harvested, queries.list_harvested, **values)


async def count_harvested(tx: Connection, source: Source, words: str = "") -> HarvestCount:
    """How many datasets of a portal have the words."""
    found = await fetch_one(tx, HarvestCount, queries.count_harvested, source_id=source.id, words=_pattern(words))
    assert found is not None, "an aggregate has one row"
    return found


def _pattern(words: str) -> str:
    plain = fold(words).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("\0", "")
    return f"%{plain}%" if plain else ""


async def find_origin(tx: Connection, dataset_id: uuid.UUID) -> Origin | None:
    """Where a dataset was harvested from; None for one of our own."""
    return await fetch_one(tx, Origin, queries.find_origin, dataset_id=dataset_id)


def described(dataset: RemoteDataset) -> str:
    """The description of a dataset made here from a portal's; whose it is stands in its `Origin`."""
    return _plain(dataset.description.strip(), LONGEST["description"])
