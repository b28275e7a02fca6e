"""Publishing as officials do it: propose with a look before, four eyes, give back, withdraw, recall with who took it."""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator
from html import unescape

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.datasets.records import Dataset
from nhip.db.installation import Installation
from nhip.kernel.actor import Actor, act_as
from nhip.portal import store
from nhip.portal.errors import NothingWaits, SameEyes
from nhip.portal.examining import examine_again
from nhip.portal.gate.findings import BLOCKS
from nhip.portal.model import Act, GateReport, Shaping, Suspicion
from nhip.portal.service import propose, publish, turn_down
from nhip.testing.sector import signed_in_client
from tests.e2e import sample
from tests.portal.conftest import WORDS, people, stops

Client = AsyncTestClient[Litestar]
HOME = "/console/publishing"
STOPS = f"{HOME}/tram-xe-buyt"
SAID = {
    "licence": "cc-by-4.0",
    "basis": "Quyết định 12/QĐ-UBND",
    "contact": "sxd@hue.example",
    "keywords": "xe buýt, giao thông",
    "cadence": "MONTHLY",
}
COLLEAGUE = Actor(party=uuid.UUID(int=99), name="Lê Thị Hoa")
__all__ = ["people", "stops"]


@pytest.fixture
async def official(installation: Installation) -> AsyncIterator[Client]:
    """A steward at a browser: may propose and decide."""
    async with signed_in_client(installation) as client:
        await sample.give_every_page(installation)
        client.headers.update({"Accept": "text/html"})
        yield client


def _filled(page: str) -> dict[str, str]:
    """What a browser would send back of the columns."""
    found = dict(re.findall(r'name="(col-\d+)" value="([^"]*)"', page))
    for name, inside in re.findall(r'<select[^>]*name="(act-\d+)"[^>]*>(.*?)</select>', page, re.S):
        found[name] = re.findall(r'value="(\w+)" selected', inside)[0]
    return found


async def _form(client: Client, name: str) -> dict[str, str]:
    answer = await client.get(f"{HOME}/{name}/propose")
    assert answer.status_code == 200, answer.text[:2000]
    return {**_filled(answer.text), **SAID}


def _place(form: dict[str, str], column: str) -> str:
    return next(
        name.removeprefix("col-") for name, value in form.items() if name.startswith("col-") and value == column
    )


async def _by_a_colleague(installation: Installation, dataset: Dataset) -> None:
    with act_as(COLLEAGUE):
        await propose(installation, dataset, treatment={}, **WORDS)


async def test_what_would_be_open_is_shown_before_it_is_proposed(
    installation: Installation, stops: Dataset, official: Client
) -> None:
    assert "tram-xe-buyt" in (await official.get(HOME)).text
    form = await _form(official, "tram-xe-buyt")
    place = _place(form, "mo_cua")
    form |= {f"act-{place}": "year", "do": "look"}
    answer = await official.post(f"{STOPS}/propose", data=form)
    assert answer.status_code == 200, answer.text[:2000]
    assert ">2019 · 2020 · 2021<" in answer.text, "as it would be open"
    assert ">2019-05-01 · 2020-01-15 · 2021-09-05<" in answer.text, "as it was"
    async with installation.db.read() as tx:
        assert await store.find_proposal(tx, stops.id) is None, "looking proposes nothing"
    answer = await official.post(f"{STOPS}/propose", data={**form, "do": "propose"}, follow_redirects=False)
    assert answer.status_code == 303, answer.text[:2000]
    async with installation.db.read() as tx:
        assert await store.find_publication(tx, stops.id) is None, "proposing opens nothing"
        made = await store.find_proposal(tx, stops.id)
    assert made is not None and made.treatment["mo_cua"] == Act("year") and made.keywords == ["xe buýt", "giao thông"]


async def test_what_is_missing_is_said_beside_the_field(stops: Dataset, official: Client) -> None:
    form = await _form(official, "tram-xe-buyt")
    answer = await official.post(f"{STOPS}/propose", data={**form, "basis": "", "contact": "không", "do": "propose"})
    assert answer.status_code == 422
    assert 'id="e-basis"' in answer.text and 'id="e-contact"' in answer.text
    place = _place(form, "vi_do")
    answer = await official.post(f"{STOPS}/propose", data={**form, f"act-{place}": "round", f"to-{place}": "0"})
    assert answer.status_code == 422 and f'id="e-to-{place}"' in answer.text
    answer = await official.post(f"{STOPS}/propose", data={**form, f"act-{place}": "year"})
    assert answer.status_code == 422, "a year of a latitude is not on the list"


