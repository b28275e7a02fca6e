"""Noting and recording: with the transaction or not at all, in one chain without gaps, however many write and die."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.db import Database
from nhip.db.installation import Installation
from nhip.kernel.actor import SYSTEM, Actor, act_as
from nhip.kernel.time import held, now
from nhip.ledger import kinds
from nhip.ledger.body import MAX_BYTES, SUBJECTS_EACH, drafts
from nhip.ledger.errors import EventRefused, LedgerClosed, UnknownKind
from nhip.ledger.model import Event
from nhip.ledger.service import list_subject, microseconds, note, record
from nhip.ledger.store import find_since, list_rows
from nhip.ledger.verify import verify

READ = Event(kind="personal.read", what="dataset:ho-so")


async def bodies(installation: Installation) -> list[dict[str, Any]]:
    """All bodies; the chain over them holds."""
    report = await verify(installation.db, installation.settings)
    assert report.ok, report.faults
    async with installation.db.read() as tx:
        rows = await (await tx.execute("select body from ledger.event order by seq")).fetchall()
    return [json.loads(body) for (body,) in rows]


async def test_a_note_is_there_after_the_commit(installation: Installation) -> None:
    who = Actor(uuid.uuid4(), "Trần Thị Bé", "so-gtvt", "session", "10.0.0.9")
    with act_as(who):
        async with installation.db.tx() as tx:
            await note(tx, Event(kind="version.restored", what="dataset:d", why="sai số", data={"to": 3, "a": 1}))
            await note(tx, READ)
            assert await bodies(installation) == []
    first, second = await bodies(installation)
    assert first["kind"] == "version.restored" and first["data"] == {"a": 1, "to": 3} and first["why"] == "sai số"
    actor = {
        "address": "10.0.0.9",
        "id": str(who.party),
        "name": "Trần Thị Bé",
        "organisation": "so-gtvt",
        "via": "session",
    }
    assert first["actor"] == second["actor"] == actor
    assert first["at"] == second["at"] and len(first["salt"]) == 32 and first["salt"] != second["salt"]


async def test_a_rollback_leaves_nothing(installation: Installation) -> None:
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            async with installation.db.tx() as tx:
                await note(tx, READ)
                _ = 1 / 0
        async with installation.db.tx():
            pass
    assert await bodies(installation) == []


async def test_a_note_needs_a_transaction(installation: Installation) -> None:
    async with installation.db.read() as tx:
        with pytest.raises(RuntimeError):
            await note(tx, READ)


async def test_a_hundred_callers_share_commits(installation: Installation) -> None:
    async with installation.db.read() as tx:
        before = await (await tx.execute("select txid_current()")).fetchone()
    await asyncio.gather(*(record(installation.db, Event(kind="personal.read", what=f"n:{n}")) for n in range(100)))
    async with installation.db.read() as tx:
        after = await (await tx.execute("select txid_current()")).fetchone()
    assert sorted(int(body["what"][2:]) for body in await bodies(installation)) == list(range(100))
    assert before is not None and after is not None and after[0] - before[0] < 10


async def test_recording_does_not_wait_for_callers_who_hold_connections(installation: Installation) -> None:
    async def hold() -> None:
        async with installation.db.tx():
            entered.release()
            await everybody_holds.wait()
            await record(installation.db, READ)

    entered, everybody_holds = asyncio.Semaphore(0), asyncio.Event()
    holders = [asyncio.create_task(hold()) for _ in range(4)]  # as many as the pool has
    for _ in holders:
        await entered.acquire()
    everybody_holds.set()
    async with asyncio.timeout(60):
        await asyncio.gather(*holders)
    assert len(await bodies(installation)) == 4


async def test_a_caller_who_gives_up_takes_nobody_with_them(installation: Installation) -> None:
    first, second = (asyncio.create_task(record(installation.db, READ)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await second
    assert first.cancelled() and len(await bodies(installation)) == 2


async def test_recording_nothing_is_nothing(installation: Installation) -> None:
    await record(installation.db)
    assert await bodies(installation) == []


async def test_cancelled_transactions_leave_all_or_nothing(installation: Installation) -> None:
    """Cancelled at every moment, between the append and the commit that was sent with it too."""
    async with installation.db.tx() as tx:
        await tx.execute("create table public.done (n int)")

    async def write(n: int) -> None:
        async with installation.db.tx() as tx:
            await tx.execute("insert into public.done values (%s)", (n,))
            await note(tx, Event(kind="personal.read", what=f"n:{n}"))

    begun = time.perf_counter()
    await write(0)
    usual = time.perf_counter() - begun
    for n in range(1, 60):
        task = asyncio.create_task(write(n))
        await asyncio.wait([task], timeout=usual * n / 30)
        task.cancel()
        await asyncio.wait([task])
    async with installation.db.read() as tx:
        done = {n for (n,) in await (await tx.execute("select n from public.done")).fetchall()}
    assert {int(body["what"][2:]) for body in await bodies(installation)} == done
    await asyncio.gather(*(write(100 + n) for n in range(8)))
    assert len(await bodies(installation)) == len(done) + 8


async def test_tasks_and_processes_make_one_chain(installation: Installation) -> None:
    workers = [start(installation.settings.database_url, "30") for _ in range(3)]

    async def write(n: int) -> None:
        async with installation.db.tx() as tx:
            await note(tx, Event(kind="personal.read", what=f"own:{n}"))
            await asyncio.sleep(0)
            await note(tx, Event(kind="personal.read", what=f"own:{n}"))

    await asyncio.gather(*(write(n) for n in range(40)))
    for worker in workers:
        assert await asyncio.to_thread(worker.wait, 60) == 0
    found = await bodies(installation)
    assert len(found) == 3 * 30 + 2 * 40
    whats = [body["what"] for body in found if body["what"].startswith("own:")]
    assert whats[::2] == whats[1::2]  # what one transaction noted stands together


async def test_a_killed_writer_leaves_whole_transactions(installation: Installation) -> None:
    url = installation.settings.database_url
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table public.done (n int)")
    worker = start(url, "100000")
    with psycopg.connect(url, autocommit=True) as connection:
        while (connection.execute("select count(*) from public.done").fetchone() or (0,))[0] < 20:
            await asyncio.sleep(0)
        worker.send_signal(signal.SIGKILL)
        await asyncio.to_thread(worker.wait, 30)
        await record(installation.db, READ)
        done = connection.execute("select n from public.done order by n").fetchall()
    *noted, last = await bodies(installation)
    assert [int(body["what"][2:]) for body in noted] == [n for (n,) in done] and last["what"] == READ.what


WRITER = """
import asyncio, sys
from nhip.db import Database
from nhip.ledger.model import Event
from nhip.ledger.service import note

