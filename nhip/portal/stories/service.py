"""What may happen to a story: begun, saved, offered, given back, published, withdrawn."""

from __future__ import annotations

import msgspec

from nhip.datasets.records import Agency
from nhip.db import Connection
from nhip.db.notify import announce
from nhip.db.query import Jsonb, execute
from nhip.kernel.actor import acting
from nhip.kernel.i18n import _
from nhip.kernel.ids import new_id, slug
from nhip.kernel.time import now
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.portal.model import TOPIC
from nhip.portal.stories import store
from nhip.portal.stories.errors import (
    NothingOffered,
    SameEditor,
    StoryChanged,
    StoryNotFound,
    StoryUnfinished,
    StoryWithdrawn,
)
from nhip.portal.stories.model import Draft, Story, Version
from nhip.portal.stories.store import queries
from nhip.settings import Settings

_TAKEN = ("new",)
"""Names that are addresses of the editor."""


async def make(tx: Connection, agency: Agency, title: str) -> Story:
    """Begin a story of an agency; its address comes from its title and stays."""
    base = slug(title, 90)
    for turn in range(1, 1_000):
        name = base if turn == 1 and base not in _TAKEN else f"{base}-{turn}"
        who = {"by": acting().name, "party": acting().party, "now": now()}
        if await execute(tx, queries.insert_story, id=new_id(), name=name, agency_id=agency.id, title=title, **who):
            break
    story = await get_story(tx, name)
    await _done(tx, story, "made")
    return story


async def get_story(tx: Connection, name: str) -> Story:
    """A story as it is being edited. Raises StoryNotFound."""
    found = await store.find_story(tx, name)
    if found is None:
        raise StoryNotFound(what=name)
    return found


async def save(tx: Connection, story: Story, draft: Draft, revision: int) -> None:
    """Keep what was written; what the public reads stays. Raises StoryChanged when somebody saved since `revision`."""
    values = {n: getattr(draft, n) for n in ("title", "title_en", "lead", "lead_en")}
    values |= {"blocks": Jsonb(msgspec.to_builtins(draft.blocks)), "by": acting().name, "party": acting().party}
    if not await execute(tx, queries.save, id=story.id, revision=revision, now=now(), **values):
        raise StoryChanged


async def offer(tx: Connection, story: Story) -> None:
    """Ask somebody else to look at it and publish it. Raises StoryUnfinished."""
    _whole(story)
    await execute(tx, queries.set_state, id=story.id, state="waiting")
    await _done(tx, story, "offered")


async def give_back(tx: Connection, story: Story, why: str) -> None:
    """It is not ready. Raises NothingOffered."""
    if story.state != "waiting":
        raise NothingOffered
    await execute(tx, queries.set_state, id=story.id, state="draft")
    await _done(tx, story, "returned", why)


async def publish(tx: Connection, settings: Settings, story: Story) -> int:
    """Let the public read it as it is now; gives the number of the version. Raises StoryUnfinished, SameEditor."""
    _whole(story)
    mine = story.edited_party is not None and story.edited_party == acting().party
    if settings.story_four_eyes and mine:
        raise SameEditor
    row = await (
        await tx.execute(queries.insert_version, {"id": story.id, "by": acting().name, "now": now()})
    ).fetchone()
    assert row is not None, "the story is there"
    await execute(tx, queries.publish, id=story.id, no=row[0], now=now())
    await _done(tx, story, "published", data={"no": int(row[0])})
    return int(row[0])


async def withdraw(tx: Connection, story: Story, why: str) -> None:
    """The public reads it no longer; its address says why. Raises StoryNotFound."""
    if story.version_no is None:
        raise StoryNotFound(what=story.name)
    await execute(tx, queries.withdraw, id=story.id, reason=why)
    await _done(tx, story, "withdrawn", why)


async def get_published(tx: Connection, name: str) -> Version:
    """What the public reads. Raises StoryNotFound for absent and unpublished alike, StoryWithdrawn."""
    found = await store.find_published(tx, name)
    if found is not None:
        return found
    story = await store.find_story(tx, name)
    if story is not None and story.reason and story.first_published_at is not None:
        raise StoryWithdrawn(title=story.name, why=story.reason)
    raise StoryNotFound(what=name)


def _whole(story: Story) -> None:
    if not story.blocks:
        raise StoryUnfinished(why=_("it has no blocks"))
    if any(block.kind != "text" and not block.dataset for block in story.blocks):
        raise StoryUnfinished(why=_("a block has no dataset"))


async def _done(tx: Connection, story: Story, act: str, why: str = "", data: dict[str, int] | None = None) -> None:
    values = {"act": act, "by": acting().name, "note": why}
    await execute(tx, queries.insert_step, id=new_id(), story_id=story.id, now=now(), **values)
    await note(tx, Event(kind=f"story.{act}", what=f"story:{story.name}", why=why, data=data or {}))
    await announce(tx, TOPIC)
