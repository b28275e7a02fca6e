"""The breach desk: 72 hours from when it was found, whom it touches, facts that are added to."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from nhip.datasets.errors import DatasetNotFound
from nhip.db.installation import Installation
from nhip.kernel.time import held, now
from nhip.ledger.model import Event
from nhip.ledger.service import record
from nhip.privacy.breaches import service
from nhip.privacy.breaches.affected import affected_csv, find_affected
from nhip.privacy.breaches.model import Facts
from nhip.privacy.errors import BreachNotFound, BreachRefused
from tests.privacy import city


def facts(**changes: object) -> Facts:
    values: dict[str, object] = {
        "title": "Mất máy tính",
        "what": "Máy tính có bản trích dữ liệu bị mất",
        "since": now() - timedelta(minutes=30),
        "datasets": ("hanh-nghe",),
        "organisation": city.AGENCY,
    }
    return Facts(**(values | changes))  # type: ignore[arg-type]


async def find(installation: Installation, **changes: object):
    async with installation.db.tx() as tx:
        return await service.find(tx, facts(**changes))


async def test_the_clock_runs_from_when_it_was_found(installation: Installation) -> None:
    await city.make(installation)
    breach = await find(installation)
    assert breach.due_at - breach.found_at == timedelta(hours=72)
    assert (breach.overdue, breach.mark) == (False, "warn")
    for hours, overdue in ((71, False), (73, True)):
        with held(breach.found_at + timedelta(hours=hours)):
            assert (breach.overdue, breach.mark) == (overdue, "alarm")
    async with installation.db.tx() as tx:
        breach = await service.notify(tx, breach, now(), "Thông báo vi phạm …")
        with pytest.raises(BreachRefused):
            await service.notify(tx, breach, now(), "lần nữa")
    with held(breach.found_at + timedelta(hours=100)):
        assert not breach.overdue


async def test_whom_it_touches_are_those_of_the_versions_that_were_in_force(installation: Installation) -> None:
    await city.make(installation)
    await city.deliver(installation, city.FIRST)
    before_second = now()
    await city.deliver(installation, city.SECOND)
    old = await find(installation, since=before_second - timedelta(hours=1), until=before_second)
    both = await find(installation, since=before_second - timedelta(microseconds=1))
    lan = city.subject(installation, city.LAN)
    await record(installation.db, Event(kind="personal.read", what="dataset:hanh-nghe", subjects=(lan,)))
    late = await find(installation, since=now())
    async with installation.db.read() as tx:
        touched = [await find_affected(installation, tx, breach) for breach in (old, both, late)]
        text, people = await affected_csv(installation, tx, both)
    assert [([v.no for v in t.versions], t.people) for t in touched] == [([1], 2), ([1, 2], 3), ([2], 2)]
    assert [t.looked_at for t in touched] == [0, 1, 0], "what was shown one by one in that time"
    assert len(people) == 3 and len(text.splitlines()) == 1 + 4 + 1
    assert city.LAN not in text


async def test_facts_are_added_to_and_the_end_needs_a_reason(installation: Installation) -> None:
    await city.make(installation)
    breach = await find(installation)
    async with installation.db.tx() as tx:
        known = msgspec.structs.replace(breach.facts, measures="Đã khóa tài khoản")
        breach = await service.change(tx, breach, known, "bổ sung")
        assert (await service.change(tx, breach, known)).no_edition == 2, "the same again is nothing new"
        breach = await service.inform(tx, breach, "Thư gửi 2 người")
        with pytest.raises(BreachRefused):
            await service.close(tx, breach, " ")
        breach = await service.close(tx, breach, "Tìm lại được máy, ổ đĩa đã mã hóa")
        with pytest.raises(BreachRefused):
            await service.change(tx, breach, facts())
        assert [e.facts.measures for e in await service.list_editions(tx, breach)][-1] == ""
        with pytest.raises(BreachNotFound):
            await service.get(tx, "VP-1999-0001")
    assert await city.kinds(installation, "breach.") == [
        "breach.found", "breach.changed", "breach.informed", "breach.closed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"datasets": ("khong-co",)}, DatasetNotFound),
        ({"since": now() + timedelta(days=2)}, BreachRefused),
        ({"until": now() - timedelta(days=2)}, BreachRefused),
    ],
)
async def test_what_cannot_be_is_refused(installation: Installation, changes, error) -> None:
    await city.make(installation)
    with pytest.raises(error):
        await find(installation, **changes)
