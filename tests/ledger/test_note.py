"""Noting and recording: with the transaction or not at all, in one chain without gaps."""

from __future__ import annotations

import asyncio

import pytest

from nhip.db.installation import Installation
from nhip.ledger.model import Event
from nhip.ledger.service import note, record


async def _bodies(installation: Installation) -> list[str]:
    async with installation.db.read() as tx:
        rows = await (await tx.execute("select seq, body from ledger.event order by seq")).fetchall()
    assert [seq for seq, _ in rows] == list(range(len(rows)))
    return [body for _, body in rows]


async def test_a_note_is_there_after_the_commit(installation: Installation) -> None:
    async with installation.db.tx() as tx:
        await note(tx, Event(kind="version.restored", what="dataset:tram-xe-buyt", data={"to": 3, "a": 1}))
        assert await _bodies(installation) == []
    (body,) = await _bodies(installation)
    assert '"kind":"version.restored"' in body and '"data":{"a":1,"to":3}' in body


async def test_a_rollback_leaves_nothing(installation: Installation) -> None:
    with pytest.raises(ZeroDivisionError):
        async with installation.db.tx() as tx:
            await note(tx, Event(kind="version.restored"))
            _ = 1 / 0
    async with installation.db.tx() as tx:
        pass
    assert await _bodies(installation) == []


async def test_a_hundred_callers_share_commits(installation: Installation) -> None:
    await asyncio.gather(*(record(installation.db, Event(kind="personal.read", what=f"n:{n}")) for n in range(100)))
    assert len(await _bodies(installation)) == 100
