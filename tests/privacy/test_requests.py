"""The request desk: clocks and states, what is gathered about a person, and that every look is recorded first."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from nhip.datasets.formulas import neutral_cell
from nhip.db.installation import Installation
from nhip.kernel.time import VIETNAM, held, now
from nhip.ledger.errors import LedgerClosed
from nhip.privacy.errors import RequestNotFound, RequestRefused
from nhip.privacy.requests import service, store
from nhip.privacy.requests.gather import as_csv, as_json, gather
from nhip.privacy.requests.model import NewRequest
from tests.privacy import city

MONDAY = datetime(2026, 6, 1, 9, tzinfo=VIETNAM)


def new(installation: Installation, kind: str = "see", **more: object) -> NewRequest:
    values = {
        "kind": kind,
        "channel": "desk",
        "name": "Nguyễn Thị Lan",
        "subject": city.subject(installation, city.LAN),
    }
    return NewRequest(**(values | more))  # type: ignore[arg-type]


async def receive(installation: Installation, kind: str = "see", **more: object):
    async with installation.db.tx() as tx:
        return await service.receive(tx, new(installation, kind, **more))


async def test_a_request_goes_from_receipt_to_answer(installation: Installation) -> None:
    with held(MONDAY):
        request = await receive(installation, "withdraw")
        assert request.no == "YC-2026-00001"
        assert request.answer_due == datetime(2026, 6, 4, tzinfo=VIETNAM)
        assert request.due_at == datetime(2026, 6, 17, tzinfo=VIETNAM)
        async with installation.db.tx() as tx:
            request = await service.confirm(tx, request, "Sẽ xong trước ngày 22/6", others=True)
            assert request.due_at == datetime(2026, 6, 23, tzinfo=VIETNAM), (
                "a processor must act: 20 days, to the Monday after"
            )
            request = await service.close(tx, request, "done", "Đã rút")
            steps = await store.list_steps(tx, request.id)
    assert (request.state, request.closed_at) == ("done", MONDAY)
    assert [step.kind for step in steps] == ["received", "confirmed", "done"]
    assert await city.kinds(installation, "request.") == ["request.received", "request.confirmed", "request.answered"]


async def test_overdue_is_seen_and_counted(installation: Installation) -> None:
    with held(MONDAY):
        request = await receive(installation)
        confirmed = await receive(installation)
        async with installation.db.tx() as tx:
            await service.confirm(tx, confirmed, "Đã nhận", others=False)
    for at, answers, whole in ((3 * 24 - 10, 0, 0), (3 * 24, 1, 0), (20 * 24, 1, 2)):
        with held(MONDAY + timedelta(hours=at)):
            async with installation.db.read() as tx:
                counts = await store.count_requests(tx)
                found = await service.get(tx, request.no)
            assert (counts.open, counts.answer_overdue, counts.overdue) == (2, answers, whole)
            assert found.overdue == bool(answers)
            assert (found.mark == "alarm") == bool(answers)


async def test_time_is_extended_once_with_a_reason_by_at_most_15_days(installation: Installation) -> None:
    with held(MONDAY):
        request = await receive(installation, "object")
        for until, told in (
            (date(2026, 6, 16), "Hồ sơ giấy ở kho"),
            (date(2026, 7, 2), "Hồ sơ giấy ở kho"),
            (date(2026, 7, 1), " "),
        ):
            with pytest.raises(RequestRefused):
                async with installation.db.tx() as tx:
                    await service.extend(tx, request, until, told)
        async with installation.db.tx() as tx:
            request = await service.extend(tx, request, date(2026, 7, 1), "Hồ sơ giấy ở kho")
        assert request.due_at == datetime(2026, 7, 2, tzinfo=VIETNAM)
        with pytest.raises(RequestRefused):
            async with installation.db.tx() as tx:
                await service.extend(tx, request, date(2026, 7, 1), "Lần nữa")


async def test_a_closed_request_stays_closed(installation: Installation) -> None:
    request = await receive(installation)
    async with installation.db.tx() as tx:
        request = await service.close(tx, request, "refused", "Luật 91/2025, điều 4")
    acts = (
        lambda tx: service.confirm(tx, request, "x", others=False),
        lambda tx: service.close(tx, request, "done", "x"),
        lambda tx: service.take_back(tx, request),
        lambda tx: service.extend(tx, request, date(2035, 1, 1), "x"),
    )
    for act in acts:
        with pytest.raises(RequestRefused):
            async with installation.db.tx() as tx:
                await act(tx)
    async with installation.db.read() as tx:
        assert (await service.get(tx, request.no)).state == "refused"
        with pytest.raises(RequestNotFound):
            await service.get(tx, "YC-2026-99999")


async def test_a_paper_counts_from_the_day_it_came_but_not_from_long_ago(installation: Installation) -> None:
    async with installation.db.tx() as tx:
        before = now() - timedelta(days=5)
        assert (await service.receive(tx, new(installation), before)).received_at == before
        for at in (now() - timedelta(days=31), now() + timedelta(hours=1)):
            with pytest.raises(RequestRefused):
                await service.receive(tx, new(installation), at)
        with pytest.raises(RequestRefused):
            await service.receive(tx, new(installation, "forget-me"))


async def test_what_is_known_about_a_person_is_found_and_recorded(installation: Installation) -> None:
    await city.make(installation)
    await city.deliver(installation, city.FIRST)
    await city.deliver(installation, "ma,ho_ten\nD1,Nguyễn Thị Lan\n", "danh-ba")
    processing = await city.register(installation)
    request = await receive(installation)
    async with installation.db.tx() as tx:
        gathered = await gather(installation, tx, request, "trả lời yêu cầu")
        told = await as_json(tx, request, gathered)
    assert [part["dataset"] for part in told["datasets"]] == ["hanh-nghe"]
    assert told["datasets"][0]["rows"] == [{"ma": "N1", "dinh_danh": city.LAN, "ho_ten": "Nguyễn Thị Lan"}]
    assert told["datasets"][0]["processings"] == [processing.name]
    assert told["not_searched"] == ["danh-ba"], "what has no citizen numbers must be looked through by hand"
    assert city.MINH not in str(told)
    assert "Nguyễn Thị Lan" in as_csv(gathered) and city.MINH not in as_csv(gathered)
    assert await city.kinds(installation, "personal.") == ["personal.read", "personal.searched"]


async def test_a_number_is_found_however_it_was_written(installation: Installation) -> None:
    await city.make(installation)
    await city.deliver(installation, city.SECOND)
    request = await receive(installation, subject=city.subject(installation, city.HOA))
    async with installation.db.tx() as tx:
        gathered = await gather(installation, tx, request, "x")
    assert [row[1][2] for part in gathered.found for row in part.rows] == ["Lê Thị Hoa"]


async def test_without_the_ledger_nothing_is_shown(installation: Installation) -> None:
    await city.make(installation)
    await city.deliver(installation, city.FIRST)
    request = await receive(installation)
    await city.close_ledger(installation)
    with pytest.raises(LedgerClosed):
        async with installation.db.tx() as tx:
            await gather(installation, tx, request, "x")


def test_a_copy_runs_nothing_in_a_spreadsheet() -> None:
    assert neutral_cell("=1+1") == "'=1+1"
    assert neutral_cell("-5") == "-5"
    assert neutral_cell("Lan") == "Lan"