async def main():
    db = Database(sys.argv[1], size=2)
    await db.open()
    async with db.read() as tx:
        kept = (await (await tx.execute("select to_regclass('public.done')")).fetchone())[0]
    for n in range(int(sys.argv[2])):
        async with db.tx() as tx:
            if kept:
                await tx.execute("insert into public.done values (%s)", (n,))
            await note(tx, Event(kind="personal.read", what=f"n:{n}"))
    await db.close()

asyncio.run(main())
"""


def start(url: str, count: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WRITER, url, count])


BREAKS = {
    "gone": "alter table ledger.event rename to elsewhere",
    "no tip": "alter table ledger.tip disable trigger all; delete from ledger.tip",
    "no room": "alter table ledger.event add constraint full_disk check (seq < 1)",
}


@pytest.mark.parametrize("how", BREAKS)
async def test_nothing_happens_when_the_ledger_is_closed(installation: Installation, how: str) -> None:
    await record(installation.db, READ)
    async with installation.db.tx() as tx:
        await tx.execute("create table public.business (n int)")
        await tx.execute(BREAKS[how])  # type: ignore[arg-type]
    with pytest.raises(LedgerClosed):
        async with installation.db.tx() as tx:
            await tx.execute("insert into public.business values (1)")
            await note(tx, READ)
    with pytest.raises(LedgerClosed):
        await record(installation.db, READ)
    assert LedgerClosed.status == 503
    async with installation.db.tx() as tx:  # the connection is good for the next, which has nothing to note
        await tx.execute("insert into public.business values (2)")
    async with installation.db.read() as tx:
        assert await (await tx.execute("select n from public.business")).fetchall() == [(2,)]


async def test_a_fault_of_the_callers_own_is_not_the_ledgers(installation: Installation) -> None:
    """A deferred constraint fails while the transaction commits, after the append."""
    async with installation.db.tx() as tx:
        await tx.execute("create table public.one (n int unique deferrable initially deferred)")
    with pytest.raises(psycopg.errors.UniqueViolation):
        async with installation.db.tx() as tx:
            await tx.execute("insert into public.one values (1), (1)")
            await note(tx, READ)
    assert await bodies(installation) == []


async def test_without_permission_or_database_the_ledger_is_closed(installation: Installation) -> None:
    url = installation.settings.database_url
    async with installation.db.tx() as tx:
        await tx.execute("create role ledger_stranger login password 'x'")
    try:
        stranger = Database(psycopg.conninfo.make_conninfo(url, user="ledger_stranger", password="x"), size=1)
        await stranger.open()
        with pytest.raises(LedgerClosed):
            await record(stranger, READ)
        await stranger.close()
    finally:
        async with installation.db.tx() as tx:
            await tx.execute("drop role ledger_stranger")
    nowhere = Database(psycopg.conninfo.make_conninfo(url, dbname="nowhere"), size=1, wait_s=0.3)
    with pytest.raises(LedgerClosed):
        await record(nowhere, READ)
    await nowhere.close()


async def test_time_never_goes_backwards(installation: Installation) -> None:
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
    for hours in (0, -2, 1):
        with held(noon + timedelta(hours=hours)):
            await record(installation.db, READ)
    found = [body["at"] for body in await bodies(installation)]
    assert found == [microseconds(noon), microseconds(noon), microseconds(noon + timedelta(hours=1))]
    async with installation.db.read() as tx:
        assert await find_since(tx, microseconds(noon) + 1) == 2


async def test_who_looked_at_one_persons_data(installation: Installation) -> None:
    me, other = b"m" * 32, b"o" * 32
    start_at = datetime(2026, 1, 1, tzinfo=UTC)
    for day in range(6):
        with held(start_at + timedelta(days=day)):
            async with installation.db.tx() as tx:
                subjects = (me, other, me) if day % 2 else (other,)
                await note(tx, Event(kind="personal.read", what=f"day:{day}", subjects=subjects))

    async def mine(since: int, until: int, **page: int) -> tuple[int, list[str]]:
        async with installation.db.read() as tx:
            span = (start_at + timedelta(days=since), start_at + timedelta(days=until))
            total, rows = await list_subject(tx, me, *span, **page)
        return total, [row.body.what for row in rows]

    assert await mine(0, 9) == (3, ["day:5", "day:3", "day:1"])
    assert await mine(1, 5) == (2, ["day:3", "day:1"])
    assert await mine(0, 9, offset=1, limit=1) == (3, ["day:3"])
    assert await mine(6, 9) == (0, [])


async def test_an_event_about_thousands_of_people_becomes_parts(installation: Installation) -> None:
    people = tuple(n.to_bytes(32, "big") for n in range(2 * SUBJECTS_EACH + 1))
    async with installation.db.tx() as tx:
        await note(tx, Event(kind="personal.exported", subjects=people))
    found = await bodies(installation)
    assert [body["part"] for body in found] == [[1, 3], [2, 3], [3, 3]]
    assert [subject for body in found for subject in body["subjects"]] == [person.hex() for person in people]


async def test_text_that_a_database_cannot_hold(installation: Installation) -> None:
    odd = "a\0b\ud800c \\u0000 ❤"
    async with installation.db.tx() as tx:
        await note(tx, Event(kind="signin.failed", what="account:" + odd, data={odd: [odd, {"x": odd}], "n": 2**70}))
    (body,) = await bodies(installation)
    plain = "a\ufffdb\ufffdc \\u0000 ❤"
    assert body["what"] == "account:" + plain
    assert body["data"] == {plain: [plain, {"x": plain}], "n": 2**70}


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.uuids(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), ANY, max_size=4), st.text(max_size=100), st.text(max_size=100))
def test_bodies_are_canonical(data: dict[str, Any], what: str, why: str) -> None:
    (draft,) = drafts(Event(kind="role.made", what=what, why=why, data=data), SYSTEM)
    body = draft.head + "5" + draft.tail
    decoded = json.loads(body)
    assert json.dumps(decoded, sort_keys=True, separators=(",", ":"), ensure_ascii=False).count('"') == body.count('"')
    assert list(decoded) == sorted(decoded) and list(decoded["data"]) == sorted(decoded["data"])
    assert (decoded["what"], decoded["at"]) == (what.replace("\0", "\ufffd"), 5)


@pytest.mark.parametrize(
    "event",
    [
        Event(kind="role.made", what="x" * 501),
        Event(kind="role.made", why="x" * MAX_BYTES),
        Event(kind="role.made", data={"x": "y" * MAX_BYTES}),
        Event(kind="role.made", subjects=(b"short",)),
    ],
)
def test_what_is_too_large_is_refused(event: Event) -> None:
    with pytest.raises(EventRefused):
        drafts(event, SYSTEM)


def test_an_unknown_kind_is_a_mistake() -> None:
    with pytest.raises(UnknownKind):
        drafts(Event(kind="nothing.known"), SYSTEM)


def test_sectors_register_their_own_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "KINDS", dict(kinds.KINDS))
    kinds.register("transit", {"transit.trip_cancelled": "Trip cancelled"})
    kinds.register("transit", {"transit.trip_cancelled": "Trip cancelled"})
    assert kinds.KINDS["transit.trip_cancelled"] == "Trip cancelled"
    for wrong in (
        {"role.made": "x"},
        {"transit": "x"},
        {"transit.Bad": "x"},
        {"transit.trip_cancelled": "Other"},
        {"transit.x": ""},
    ):
        with pytest.raises(ValueError):
            kinds.register("transit", wrong)


async def test_listing_narrows(installation: Installation) -> None:
    party = uuid.uuid4()
    with act_as(Actor(party=party)):
        await record(installation.db, READ, Event(kind="role.made", what="role:a"))
    await record(installation.db, Event(kind="role.made", what="role:b"))
    async with installation.db.read() as tx:
        assert [row.seq for row in await list_rows(tx, actor=str(party))] == [1, 0]
        assert [row.seq for row in await list_rows(tx, kind="role.made", before_seq=2)] == [1]
        (row,) = await list_rows(tx, what="role:b")
    assert row.body.actor.id is None and abs(row.body.moment - now()) < timedelta(minutes=5)
