"""Requests for data: from a citizen's form to the answer, and what strangers may not learn on the way."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from nhip.db.installation import Installation
from nhip.kernel.time import held
from nhip.portal.people import store, wishes
from nhip.portal.people.errors import DatasetNotOpen, ExtensionSpent, MergeWrong, WishClosed, WishNotFound
from nhip.portal.people.model import Wish
from nhip.portal.people.tokens import COOKIE
from tests.portal.people.conftest import Client

FORM = {
    "title": "Trạm sạc xe điện",
    "text": "Vị trí và công suất, cả thành phố. Gọi 0905 123 456.",
    "name": "Nguyễn Văn An",
}


async def _sent(stranger: Client, **more: str) -> str:
    answer = await stranger.post("/data-requests/new", data={**FORM, **more}, follow_redirects=False)
    assert answer.status_code == 303, answer.text[:2000]
    return str(answer.headers["location"])


async def _newest(city: Installation) -> Wish:
    async with city.db.read() as tx:
        found, _total = await store.list_wishes(tx, ["received"], size=1)
    return found[0]


async def _shown(city: Installation, **more: str) -> Wish:
    async with city.db.tx() as tx:
        made = await wishes.receive(tx, wishes.NewWish(**{"title": "Bến xe", "text": "Vị trí", **more}))
        await wishes.show(tx, made, "Bến xe", "Vị trí")
        return await wishes.get_wish(tx, made.id)


async def test_a_request_is_read_by_its_sender_alone_until_an_official_looked(
    stranger: Client, city: Installation
) -> None:
    mine = await _sent(stranger)
    page = await stranger.get(mine)
    assert (
        page.status_code == 200 and "Trạm sạc xe điện" in page.text and page.headers["referrer-policy"] == "no-referrer"
    )
    wish = await _newest(city)
    assert (await stranger.get(f"/data-requests/{wish.no}")).status_code == 404
    assert "Trạm sạc" not in (await stranger.get("/data-requests")).text
    async with city.db.tx() as tx:
        await wishes.show(tx, wish, "Trạm sạc xe điện", "Vị trí và công suất, cả thành phố.")
    page = await stranger.get(f"/data-requests/{wish.no}")
    assert "Vị trí và công suất" in page.text and "0905 123" not in page.text and "Nguyễn Văn An" not in page.text
    listed = (await stranger.get("/data-requests")).text
    assert "Trạm sạc xe điện" in listed and "0905 123" not in listed


async def test_absent_and_unseen_answer_alike(stranger: Client, city: Installation) -> None:
    assert (await stranger.get(await _sent(stranger))).status_code == 200
    wish = await _newest(city)
    unseen, absent = await stranger.get(f"/data-requests/{wish.no}"), await stranger.get(f"/data-requests/{2**31 + 5}")
    assert unseen.status_code == absent.status_code == 404
    assert re.sub(r"\d\d:\d\d|\d+", "", unseen.text) == re.sub(r"\d\d:\d\d|\d+", "", absent.text)
    for token in ("x", "A" * 43, "ă", "%00"):
        assert (await stranger.get(f"/data-requests/mine/{token}")).status_code == 404
    assert (await stranger.post(f"/data-requests/{wish.no}/vote")).status_code == 404


async def test_what_is_missing_is_said_and_nothing_typed_is_lost(stranger: Client) -> None:
    answer = await stranger.post("/data-requests/new", data={"title": "", "text": "Của ai", "email": "không phải"})
    assert answer.status_code == 422
    assert 'id="e-title"' in answer.text and 'id="e-email"' in answer.text and "Của ai" in answer.text
    for email in ("a@b", "a@b.vn\r\nBcc: x@y.vn", "a b@c.vn", f"{'a' * 65}@b.vn"):
        answer = await stranger.post("/data-requests/new", data={**FORM, "email": email})
        assert answer.status_code == 422, email
    assert (await stranger.post("/data-requests/new", data={**FORM, "agency": "khong-co"})).status_code == 422
    assert (await stranger.post("/data-requests/new", data={**FORM, "text": "x" * 4_001})).status_code == 422
    assert (await stranger.post("/data-requests/new", data={**FORM, "text": "x" * 70_000})).status_code == 413


async def test_programs_and_floods_leave_nothing(stranger: Client, city: Installation) -> None:
    async with city.db.read() as tx:
        before = (await store.list_wishes(tx, ["received"]))[1]
    assert (await _sent(stranger, website="https://spam.example")) == "/data-requests"
    for _n in range(5):
        await _sent(stranger)
    answer = await stranger.post("/data-requests/new", data=FORM)
    assert answer.status_code == 429 and "Trạm sạc xe điện" in answer.text, "what was typed stays"
    async with city.db.read() as tx:
        assert (await store.list_wishes(tx, ["received"]))[1] == before + 5


async def test_a_vote_counts_once_a_browser_and_forged_cookies_are_nobody(stranger: Client, city: Installation) -> None:
    wish = await _shown(city)
    stranger.cookies.clear()
    answer = await stranger.post(f"/data-requests/{wish.no}/vote", follow_redirects=False)
    assert answer.status_code == 303 and COOKIE in answer.cookies
    await stranger.post(f"/data-requests/{wish.no}/vote", follow_redirects=False)
    kept = stranger.cookies.get(COOKIE)
    assert kept is not None
    stranger.cookies.clear()
    for forged in (kept[:-2] + "AA", "x", "A" * 43):
        answer = await stranger.post(
            f"/data-requests/{wish.no}/vote", headers={"Cookie": f"{COOKIE}={forged}"}, follow_redirects=False
        )
        assert answer.cookies.get(COOKIE) not in (None, forged), "a new browser, with a cookie of its own"
        stranger.cookies.clear()
    async with city.db.read() as tx:
        assert (await wishes.get_wish(tx, wish.id)).votes == 4


async def test_votes_go_with_a_request_that_is_joined_to_another(stranger: Client, city: Installation) -> None:
    first, second = await _shown(city), await _shown(city)
    for wish in (first, second, second):
        await stranger.post(f"/data-requests/{wish.no}/vote")
    stranger.cookies.clear()
    await stranger.post(f"/data-requests/{second.no}/vote")
    async with city.db.tx() as tx:
        with pytest.raises(MergeWrong):
            await wishes.merge(tx, second, second.no)
        with pytest.raises(MergeWrong):
            await wishes.merge(tx, second, 10**9)
    async with city.db.tx() as tx:
        await wishes.merge(tx, second, first.no)
    async with city.db.read() as tx:
        assert (await wishes.get_wish(tx, first.id)).votes == 2, "the same browser counts once"
    assert f'href="/data-requests/{first.no}"' in (await stranger.get(f"/data-requests/{second.no}")).text


async def test_the_clocks_are_those_of_the_policy(city: Installation) -> None:
    wish = await _shown(city)
    assert timedelta(days=15) <= wish.due_at - wish.received_at < timedelta(days=26), (
        "15 days, to the end of a working day"
    )
    assert timedelta(days=2) <= wish.look_due - wish.received_at < timedelta(days=14)
    async with city.db.tx() as tx:
        await wishes.extend(tx, wish, "Phải hỏi ba phòng")
        later = await wishes.get_wish(tx, wish.id)
        with pytest.raises(ExtensionSpent):
            await wishes.extend(tx, later, "Lại")
    assert later.due_at - wish.due_at >= timedelta(days=14)
    with held(wish.due_at):
        assert wish.overdue and not later.overdue
    with held(later.due_at + timedelta(days=1)):
        assert later.overdue


async def test_it_is_answered_by_an_open_dataset_or_refused_with_a_reason(stranger: Client, city: Installation) -> None:
    wish, other = await _shown(city), await _shown(city)
    async with city.db.tx() as tx:
        with pytest.raises(DatasetNotOpen):
            await wishes.publish(tx, wish, "khong-mo", "")
    async with city.db.tx() as tx:
        await wishes.begin(tx, wish)
        await wishes.publish(tx, wish, "tram-xe-buyt", "Có từ hôm nay")
        await wishes.refuse(tx, other, "Là dữ liệu của doanh nghiệp")
    page = await stranger.get(f"/data-requests/{wish.no}")
    assert 'href="/dataset/tram-xe-buyt"' in page.text and "Có từ hôm nay" in page.text
    assert "Là dữ liệu của doanh nghiệp" in (await stranger.get(f"/data-requests/{other.no}")).text
    assert f"/data-requests/{wish.no}" in (await stranger.get("/data-requests?state=published")).text
    async with city.db.tx() as tx:
        with pytest.raises(WishClosed):
            await wishes.refuse(tx, wish, "Quá muộn")


async def test_what_is_not_shown_is_gone_for_strangers(stranger: Client, city: Installation) -> None:
    wish = await _shown(city)
    async with city.db.tx() as tx:
        await wishes.drop(tx, wish, "Quảng cáo")
        with pytest.raises(WishNotFound):
            await wishes.get_shown_wish(tx, wish.no)
    assert (await stranger.get(f"/data-requests/{wish.no}")).status_code == 404


async def test_the_ledger_does_not_learn_who_asked(city: Installation, stranger: Client) -> None:
    await _sent(stranger, name="Người Hỏi Bí Mật")
    async with city.db.read() as tx:
        rows = await (await tx.execute("select body from ledger.event where kind = 'wish.received'")).fetchall()
    assert rows
    for (body,) in rows:
        assert "Bí Mật" not in body and "testclient" not in body and '"address":""' in body.replace(" ", "")


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_the_pages_stand_in_both_languages(stranger: Client, city: Installation, lang: str) -> None:
    wish = await _shown(city)
    paths = (
        "/data-requests",
        "/data-requests?state=refused",
        "/data-requests?page=x",
        "/data-requests/new",
        f"/data-requests/{wish.no}",
    )
    for path in paths:
        answer = await stranger.get(path, headers={"Accept-Language": lang})
        assert answer.status_code == 200 and f'<html lang="{lang}"' in answer.text, f"{path}: {answer.text[:500]}"
        assert answer.text.count("<h1>") == 1, path
