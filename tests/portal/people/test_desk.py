"""The officials' desk: looking before anything is shown, routing by agency, answering, tasks; who may not, sees nothing."""

from __future__ import annotations

import re
from html import unescape

import pytest

from nhip.console.voices.access import access_remark, access_wish
from nhip.datasets.store import get_agency
from nhip.db.installation import Installation
from nhip.errors import Forbidden
from nhip.portal.people import remarks, store, wishes
from nhip.portal.people.errors import RemarkNotFound, WishNotFound
from nhip.portal.people.model import Wish
from nhip.portal.service import get_entry
from nhip.security.permissions.model import Reach, Rights
from tests.portal.people.conftest import AGENCY, Client

HOME = "/console/voices"


async def _wish(city: Installation, title: str = "Trạm sạc") -> Wish:
    async with city.db.tx() as tx:
        return await wishes.receive(tx, wishes.NewWish(title=title, text="Ở đâu", name="An", email="an@mai.example"))


async def _press(official: Client, path: str, **typed: str) -> str:
    answer = await official.post(path, data=typed)
    assert answer.status_code == 200, unescape(answer.text)[-2500:]
    return answer.text


async def test_a_request_goes_from_the_list_to_its_answer(
    official: Client, stranger: Client, city: Installation
) -> None:
    wish = await _wish(city)
    assert f"{HOME}/requests/{wish.no}" in (await official.get(HOME)).text
    one = f"{HOME}/requests/{wish.no}"
    page = (await official.get(one)).text
    assert "an@mai.example" in page and 'action="' + one + '/show"' in page
    await _press(official, f"{one}/show", title="Trạm sạc xe điện", text="Vị trí các trạm")
    await _press(official, f"{one}/begin")
    await _press(official, f"{one}/route", agency=AGENCY)
    read = (await stranger.get(f"/data-requests/{wish.no}")).text
    assert (
        "Trạm sạc xe điện" in read
        and "Department of Construction" in read
        and "in work" in read
        and "mai.example" not in read
    )
    await _press(official, f"{one}/extend", reason="Chờ khảo sát")
    await _press(official, f"{one}/publish", dataset="tram-xe-buyt", answer="Mời xem")
    assert "Mời xem" in (await stranger.get(f"/data-requests/{wish.no}")).text
    assert f"{HOME}/requests/{wish.no}" in (await official.get(f"{HOME}?show=closed")).text
    assert (await official.post(f"{one}/begin")).status_code == 422, "closed"


async def test_what_is_missing_is_said_where_it_was_typed(official: Client, city: Installation) -> None:
    wish = await _wish(city)
    one = f"{HOME}/requests/{wish.no}"
    for act, typed, field in (
        ("show", {"title": "", "text": "x"}, "title"),
        ("refuse", {"refusal": " "}, "refusal"),
        ("publish", {"dataset": ""}, "dataset"),
        ("merge", {"into": "không"}, "into"),
        ("drop", {}, "why"),
        ("extend", {}, "reason"),
        ("route", {"agency": "khong-co"}, "agency"),
    ):
        answer = await official.post(f"{one}/{act}", data=typed)
        assert answer.status_code == 422 and f'id="e-{field}"' in answer.text, act
    for act, typed in (("publish", {"dataset": "khong-mo"}), ("merge", {"into": str(wish.no)})):
        assert (await official.post(f"{one}/{act}", data=typed)).status_code == 422, act
    for path in (f"{one}/khong-co", f"{HOME}/requests/{10**9}/show", f"{HOME}/requests/{10**12}/show"):
        assert (await official.post(path, data={"title": "x", "text": "x"})).status_code == 404, path
    await _press(official, f"{one}/drop", why="Quảng cáo")


async def test_a_comment_becomes_an_answer_and_a_task_that_leads_to_the_row(
    official: Client, stranger: Client, city: Installation
) -> None:
    async with city.db.tx() as tx:
        entry = await get_entry(tx, "tram-xe-buyt")
        made = await remarks.receive(tx, entry, remarks.NewRemark(kind="fault", text="T03 sai, gọi 0905"))
    one = f"{HOME}/comments/{made}"
    assert one in (await official.get(f"{HOME}?show=comments")).text
    assert (await official.post(f"{one}/answer", data={"reply": "x"})).status_code == 422, "not shown yet"
    await _press(official, f"{one}/show", text="T03 sai")
    await _press(official, f"{one}/answer", reply="Đang sửa")
    page = await _press(official, f"{one}/task", task="Sửa T03", row="3")
    assert 'href="/console/datasets/tram-xe-buyt/rows/3"' in page
    assert one in (await official.get(f"{HOME}?show=tasks")).text
    assert (await official.get("/console/datasets/tram-xe-buyt/rows/3")).status_code == 200
    await _press(official, f"{one}/done")
    assert one not in (await official.get(f"{HOME}?show=tasks")).text
    assert one in (await official.get(f"{HOME}?show=answered")).text
    assert "Đang sửa" in (await stranger.get("/dataset/tram-xe-buyt/comments")).text
    assert (await official.post(f"{one}/task", data={"task": "x", "row": "-1"})).status_code == 422


async def test_another_agencys_things_are_not_there_and_strangers_are_sent_away(
    city: Installation, stranger: Client
) -> None:
    wish = await _wish(city)
    async with city.db.tx() as tx:
        agency = await get_agency(tx, AGENCY)
        made = await remarks.receive(tx, await get_entry(tx, "tram-xe-buyt"), remarks.NewRemark(kind="idea", text="x"))
        ours = Rights({"voice.read": [Reach(frozenset({agency.id}))]})
        other = Rights({p: [Reach(frozenset({wish.id}))] for p in ("voice.read", "voice.answer")})
        with pytest.raises(WishNotFound):
            await access_wish(tx, ours, wish.no)
        await wishes.route(tx, wish, agency)
        assert (await access_wish(tx, ours, wish.no)).id == wish.id
        with pytest.raises(Forbidden):
            await access_wish(tx, ours, wish.no, "voice.answer")
        with pytest.raises(WishNotFound):
            await access_wish(tx, other, wish.no, "voice.answer")
        assert (await access_remark(tx, ours, made)).id == made
        with pytest.raises(RemarkNotFound):
            await access_remark(tx, other, made)
        assert (await store.list_wishes(tx, ["received"], within=other.organisations("voice.read")))[1] == 0
    for path in (HOME, f"{HOME}/requests/{wish.no}", f"{HOME}/comments/{made}", f"{HOME}/letters"):
        answer = await stranger.get(path, follow_redirects=False)
        assert answer.status_code == 303 and "/signin" in answer.headers["location"], path


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_the_desk_stands_in_both_languages(official: Client, city: Installation, lang: str) -> None:
    wish = await _wish(city)
    for path in (HOME, f"{HOME}?show=comments", f"{HOME}?show=x", f"{HOME}/letters", f"{HOME}/requests/{wish.no}"):
        answer = await official.get(path, headers={"Accept-Language": lang})
        assert answer.status_code == 200 and f'<html lang="{lang}"' in answer.text, path
        assert len(re.findall(r"<h1>", answer.text)) == 1, path