async def test_names_of_people_are_neither_proposed_nor_shown(
    installation: Installation, people: Dataset, official: Client
) -> None:
    form = await _form(official, "nguoi-khuyet-tat")
    place = _place(form, "ho_ten")
    assert form[f"act-{place}"] == "drop"
    for act, to in (("keep", ""), ("prefix", "3"), ("prefix", "100")):
        sent = {**form, f"act-{place}": act, f"to-{place}": to, "do": "look"}
        answer = await official.post(f"{HOME}/nguoi-khuyet-tat/propose", data=sent)
        assert answer.status_code == 200, answer.text[:2000]
        shown = unescape(answer.text)
        assert "Nguyễn Văn" not in shown and "Trần" not in shown
        assert "••• · •••" in shown, "there are cells, but they are not shown"
    sent = {**form, f"act-{place}": "prefix", f"to-{place}": "100", "do": "propose"}
    assert (await official.post(f"{HOME}/nguoi-khuyet-tat/propose", data=sent)).status_code == 422
    async with installation.db.read() as tx:
        assert await store.find_proposal(tx, people.id) is None


async def test_whoever_proposed_does_not_decide(installation: Installation, stops: Dataset, official: Client) -> None:
    form = await _form(official, "tram-xe-buyt")
    await official.post(f"{STOPS}/propose", data={**form, "do": "propose"})
    assert f'action="{STOPS}/decide"' not in (await official.get(STOPS)).text
    answer = await official.post(f"{STOPS}/decide", data={"do": "publish"})
    assert answer.status_code == 422
    async with installation.db.read() as tx:
        assert await store.find_entry(tx, "tram-xe-buyt") is None
    with act_as(COLLEAGUE):
        await publish(installation, stops)
        await propose(installation, stops, treatment={}, **WORDS)
        with pytest.raises(SameEyes):
            await publish(installation, stops)


async def test_a_colleagues_proposal_is_decided_withdrawn_and_tells_why(
    installation: Installation, stops: Dataset, official: Client
) -> None:
    await _by_a_colleague(installation, stops)
    assert f'action="{STOPS}/decide"' in (await official.get(STOPS)).text
    answer = await official.post(f"{STOPS}/decide", data={"do": "publish", "note": "Đồng ý"}, follow_redirects=False)
    assert answer.status_code == 303, answer.text[:2000]
    assert (await official.get("/dataset/tram-xe-buyt")).status_code == 200
    assert (await official.post(f"{STOPS}/decide", data={"do": "publish"})).status_code == 409, "decided once"
    assert (await official.post(f"{STOPS}/withdraw", data={"reason": " "})).status_code == 422
    answer = await official.post(f"{STOPS}/withdraw", data={"reason": "Trùng với bộ khác"}, follow_redirects=False)
    assert answer.status_code == 303
    told = await official.get("/dataset/tram-xe-buyt")
    assert told.status_code == 410 and "Trùng với bộ khác" in unescape(told.text)
    assert "Đồng ý" in unescape((await official.get(STOPS)).text), "the history keeps every decision"
    with pytest.raises(NothingWaits):
        await publish(installation, stops)


async def test_a_proposal_is_given_back_with_a_reason(
    installation: Installation, stops: Dataset, official: Client
) -> None:
    await _by_a_colleague(installation, stops)
    assert (await official.post(f"{STOPS}/decide", data={"do": "return"})).status_code == 422
    answer = await official.post(
        f"{STOPS}/decide", data={"do": "return", "note": "Thiếu căn cứ"}, follow_redirects=False
    )
    assert answer.status_code == 303
    assert "Thiếu căn cứ" in unescape((await official.get(STOPS)).text)
    async with installation.db.tx() as tx:
        with pytest.raises(NothingWaits):
            await turn_down(tx, stops, "lại")
    with pytest.raises(NothingWaits):
        await publish(installation, stops)


