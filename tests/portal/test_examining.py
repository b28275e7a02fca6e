"""What is open already is examined again when the gate changes; what is found waits for somebody to decide."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from nhip.datasets.records import Dataset
from nhip.db.installation import Installation
from nhip.ledger.store import list_rows
from nhip.portal import store
from nhip.portal.errors import FindingsChanged, NothingFound
from nhip.portal.examining import examine_again, find_examination, keep, list_doubted
from nhip.portal.gate.findings import UNJUDGED, UNREADABLE
from nhip.portal.gate.policy import list_policies
from nhip.portal.service import get_entry, propose, publish, recall
from tests.portal.conftest import STOP_ROWS, WORDS, deliver

MAIL = STOP_ROWS.replace("Bến xe phía Nam,,", "Bến xe phía Nam,benxe@thuathienhue.gov.vn,")


def _change_policy(monkeypatch: pytest.MonkeyPatch, **values: int) -> None:
    """From now on mailboxes of offices block."""
    mailbox = {"work_email"}
    changed = [
        msgspec.structs.replace(p, blocks=p.blocks | mailbox, warns=p.warns - mailbox, **values)
        for p in list_policies()
    ]
    monkeypatch.setattr("nhip.portal.gate.policy.list_policies", lambda: changed)


async def _open(installation: Installation, stops: Dataset, folder: Path) -> None:
    await deliver(installation, "tram-xe-buyt", MAIL, folder)
    assert (await propose(installation, stops, treatment={}, **WORDS)).open
    await publish(installation, stops)


async def _doubted(installation: Installation) -> list[str]:
    async with installation.db.read() as tx:
        return [f"{one.name} {one.gate.suspicions[0].what}" for one in await list_doubted(tx)]


async def test_what_a_changed_policy_finds_is_listed_and_kept_with_the_reason(
    installation: Installation, stops: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _open(installation, stops, tmp_path)
    assert await examine_again(installation) == [], "the gate has just judged it"
    _change_policy(monkeypatch)
    assert await examine_again(installation) == ["tram-xe-buyt"] and await examine_again(installation) == []
    assert await _doubted(installation) == ["tram-xe-buyt work_email"]
    async with installation.db.tx() as tx:
        assert (await get_entry(tx, "tram-xe-buyt")).row_count == 3, "it stays open until somebody decides"
        found = await find_examination(tx, stops, 2)
        assert found is not None
        for stale in (None, found.at - timedelta(seconds=1)):
            with pytest.raises(FindingsChanged):
                await keep(tx, stops, 2, "Chưa xem", stale)
        await keep(tx, stops, 2, "Hộp thư của bến xe", found.at)
        with pytest.raises(NothingFound):
            await keep(tx, stops, 2, "Lần nữa", found.at)
    async with installation.db.read() as tx:
        kinds = [row.body.kind for row in await list_rows(tx, what="dataset:tram-xe-buyt")][:2]
        assert kinds == ["publication.kept", "publication.examined"]
        assert [d.note for d in await store.list_decisions(tx, stops.id) if d.act == "kept"] == ["Hộp thư của bến xe"]
    assert await _doubted(installation) == []
    _change_policy(monkeypatch, k=7)
    assert await examine_again(installation) == ["tram-xe-buyt"] and await _doubted(installation) == []
    async with installation.db.read() as tx:
        found = await find_examination(tx, stops, 2)
    assert found is not None and (found.state, found.reason) == ("kept", "Hộp thư của bến xe")


async def test_recalling_ends_the_doubt_and_lost_bytes_are_told(
    installation: Installation, stops: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _open(installation, stops, tmp_path)
    async with installation.db.read() as tx:
        release = await store.find_release(tx, stops.id, 2)
    assert release is not None
    installation.objects.path(release.object).write_bytes(b"PAR1")
    _change_policy(monkeypatch)
    assert await examine_again(installation) == ["tram-xe-buyt"]
    async with installation.db.tx() as tx:
        (found,) = await list_doubted(tx)
        assert found.gate.blocks == [UNREADABLE]
        await recall(tx, stops, 2, "Tệp hỏng")
        assert await list_doubted(tx) == []


async def test_what_cannot_be_judged_is_doubted_and_stops_nothing(
    installation: Installation, stops: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _open(installation, stops, tmp_path)
    async with installation.db.tx() as tx:
        await tx.execute("update datasets.contract set yaml = 'apiVersion: v9'")
    _change_policy(monkeypatch)
    assert await examine_again(installation) == ["tram-xe-buyt"] and await examine_again(installation) == []
    async with installation.db.read() as tx:
        (found,) = await list_doubted(tx)
    assert found.gate.blocks == [UNJUDGED]
