"""Access to stories: the queries of `store.sql` as typed functions."""

from __future__ import annotations

import uuid
from typing import Any, LiteralString, TypeVar

import msgspec

from nhip.db import Connection
from nhip.db.query import fetch_all
from nhip.db.sql import load
from nhip.portal.stories.model import Choice, Step, Story, Version

queries = load(__file__)
T = TypeVar("T")


async def _all(tx: Connection, kind: type[T], query: LiteralString, **values: Any) -> list[T]:
    """Rows as structs whose blocks become structs, too."""
    cursor = await tx.execute(query, values)
    names = [column.name for column in cursor.description or ()]
    return [msgspec.convert(dict(zip(names, row, strict=True)), kind) for row in await cursor.fetchall()]


async def find_story(tx: Connection, name: str) -> Story | None:
    """A story as it is being edited."""
    found = await _all(tx, Story, queries.find_story, name=name)
    return found[0] if found else None


async def list_stories(tx: Connection, within: frozenset[uuid.UUID] | None, most: int = 500) -> list[Story]:
    """Stories of the agencies `within` (None: all), the last edited first."""
    return await _all(tx, Story, queries.list_stories, within=None if within is None else list(within), most=most)


async def list_steps(tx: Connection, story: Story) -> list[Step]:
    """What was done about a story, the last first."""
    return await fetch_all(tx, Step, queries.list_steps, story_id=story.id)


async def find_published(tx: Connection, name: str) -> Version | None:
    """What the public reads under a name."""
    found = await _all(tx, Version, queries.find_published, name=name)
    return found[0] if found else None


async def list_published(tx: Connection, size: int = 20, offset: int = 0) -> list[Version]:
    """What the public reads, the newest first."""
    return await _all(tx, Version, queries.list_published, size=size, offset=offset)


async def count_published(tx: Connection) -> int:
    """How many stories the public reads."""
    row = await (await tx.execute(queries.count_published)).fetchone()
    return int(row[0]) if row else 0


async def list_choices(tx: Connection, most: int = 10_000) -> list[Choice]:
    """Open datasets to choose from."""
    return await fetch_all(tx, Choice, queries.list_choices, most=most)
