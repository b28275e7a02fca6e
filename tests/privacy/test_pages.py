"""The pages and the API over the whole application: who may, what is shown, what is recorded, in both languages."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.app import create_app
from nhip.db.installation import Installation
from nhip.kernel.time import now
from nhip.security.parties.service import make_account, make_party
from nhip.security.parties.store import find_by_code
from nhip.security.permissions.model import Role
from nhip.security.permissions.service import give_role, put_role
from nhip.security.service import begin_session
from nhip.security.sessions import cookie_name
from nhip.security.store import NewSession
from tests.privacy import city

AGENT = "nhip tests"
PRIVACY = "/console/privacy"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8ffff3f0005fe02fea73581e40000000049454e44ae426082"
)


class World:
    """The application with people in it, and a session for each."""

    def __init__(self, client: AsyncTestClient[Litestar], installation: Installation, cookies: dict[str, str]) -> None:
        self.client, self.installation, self.cookies = client, installation, cookies

    async def get(self, who: str, path: str, **headers: str):
        return await self.client.get(path, headers=self._headers(who) | headers, follow_redirects=False)

    async def post(self, who: str, path: str, files=None, **form: str | list[str]):
        body = {"files": files, "data": form} if files else {"content": urlencode(form, doseq=True)}
        kind = {} if files else {"content-type": "application/x-www-form-urlencoded"}
        return await self.client.post(path, headers=self._headers(who) | kind, follow_redirects=False, **body)

    def _headers(self, who: str) -> dict[str, str]:
        cookie = {"cookie": f"{cookie_name(self.installation.settings)}={self.cookies[who]}"} if who else {}
        return {"user-agent": AGENT, "sec-fetch-site": "same-origin", "accept": "text/html", **cookie}


@pytest.fixture
async def world(installation: Installation) -> AsyncIterator[World]:
    await city.make(installation)
    await city.deliver(installation, city.FIRST)
    await city.deliver(installation, "ma,ho_ten\nD1,Nguyễn Thị Lan\n", "danh-ba")
    async with AsyncTestClient(create_app(installation.settings), base_url="http://testserver.local") as client:
        yield World(client, installation, await people(installation))


async def people(installation: Installation) -> dict[str, str]:
    """Sessions of a protection officer, an officer of the police, two citizens with numbers, one without, a portal."""
    subjects = {"lan": city.LAN, "minh": city.MINH}
    roles = {
        "officer": "privacy_officer",
        "agency": "agency_officer",
        "portal": "portal_of_usage",
        "admin": "administrator",
    }
    cookies = {}
    async with installation.db.tx() as tx:
        police = await find_by_code(tx, city.POLICE)
        assert police is not None
        await put_role(tx, Role(name="portal_of_usage", title="Cổng", permissions=frozenset({"usage.read"})))
        for name in ("admin", "officer", "agency", "portal", "lan", "minh", "nobody"):
            who = city.subject(installation, subjects[name]) if name in subjects else None
            party = await make_party(tx, "person", f"Người {name}", subject=who)
            if name in roles:
                where = police.id if name == "agency" else None
                await give_role(tx, party.id, roles[name], organisation_id=where)
            account = await make_account(tx, party, name, None)
            session = NewSession(method="passkey", level=3, ends_at=now() + timedelta(hours=1), agent=AGENT)
            cookies[name] = await begin_session(tx, account, session)
    return cookies


def register_form(**more: str | list[str]) -> dict[str, str | list[str]]:
    form: dict[str, str | list[str]] = {
        "name": "nhac-lich", "title": "Nhắc lịch", "purpose": "Nhắn tin nhắc hạn", "basis": ["consent"],
        "article-consent": "Điều 9", "controller": city.AGENCY, "data_categories": "Số điện thoại\nHọ tên",
        "recipients": "Bộ Y tế", "datasets": ["hanh-nghe"], "retention_months": "24",
        "assessed_on-day": "1", "assessed_on-month": "9", "assessed_on-year": "2026",
    }  # fmt: skip
    return form | more


async def seen(world: World, who: str, path: str, status: int = 200) -> str:
    """The text of a page in both languages: nothing is left untranslated in places."""
    english = await world.get(who, path + ("&" if "?" in path else "?") + "lang=en")
    answer = await world.get(who, path + ("&" if "?" in path else "?") + "lang=vi")
    assert (answer.status_code, english.status_code) == (status, status), (path, answer.text[-1500:])
    for text in (answer.text, english.text):
        assert not re.search(r">[^<]*\{[a-z_]+\}[^<]*<", text), path
    return answer.text


async def test_the_register_is_kept_in_the_console(world: World) -> None:
    assert "hanh-nghe" in await seen(world, "officer", f"{PRIVACY}/processings"), "a gap"
    assert (await world.post("officer", f"{PRIVACY}/processings/new", **register_form(purpose=""))).status_code == 422
    made = await world.post("officer", f"{PRIVACY}/processings/new", **register_form())
    assert made.status_code == 303, made.text[-2000:]
    page = await seen(world, "officer", f"{PRIVACY}/processings/nhac-lich")
    assert "Nhắn tin nhắc hạn" in page and "Bộ Y tế" in page and "Điều 9" in page
    changed = register_form(recipients="Bộ Y tế\nBảo hiểm xã hội", why="Bổ sung")
    assert (await world.post("officer", f"{PRIVACY}/processings/nhac-lich/edit", **changed)).status_code == 303
    assert "Bảo hiểm xã hội" in await seen(world, "officer", f"{PRIVACY}/processings/nhac-lich")
    filled = await seen(world, "officer", f"{PRIVACY}/processings/nhac-lich/edit")
    assert 'value="Nhắc lịch"' in filled and re.search(r'name="basis" value="consent" checked', filled)
    assert "Nhắc lịch" in await seen(world, "officer", f"{PRIVACY}/processings/print")
    told = (await world.get("officer", f"{PRIVACY}/processings.json")).json()
    assert [(p["name"], p["no"], p["review_on"]) for p in told] == [("nhac-lich", 2, "2027-03-01")]
    text = (await world.get("officer", f"{PRIVACY}/processings.csv")).text
    assert len(text.strip().splitlines()) == 2 and "Bộ Y tế; Bảo hiểm xã hội" in text
    assert (await world.post("officer", f"{PRIVACY}/processings/nhac-lich/end", why="Thôi")).status_code == 303
    assert "Nhắc lịch" in await seen(world, "officer", f"{PRIVACY}/processings?ended=true")
    await seen(world, "officer", f"{PRIVACY}/processings/nothing", 404)


async def test_a_consent_is_given_and_taken_back_at_the_desk(world: World) -> None:
    await city.register(world.installation)
    await seen(world, "officer", f"{PRIVACY}/consents")
    assert (await world.post("officer", f"{PRIVACY}/consents/person", number="123")).status_code == 422
    page = (await world.post("officer", f"{PRIVACY}/consents/person", number="046 190 000014")).text
    assert city.LAN not in page and "046 190 000014" not in page, "the number comes back nowhere"
    assert "checked" not in page.split("<main")[1], "nothing is agreed to by default"
    form = {"subject": hidden(page, "subject"), "shown": hidden(page, "shown"), "processing": "nhac-lich"}
    assert (await world.post("officer", f"{PRIVACY}/consents/give", **form, types=["Họ tên"])).status_code == 422
    refused = await world.post("officer", f"{PRIVACY}/consents/give", **form, channel="paper", types=["Họ tên"])
    assert refused.status_code == 422, "a paper must say where it lies"
    page = (await world.post("officer", f"{PRIVACY}/consents/give", **form, channel="desk", types=["Họ tên"])).text
    given = re.search(r"/consents/([0-9a-f-]{36})/withdraw", page)
    assert given
    page = (await world.post("officer", f"{PRIVACY}/consents/{given[1]}/withdraw", subject=form["subject"])).text
    assert f'action="/console/privacy/consents/{given[1]}/withdraw"' not in page
    again = await world.get("officer", f"{PRIVACY}/consents/{given[1]}/withdraw")
    assert again.headers["location"] == f"{PRIVACY}/consents", "another language, or a reload, begins at the desk"
    desk = await seen(world, "officer", f"{PRIVACY}/consents")
    notice = re.search(r"/consents/notices/([0-9a-f-]{36})/told", desk)
    assert "Bộ Y tế" in desk and notice
    assert (await world.post("officer", f"{PRIVACY}/consents/notices/{notice[1]}/told")).status_code == 303


async def test_an_agency_s_officer_reaches_only_its_own_consents(world: World) -> None:
    await city.register(world.installation)
    page = await world.post("agency", f"{PRIVACY}/consents/person", number=city.LAN)
    assert page.status_code == 200 and "Nhắc lịch" not in page.text
    form = {"subject": city.subject(world.installation, city.LAN).hex(), "processing": "nhac-lich", "shown": "00"}
    await world.post("agency", f"{PRIVACY}/consents/give", **form, channel="desk", types=["Họ tên"])
    assert "consent.given" not in await city.kinds(world.installation, "consent.")


async def test_a_citizen_agrees_and_takes_back_on_their_own_page(world: World) -> None:
    await city.register(world.installation)
    page = await seen(world, "lan", "/account/consents")
    assert "checked" not in page.split("<main")[1]
    form = {"processing": "nhac-lich", "shown": hidden(page, "shown")}
    assert (await world.post("lan", "/account/consents", **form)).status_code == 422, "nothing was chosen"
    assert (await world.post("lan", "/account/consents", **form, types=["Họ tên"])).status_code == 303
    given = re.search(r"/consents/([0-9a-f-]{36})/withdraw", await seen(world, "lan", "/account/consents"))
    assert given
    assert (await world.post("minh", f"/account/consents/{given[1]}/withdraw")).status_code == 404
    assert (await world.post("lan", f"/account/consents/{given[1]}/withdraw")).status_code == 303
    assert "VNeID" in await seen(world, "nobody", "/account/consents")


async def test_a_request_from_the_citizen_to_the_answer(world: World) -> None:
    await seen(world, "lan", "/account/requests")
    assert (await world.post("lan", "/account/requests", wanted="x")).status_code == 422
    asked = await world.post("lan", "/account/requests", kind="copy", wanted="Bản sao", contact="0900")
    no = asked.headers["location"].rsplit("/", 1)[1]
    assert "Bản sao" in await seen(world, "lan", f"/account/requests/{no}")
    await seen(world, "minh", f"/account/requests/{no}", 404)
    assert no in await seen(world, "officer", f"{PRIVACY}/requests")
    page = await seen(world, "officer", f"{PRIVACY}/requests/{no}")
    assert "Bản sao" in page and city.LAN not in page
    await seen(world, "officer", f"{PRIVACY}/requests/{no}/receipt")
    data = await world.post("officer", f"{PRIVACY}/requests/{no}/data")
    assert data.status_code == 200 and "Nguyễn Thị Lan" in data.text and "Danh bạ" in data.text
    assert "/console/datasets/hanh-nghe/rows/" in data.text, "the way to the mending page"
    copy = (await world.post("officer", f"{PRIVACY}/requests/{no}/data.json")).json()
    assert copy["datasets"][0]["rows"][0]["ho_ten"] == "Nguyễn Thị Lan"
    assert city.LAN in (await world.post("officer", f"{PRIVACY}/requests/{no}/data.csv")).text
    for step, form in (
        ("confirm", {"told": "Đã nhận, sẽ trả lời tuần này"}),
        ("note", {"note": "đã xem căn cước", "kind": "identity"}),
        ("close", {"state": "done", "told": "Đã gửi bản sao"}),
    ):
        done = await world.post("officer", f"{PRIVACY}/requests/{no}/{step}", **form)
        assert done.status_code == 303, (step, done.text[-1500:])
    mine = await seen(world, "lan", f"/account/requests/{no}")
    assert "Đã gửi bản sao" in mine and "đã xem căn cước" not in mine, "notes of the desk stay at the desk"
    assert no in await seen(world, "officer", f"{PRIVACY}/requests?closed=true")
    assert (await world.post("officer", f"{PRIVACY}/requests/{no}/close", state="done", told="x")).status_code == 422
    used = await seen(world, "lan", "/account/usage")
    assert "Người hành nghề" in used and no in used and "Người officer" not in used


async def test_a_request_at_the_desk_with_a_paper(world: World) -> None:
    await seen(world, "officer", f"{PRIVACY}/requests/new")
    form = {"kind": "correct", "channel": "paper", "name": "Trần Văn Minh", "contact": "12 Lê Lợi", "number": city.MINH}
    wrong = await world.post("officer", f"{PRIVACY}/requests/new", **(form | {"number": "12"}))
    assert wrong.status_code == 422 and 'value="12"' not in wrong.text
    asked = await world.post("officer", f"{PRIVACY}/requests/new", **form)
    no = asked.headers["location"].rsplit("/", 1)[1]
    path = f"{PRIVACY}/requests/{no}"
    lying = {"paper": ("don.pdf", b"MZ\x90\x00" + b"\0" * 100, "application/pdf")}
    assert (await world.post("officer", f"{path}/papers", files=lying)).status_code == 422
    good = {"paper": ("don.png", PNG, "image/png")}
    added = await world.post("officer", f"{path}/papers", files=good)
    assert added.status_code == 303, added.text[-1500:]
    paper = re.search(rf"{path}/papers/([0-9a-f-]{{36}})", await seen(world, "officer", path))
    assert paper
    got = await world.get("officer", f"{path}/papers/{paper[1]}")
    assert got.status_code == 200 and got.headers["content-disposition"].startswith("attachment")
    assert (await world.get("minh", f"/account/requests/{no}/papers/{paper[1]}")).status_code == 200, (
        "filed under his number"
    )
    assert (await world.get("lan", f"/account/requests/{no}/papers/{paper[1]}")).status_code == 404
    refused = await world.post(
        "officer", f"{path}/extend", told="kho xa", **{"until-day": "1", "until-month": "1", "until-year": "2035"}
    )
    assert refused.status_code == 422


async def test_a_breach_from_finding_to_closing(world: World) -> None:
    await seen(world, "officer", f"{PRIVACY}/breaches/new")
    day = now() - timedelta(days=1)
    since = {
        "since-day": str(day.day),
        "since-month": str(day.month),
        "since-year": str(day.year),
        "since-time": "0:05",
    }
    form = {"title": "Mất máy", "what": "Máy bị mất", "datasets": ["hanh-nghe"], "organisation": city.AGENCY, **since}
    wrong = await world.post("officer", f"{PRIVACY}/breaches/new", **(form | {"since-time": "25:00"}))
    assert wrong.status_code == 422
    made = await world.post("officer", f"{PRIVACY}/breaches/new", **form)
    assert made.status_code == 303, made.text[-1500:]
    path = made.headers["location"]
    assert path.rsplit("/", 1)[1] in await seen(world, "officer", f"{PRIVACY}/breaches")
    assert "Người hành nghề" in await seen(world, "officer", path)
    assert "Sở Y tế" in await seen(world, "officer", f"{path}/form")
    assert "72" not in (await world.get("officer", f"{path}/form.txt")).text
    assert (await world.post("officer", f"{path}/affected.csv")).text.count("\n") == 3
    assert "Mất máy" in await seen(world, "officer", f"{path}/edit")
    edit = await world.post("officer", f"{path}/edit", **(form | {"measures": "Khóa tài khoản", "why": "mới"}))
    assert edit.status_code == 303
    for step, more in (("notify", {}), ("inform", {"how": "Thư"}), ("close", {"why": "Xong"})):
        assert (await world.post("officer", f"{path}/{step}", **more)).status_code == 303, step
    assert "Khóa tài khoản" in await seen(world, "officer", path)
    used = await seen(world, "lan", "/account/usage")
    assert "VP-" in used, "the list of people that was handed out is told to them"


async def test_retention_is_set_and_shown(world: World) -> None:
    await seen(world, "officer", f"{PRIVACY}/retention")
    bad = await world.post("officer", f"{PRIVACY}/retention", dataset="hanh-nghe", months="x", ground="QĐ")
    assert bad.status_code == 422
    await city.deliver(world.installation, city.SECOND)
    good = await world.post("officer", f"{PRIVACY}/retention", dataset="hanh-nghe", months="0", ground="QĐ 12")
    assert good.status_code == 303
    assert "QĐ 12" in await seen(world, "officer", f"{PRIVACY}/retention")
    assert (await world.post("officer", f"{PRIVACY}/retention/purge")).status_code == 303
    page = await seen(world, "officer", f"{PRIVACY}/retention")
    proof = re.search(r"/retention/deletions/[0-9a-f-]{36}", page)
    assert proof
    await seen(world, "officer", f"/console/privacy{proof[0]}")
    gone = await world.get("admin", "/console/datasets/hanh-nghe/versions/1?since=2&lang=vi")
    assert gone.status_code == 410, "a reader of a deleted version is told so"


async def test_delayed_telling_in_the_console(world: World) -> None:
    await seen(world, "officer", f"{PRIVACY}/withholdings")
    later = now() + timedelta(days=30)
    day = {"release-day": str(later.day), "release-month": str(later.month), "release-year": str(later.year)}
    form = {"organisation": city.POLICE, "ground": "BLTTHS", "document": "12/QĐ", **day}
    assert (await world.post("officer", f"{PRIVACY}/withholdings", **(form | {"ground": ""}))).status_code == 422
    assert (await world.post("officer", f"{PRIVACY}/withholdings", **form)).status_code == 303
    assert "12/QĐ" in await seen(world, "officer", f"{PRIVACY}/withholdings")


async def test_the_desk_counts(world: World) -> None:
    page = await seen(world, "officer", PRIVACY)
    assert "72 giờ" in page or "72" in page


API = "/api/usage/v2"


async def test_estonia_s_contract(world: World) -> None:
    installation = world.installation
    await world.post("officer", f"{PRIVACY}/consents/person", number=city.LAN)
    own = await world.get("lan", f"{API}/findUsage?userCode={city.LAN}", accept="application/json")
    assert own.status_code == 200, own.text
    body = own.json()
    assert body["totalUsages"] == 1 and set(body["usages"][0]) == {
        "logtime", "action", "receiverCode", "receiverName", "receiverSystem",
    }  # fmt: skip
    assert own.headers["cache-control"] == "no-store"
    for who in ("minh", "nobody", "admin"):
        refused = await world.get(who, f"{API}/findUsage?userCode={city.LAN}", accept="application/json")
        assert refused.status_code == 404 and city.LAN not in refused.text, who
    assert (await city.kinds(installation, "access.refused")).count("access.refused") == 3
    portal = await world.get("portal", f"{API}/findUsage?userCode=VN{city.LAN}&limit=1", accept="application/json")
    assert portal.status_code == 200 and len(portal.json()["usages"]) == 1
    told = (await world.get("lan", f"{API}/findUsage?userCode={city.LAN}", accept="application/json")).json()
    assert told["totalUsages"] == 2, "that the portal asked is told too"
    period = (await world.get("portal", f"{API}/usagePeriod", accept="application/json")).json()
    assert period["periodStart"] < period["periodEnd"]
    assert (await world.get("portal", f"{API}/heartbeat", accept="application/json")).json() == {"status": "UP"}
    assert (await world.get("", f"{API}/heartbeat", accept="application/json")).status_code == 401
    gov = await world.get("lan", f"/api/data/MyPersonalDataUsage/1.0?userID={city.LAN}", accept="application/json")
    assert gov.status_code == 200 and len(gov.json()) == 2 and gov.json()[0]["readerInitials"] == ""


BAD = ("userCode=12", "userCode=", "limit=0", "limit=1001", "offset=-1", "limit=ten", "periodStart=morgen",
       "periodStart=2026-09-02&periodEnd=2026-09-01", "offset=99999999999999999999")  # fmt: skip


async def test_bad_questions_are_refused(world: World) -> None:
    for query in BAD:
        whole = query if "userCode" in query else f"userCode={city.LAN}&{query}"
        answer = await world.get("lan", f"{API}/findUsage?{whole}", accept="application/json")
        assert answer.status_code == 400, (query, answer.text)


async def test_asking_about_others_needs_a_fresh_proof_and_an_unlimited_right(world: World) -> None:
    async with world.installation.db.tx() as tx:
        await tx.execute("update security.session set confirmed_at = confirmed_at - interval '2 days'")
    stale = await world.get("portal", f"{API}/findUsage?userCode={city.LAN}", accept="application/json")
    assert stale.status_code in (401, 403), stale.text
    own = await world.get("lan", f"{API}/findUsage?userCode={city.LAN}", accept="application/json")
    assert own.status_code == 200, "about oneself the session is enough"


async def test_the_csv_of_the_citizen(world: World) -> None:
    await world.post("officer", f"{PRIVACY}/consents/person", number=city.LAN)
    text = (await world.get("lan", "/account/usage.csv")).text
    assert len(text.strip().splitlines()) == 2
    assert "VNeID" in await seen(world, "nobody", "/account/usage")


async def test_when_the_ledger_is_closed_nothing_is_served(world: World) -> None:
    asked = await world.post("lan", "/account/requests", kind="see")
    no = asked.headers["location"].rsplit("/", 1)[1]
    await city.register(world.installation)
    await city.close_ledger(world.installation)
    secret = ("Nguyễn Thị Lan", "Sở Y tế")
    for who, method, path in (
        ("officer", "post", f"{PRIVACY}/requests/{no}/data"),
        ("officer", "post", f"{PRIVACY}/requests/{no}/data.json"),
        ("officer", "post", f"{PRIVACY}/requests/{no}/data.csv"),
        ("lan", "get", "/account/usage"),
        ("lan", "get", "/account/usage.csv"),
        ("lan", "get", f"{API}/findUsage?userCode={city.LAN}"),
    ):
        answer = await (world.get(who, path) if method == "get" else world.post(who, path))
        assert answer.status_code == 503, (path, answer.status_code)
        assert not any(word in answer.text for word in secret)


async def test_the_desks_are_closed_to_others(world: World) -> None:
    paths = ("requests", "breaches", "retention", "withholdings", "processings/new", "requests/YC-2026-00001")
    for who in ("", "lan", "admin", "agency"):
        for path in paths:
            answer = await world.get(who, f"{PRIVACY}/{path}")
            assert answer.status_code in ((303, 401) if not who else (403,)), (who, path)


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]