async def test_a_release_is_recalled_and_whoever_took_it_is_named(
    installation: Installation, stops: Dataset, official: Client
) -> None:
    await _by_a_colleague(installation, stops)
    await publish(installation, stops)
    async with installation.db.tx() as tx:
        (release,) = await store.list_releases(tx, stops.id)
        with act_as(Actor(name="ai đó", address="192.0.2.7")):
            await store.insert_download(tx, release, "csv", "curl/8.5")
    page = f"{STOPS}/releases/{release.no}"
    answer = await official.get(page)
    assert answer.status_code == 200, answer.text[:2000]
    assert "192.0.2.7" in answer.text and "curl/8.5" in answer.text
    assert (await official.post(f"{page}/recall", data={})).status_code == 422
    answer = await official.post(f"{page}/recall", data={"reason": "Sai toạ độ"}, follow_redirects=False)
    assert answer.status_code == 303
    assert "Sai toạ độ" in unescape((await official.get(page)).text)
    async with installation.db.read() as tx:
        assert await store.find_entry(tx, "tram-xe-buyt") is None
    for no in ("7", "99999999999"):
        assert (await official.get(f"{STOPS}/releases/{no}")).status_code == 404


async def test_pages_of_what_is_not_there_and_the_policy(stops: Dataset, official: Client) -> None:
    for lang in ("vi", "en"):
        assert (await official.get(f"{STOPS}?lang={lang}")).status_code == 200
    for path in ("khong-co", "khong-co/propose", "khong-co/releases/1"):
        answer = await official.get(f"{HOME}/{path}")
        assert answer.status_code == 404 and "nhip dataset" not in answer.text, "no commands on a page"
    assert (await official.post(f"{HOME}/khong-co/decide", data={"do": "publish"})).status_code == 404
    assert (await official.post(f"{STOPS}/decide", data={"do": "publish"})).status_code == 409
    form = await _form(official, "tram-xe-buyt")
    place = _place(form, "vi_do")
    answer = await official.post(f"{STOPS}/propose", data={**form, f"measure-{place}": "sum", "do": "look"})
    assert answer.status_code == 422 and 'id="e-fewest"' in answer.text, "totals need something to count by"
    policy = unescape((await official.get(f"{HOME}/policy?lang=en")).text)
    for word in ("nhip-2026-01", "47/2020/NĐ-CP", "Citizen numbers", "in force"):
        assert word in policy


async def test_people_are_counted_in_place_of_listed(
    installation: Installation, people: Dataset, official: Client
) -> None:
    form = await _form(official, "nguoi-khuyet-tat")
    ward, birth, code = (_place(form, name) for name in ("phuong", "nam_sinh", "ma"))
    answer = await official.post(f"{HOME}/nguoi-khuyet-tat/propose", data={**form, "do": "look"})
    assert "nam_sinh + phuong" in answer.text, "the group that is too small"
    form |= {
        f"act-{code}": "drop",
        f"act-{birth}": "band",
        f"to-{birth}": "50",
        f"by-{ward}": "on",
        f"by-{birth}": "on",
    }
    form |= {"fewest": "2", "do": "propose"}
    answer = await official.post(f"{HOME}/nguoi-khuyet-tat/propose", data=form, follow_redirects=False)
    assert answer.status_code == 303, unescape(answer.text)[:3000]
    async with installation.db.read() as tx:
        made = await store.find_proposal(tx, people.id)
    assert made is not None and made.shaping == Shaping(by=["nam_sinh", "phuong"], fewest=2)
    again = await official.get(f"{HOME}/nguoi-khuyet-tat/propose")
    assert re.search(rf'name="by-{ward}" checked', again.text) and re.search(r'name="fewest"[^>]*value="2"', again.text)


async def test_a_decision_is_about_what_was_looked_at(
    installation: Installation, stops: Dataset, official: Client
) -> None:
    await _by_a_colleague(installation, stops)
    seen = re.findall(r'name="proposal" value="([^"]+)"', (await official.get(STOPS)).text)
    await _by_a_colleague(installation, stops)
    answer = await official.post(f"{STOPS}/decide", data={"do": "publish", "proposal": seen[0]})
    assert answer.status_code == 422
    async with installation.db.read() as tx:
        assert await store.find_entry(tx, "tram-xe-buyt") is None


