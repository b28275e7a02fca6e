"""Comments and ratings: held, shown in the official's words, answered, made tasks; what is withdrawn says so."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from nhip.db.installation import Installation
from nhip.portal.people import remarks, store
from nhip.portal.people.errors import RemarkNotFound, RemarkNotShown
from nhip.portal.people.model import Remark
from nhip.portal.search import Wanted, search
from nhip.portal.service import get_entry, withdraw
from tests.portal.people.conftest import Client, open_dataset

PAGE = "/dataset/tram-xe-buyt/comments"
SAID = {"kind": "fault", "text": "Trạm T02 sai toạ độ. Tôi là An, 0905 123 456.", "name": "An"}


async def _said(stranger: Client, city: Installation, **more: str) -> Remark:
    answer = await stranger.post(PAGE, data={**SAID, **more}, follow_redirects=False)
    assert answer.status_code == 303, answer.text[:2000]
    async with city.db.read() as tx:
        found, _total = await store.list_remarks(tx, ["held"], size=1)
    return found[0]


async def test_a_comment_is_held_then_shown_in_the_words_of_the_official_then_answered(
    stranger: Client, city: Installation
) -> None:
    remark = await _said(stranger, city)
    assert "sai toạ độ" not in (await stranger.get(PAGE)).text
    async with city.db.tx() as tx:
        with pytest.raises(RemarkNotShown):
            await remarks.answer(tx, remark, "Cảm ơn")
    async with city.db.tx() as tx:
        await remarks.show(tx, remark, "Trạm T02 sai toạ độ.")
    text = (await stranger.get(PAGE)).text
    assert "Trạm T02 sai toạ độ." in text and "0905 123" not in text and "not answered yet" in text
    async with city.db.tx() as tx:
        shown = await remarks.get_remark(tx, remark.id)
        await remarks.answer(tx, shown, "Đã sửa trong bản kế tiếp")
        await remarks.make_task(tx, shown, "Sửa toạ độ T02", 2)
    text = (await stranger.get(PAGE)).text
    assert "Đã sửa trong bản kế tiếp" in text and "Department of Construction" in text and "is mending it" in text
    assert "Sửa toạ độ T02" not in text, "the task is for the agency"
    async with city.db.tx() as tx:
        await remarks.end_task(tx, shown)
    assert "mended" in (await stranger.get(PAGE)).text
    async with city.db.tx() as tx:
        await remarks.drop(tx, shown, "Người viết xin gỡ")
    assert "Trạm T02" not in (await stranger.get(PAGE)).text


async def test_what_waits_is_found_by_what_is_due(stranger: Client, city: Installation) -> None:
    remark = await _said(stranger, city, kind="question")
    async with city.db.read() as tx:
        waiting, _total = await store.list_remarks(tx, ["held", "shown"], waiting=True)
        nothing, none = await store.list_remarks(tx, ["held"], within=frozenset({uuid.uuid4()}))
        assert await store.find_remark(tx, uuid.uuid4()) is None
        with pytest.raises(RemarkNotFound):
            await remarks.get_remark(tx, uuid.uuid4())
    assert remark.id in [one.id for one in waiting] and not nothing and none == 0


async def test_bad_input_is_said(stranger: Client) -> None:
    for wrong in ({"kind": "lời khen"}, {"text": " "}, {"email": "x"}, {"kind": ""}):
        answer = await stranger.post(PAGE, data={**SAID, **wrong})
        assert answer.status_code == 422 and "summary" in answer.text, wrong
    assert (await stranger.post("/dataset/khong-co/comments", data=SAID)).status_code == 404
    assert (await stranger.get("/dataset/khong-co/comments")).status_code == 404
    assert (await stranger.post("/dataset/tram-xe-buyt/rating", data={"stars": "9"})).status_code == 422
    assert (await stranger.post("/dataset/khong-co/rating", data={"stars": "3"})).status_code == 404


async def test_a_rating_is_one_a_browser_may_change_and_orders_nothing(
    stranger: Client, city: Installation, tmp_path: Path
) -> None:
    await open_dataset(city, "tram-xe-2", "Trạm xe hai", tmp_path)
    async with city.db.read() as tx:
        before = [e.name for e in (await search(tx, Wanted(q="trạm xe"))).entries]
    for stars in ("1", "4"):
        answer = await stranger.post(f"/dataset/{before[-1]}/rating", data={"stars": stars}, follow_redirects=False)
        assert answer.status_code == 303
    page = (await stranger.get(f"/dataset/{before[-1]}/comments")).text
    assert "1 reader gave them 4 of 5." in " ".join(page.split()) and 'value="4" checked' in page
    async with city.db.read() as tx:
        assert [e.name for e in (await search(tx, Wanted(q="trạm xe"))).entries] == before
        rating = await store.find_rating(tx, (await get_entry(tx, before[-1])).dataset_id)
    assert (rating.readers, rating.mean) == (1, 4.0)


async def test_a_withdrawn_dataset_has_no_comments(stranger: Client, city: Installation, tmp_path: Path) -> None:
    dataset = await open_dataset(city, "da-rut", "Đã rút", tmp_path)
    async with city.db.tx() as tx:
        await withdraw(tx, dataset, "Trùng lặp")
    answer = await stranger.get("/dataset/da-rut/comments")
    assert answer.status_code == 410 and "Trùng lặp" in answer.text
    assert (await stranger.post("/dataset/da-rut/comments", data=SAID)).status_code == 410


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_the_page_stands_in_both_languages(stranger: Client, lang: str) -> None:
    answer = await stranger.get(PAGE, headers={"Accept-Language": lang})
    assert answer.status_code == 200 and f'<html lang="{lang}"' in answer.text and answer.text.count("<h1>") == 1
