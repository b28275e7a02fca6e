"""Who used a person's data: single looks, whole tables by membership, delays by law, and that asking is recorded first."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.datasets.records import Version
from nhip.datasets.store import get_dataset
from nhip.db.installation import Installation
from nhip.kernel.actor import Actor, act_as
from nhip.kernel.ids import new_id
from nhip.kernel.time import held, now
from nhip.ledger.errors import LedgerClosed
from nhip.ledger.model import Event
from nhip.ledger.service import record
from nhip.privacy.errors import BadPeriod
from nhip.privacy.people import Subjects
from nhip.privacy.retention import service as retention
from nhip.privacy.usage import service
from nhip.privacy.usage.model import NewWithholding, Page
from tests.privacy import city

OFFICER = Actor(new_id(), "Trần Thị Cán Bộ", city.AGENCY, "session")
DETECTIVE = Actor(new_id(), "Điều tra viên", city.POLICE, "session")


async def ask(installation: Installation, who: bytes, **more) -> Page:
    span = {"since": now() - timedelta(days=30), "until": now() + timedelta(days=1)}
    return await service.find_usages(installation, who, **(span | {"own": True} | more))


async def look(installation: Installation, *subjects: bytes, actor: Actor = OFFICER, **data) -> None:
    with act_as(actor):
        told = {"dataset": "hanh-nghe", **data}
        await record(
            installation.db,
            Event(
                kind="personal.read", what="dataset:hanh-nghe", why="Kiểm tra chứng chỉ", data=told, subjects=subjects
            ),
        )


async def export(installation: Installation, version: Version | None, actor: Actor = OFFICER) -> None:
    data = {"dataset": "hanh-nghe", "part": "version"} | (
        {"version": version.no} if version else {"delivery": str(new_id())}
    )
    with act_as(actor):
        await record(
            installation.db, Event(kind="personal.exported", what="dataset:hanh-nghe", why="Báo cáo quý", data=data)
        )


async def test_a_single_look_is_told_to_the_person_and_to_nobody_else(installation: Installation) -> None:
    await city.make(installation)
    processing = await city.register(installation, "public_task")
    lan, minh = city.subject(installation, city.LAN), city.subject(installation, city.MINH)
    await look(installation, lan, processing=str(processing.id))
    (usage,) = (await ask(installation, lan)).usages
    assert (usage.organisation, usage.organisation_name) == (city.AGENCY, "Sở Y tế")
    assert (usage.dataset, usage.dataset_title, usage.purpose) == ("hanh-nghe", "Người hành nghề", "Kiểm tra chứng chỉ")
    assert (usage.processing, usage.legal_basis) == (processing.title, "Điều 9")
    assert OFFICER.name not in str(usage), "the officer's own name is not told"
    assert (await ask(installation, minh)).total == 0


async def test_a_whole_table_is_told_to_those_who_were_in_that_version(installation: Installation) -> None:
    await city.make(installation)
    first = await city.deliver(installation, city.FIRST)
    second = await city.deliver(installation, city.SECOND)
    people = [city.subject(installation, number) for number in (city.LAN, city.MINH, city.HOA)]
    await export(installation, first)
    assert [(await ask(installation, who)).total for who in people] == [1, 1, 0]
    await export(installation, second)
    assert [(await ask(installation, who)).total for who in people] == [1, 2, 1]
    assert [u.version for u in (await ask(installation, people[1])).usages] == [2, 1], "newest first"


async def test_who_was_in_a_deleted_version_is_still_told_if_it_was_handed_out(installation: Installation) -> None:
    await city.make(installation)
    first = await city.deliver(installation, city.FIRST)
    await city.deliver(installation, city.SECOND)
    await export(installation, first)
    async with installation.db.tx() as tx:
        await retention.set_rule(tx, await get_dataset(tx, "hanh-nghe"), 0, "QĐ")
    with held(now() + timedelta(days=2)):
        assert len(await retention.purge(installation)) == 1
    assert not installation.objects.has(first.object)
    counts = [(await ask(installation, city.subject(installation, n))).total for n in (city.LAN, city.MINH, city.HOA)]
    assert counts == [1, 1, 0]


async def test_raw_bytes_are_told_to_whom_they_hold_and_as_unsure_where_nobody_knows(
    installation: Installation,
) -> None:
    await city.make(installation)
    first = await city.deliver(installation, city.FIRST)
    with act_as(OFFICER):
        data = {"delivery": str(first.delivery_id), "part": "raw"}
        await record(installation.db, Event(kind="personal.exported", what="dataset:hanh-nghe", data=data))
    told = [(await ask(installation, city.subject(installation, n))).usages for n in (city.LAN, city.HOA)]
    assert [[u.sure for u in usages] for usages in told] == [[True], []]
    await export(installation, None)
    assert [u.sure for u in (await ask(installation, city.subject(installation, city.HOA))).usages] == [False]


async def test_rows_that_were_kept_out_are_people_too(installation: Installation) -> None:
    await city.make(installation)
    version = await city.deliver(installation, city.table(("N1", city.LAN, "Lan"), ("", city.HOA, "Hoa")))
    assert version.quarantined == 1, "a row without its key is kept out"
    hoa = city.subject(installation, city.HOA)
    await export(installation, version)
    assert (await ask(installation, hoa)).total == 0, "the version itself does not hold her"
    with act_as(OFFICER):
        data = {"version": version.no, "part": "quarantine"}
        await record(installation.db, Event(kind="personal.exported", what="dataset:hanh-nghe", data=data))
    assert (await ask(installation, hoa)).total == 1


async def test_pages_add_up_to_everything(installation: Installation) -> None:
    await city.make(installation)
    lan = city.subject(installation, city.LAN)
    for n in range(7):
        await look(installation, lan, row=n)
    whole = await ask(installation, lan)
    parts = [await ask(installation, lan, offset=at, limit=3) for at in (0, 3, 6, 9)]
    assert [page.total for page in parts] == [7] * 4, "one's own asking is no use by others"
    assert [u.seq for page in parts for u in page.usages] == [u.seq for u in whole.usages]
    for wrong in ({"limit": 0}, {"limit": 1001}, {"offset": -1}, {"until": now() - timedelta(days=40)}):
        with pytest.raises(BadPeriod):
            await ask(installation, lan, **wrong)


async def test_asking_is_recorded_and_asking_by_others_is_told(installation: Installation) -> None:
    await city.make(installation)
    lan = city.subject(installation, city.LAN)
    with act_as(OFFICER):
        await ask(installation, lan, own=False)
    assert await city.kinds(installation, "usage.") == ["usage.asked"]
    (usage,) = (await ask(installation, lan)).usages
    assert (usage.kind, usage.organisation) == ("usage.asked", city.AGENCY)


async def test_what_the_law_keeps_secret_is_told_later_and_never_lost(installation: Installation) -> None:
    await city.make(installation)
    lan, minh = city.subject(installation, city.LAN), city.subject(installation, city.MINH)
    await look(installation, lan, minh, actor=DETECTIVE)
    await look(installation, lan)
    delay = NewWithholding(
        organisation=city.POLICE,
        subject=lan,
        from_at=now() - timedelta(days=1),
        until_at=now() + timedelta(days=1),
        release_at=now() + timedelta(days=90),
        ground="Bộ luật Tố tụng hình sự",
        document="12/QĐ-CSĐT",
    )
    async with installation.db.tx() as tx:
        await service.withhold(tx, delay)
    assert [u.organisation for u in (await ask(installation, lan)).usages] == [city.AGENCY]
    assert (await ask(installation, minh)).total == 1, "the delay is about one person only"
    with held(now() + timedelta(days=91)):
        span = {"since": now() - timedelta(days=120), "until": now()}
        assert (await ask(installation, lan, **span)).total == 2
    for change in ({"release_at": now()}, {"organisation": "khong-co"}, {"until_at": delay.from_at}):
        with pytest.raises(BadPeriod):
            async with installation.db.tx() as tx:
                await service.withhold(tx, msgspec.structs.replace(delay, **change))


async def test_without_the_ledger_nothing_is_told(installation: Installation) -> None:
    await city.make(installation)
    lan = city.subject(installation, city.LAN)
    await look(installation, lan)
    await city.close_ledger(installation)
    with pytest.raises(LedgerClosed):
        await ask(installation, lan)


@given(st.sets(st.binary(min_size=32, max_size=32), max_size=40), st.binary(min_size=32, max_size=32))
def test_a_set_of_people_knows_its_members(people: set[bytes], stranger: bytes) -> None:
    found = Subjects(people)
    assert len(found) == len(people)
    assert list(found) == sorted(people)
    assert all(who in found for who in people)
    assert (stranger in found) == (stranger in people)