async def test_what_is_due_is_marked_until_somebody_looked(
    installation: Installation, stops: Dataset, official: Client
) -> None:
    await _by_a_colleague(installation, stops)
    await publish(installation, stops)
    assert "to be renewed" not in unescape((await official.get(f"{HOME}?lang=en")).text)
    async with installation.db.tx() as tx:
        await tx.execute("update portal.decision set at = at - interval '200 days'")
        await tx.execute("update portal.release set as_of = as_of - interval '200 days'")
    due = unescape((await official.get(f"{HOME}?lang=en")).text)
    assert "to be looked through" in due and "to be renewed" in due
    assert (await official.post(f"{STOPS}/review", data={"said": "Đã xem"}, follow_redirects=False)).status_code == 303
    due = unescape((await official.get(f"{HOME}?lang=en")).text)
    assert "to be looked through" not in due and "to be renewed" in due
    assert "Đã xem" in unescape((await official.get(STOPS)).text)


async def test_whoever_took_a_release_is_listed_to_take_along(
    installation: Installation, stops: Dataset, official: Client
) -> None:
    await _by_a_colleague(installation, stops)
    release = await publish(installation, stops)
    async with installation.db.tx() as tx:
        with act_as(Actor(name="ai đó", address="192.0.2.7")):
            await store.insert_download(tx, release, "csv", "=cmd|'/c calc'!A1")
    answer = await official.get(f"{STOPS}/releases/1/takers.csv")
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert (
        lines[0] == "when,who,address,program,format,times"
        and "192.0.2.7" in lines[1]
        and ",'=cmd" in lines[1].replace('"', "")
    )
    assert (await official.get(f"{STOPS}/releases/9/takers.csv")).status_code == 404
    await official.post(f"{STOPS}/releases/1/recall", data={"reason": "Sai toạ độ."})
    shown = unescape((await official.get(f"{STOPS}/releases/1?lang=en")).text)
    assert "recalled: Sai toạ độ. Please delete" in shown and "bytes were deleted" in shown
    assert not installation.objects.has(release.object)


async def test_what_is_found_in_what_is_open_is_decided_on_at_the_desk(
    installation: Installation, stops: Dataset, official: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _by_a_colleague(installation, stops)
    await publish(installation, stops)
    assert "tram-xe-buyt" not in (await official.get(f"{HOME}/doubts")).text
    found = GateReport(
        open=False, blocks=[BLOCKS["found"]], suspicions=[Suspicion(column="ten", what="phone", cells=3)]
    )
    monkeypatch.setattr("nhip.portal.examining.examine", lambda *_given: found)
    monkeypatch.setattr("nhip.portal.examining.gate_mark", lambda: "another gate")
    await examine_again(installation)
    assert f"{HOME}/doubts" in (await official.get(HOME)).text
    release = f"{STOPS}/releases/1"
    listed = (await official.get(f"{HOME}/doubts", params={"lang": "en"})).text
    assert release in listed and "ten: Mobile phone numbers" in listed
    shown = (await official.get(release, params={"lang": "en"})).text
    assert f"{release}/keep" in shown and "The gate of today would not let it out" in shown
    assert ">The gate is closed<" not in shown
    seen = {"seen": shown.split('name="seen" value="')[1].split('"')[0]}
    assert (await official.post(f"{release}/keep", data={**seen, "why": " "})).status_code == 422
    monkeypatch.setattr("nhip.portal.examining.gate_mark", lambda: "a third gate")
    await examine_again(installation)
    answer = await official.post(f"{release}/keep", data={**seen, "why": "Số của nhà xe"}, params={"lang": "en"})
    assert answer.status_code == 422 and "was examined again while you looked" in answer.text
    assert "Số của nhà xe</textarea>" in unescape(answer.text), "what was typed stays"
    seen = {"seen": answer.text.split('name="seen" value="')[1].split('"')[0]}
    answer = await official.post(f"{release}/keep", data={**seen, "why": "Số của nhà xe"})
    assert answer.status_code == 200 and "Số của nhà xe" in answer.text and f"{release}/keep" not in answer.text
    assert release not in (await official.get(f"{HOME}/doubts")).text
    assert "Số của nhà xe" in (await official.get(STOPS)).text
