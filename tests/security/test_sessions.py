"""Sessions: how long they last, where they hold, how they end; whose page may end whose."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

from nhip.kernel.time import held, now
from nhip.security.parties.service import get_party, make_party, suspend
from nhip.security.signin.agents import name_of
from nhip.security.signin.history import MANY_FAILURES
from tests.security.people import COOKIES, PASSWORD, World, sign_in

ROLE = "data_steward"


async def test_a_session_planted_before_the_sign_in_is_worth_nothing_after_it(world: World) -> None:
    """Fixation: the attacker's token in the victim's browser must not become the victim's session."""
    await world.person("lan", ROLE)
    browser, attacker = world.browser(), world.browser()
    for browser_ in (browser, attacker):
        browser_.cookies.set("nhip_session", "planted", domain=COOKIES)
    await sign_in(browser)
    assert browser.cookies["nhip_session"] != "planted" and len(browser.cookies["nhip_session"]) == 43
    assert (await attacker.get("/console")).status_code == 303


async def test_the_attacker_s_own_session_in_the_victim_s_browser_ends(world: World) -> None:
    mallory = await world.person("mallory", ROLE)
    await world.person("lan", ROLE)
    browser = await world.signed_in(mallory)
    await sign_in(browser, "lan")
    assert (await browser.get("/console")).text.startswith("hello Person lan")
    assert await world.rows("select count(*) from security.session") == [(1,)]


async def test_a_stolen_token_in_another_browser_ends_for_both(world: World) -> None:
    account = await world.person("lan", ROLE)
    browser = await world.signed_in(account)
    thief = world.browser(address="203.0.113.66", **{"user-agent": "curl/8"})
    thief.cookies.set("nhip_session", browser.cookies["nhip_session"], domain=COOKIES)
    assert (await browser.get("/console")).status_code == 200
    assert (await thief.get("/console")).status_code == 303
    assert (await browser.get("/console")).status_code == 303
    assert (await world.events(account))[-1] == "session.ended"


async def test_a_session_goes_with_its_person_to_another_network(world: World) -> None:
    account = await world.person("lan", ROLE)
    browser = await world.signed_in(account)
    moved = world.browser(address="203.0.113.20")
    moved.cookies.set("nhip_session", browser.cookies["nhip_session"], domain=COOKIES)
    assert (await moved.get("/console")).status_code == 200
    assert await world.rows("select address from security.session") == [("203.0.113.20",)]


async def test_idle_and_absolute_limits(world: World) -> None:
    account = await world.person("lan", ROLE)
    browser = await world.signed_in(account)
    start = now()
    minutes = world.settings.session_idle_minutes
    for step in range(1, 9):
        with held(start + timedelta(minutes=step * (minutes - 50))):
            assert (await browser.get("/console")).status_code == 200, "in use it goes on"
    with held(start + timedelta(minutes=8 * (minutes - 50) + minutes + 1)):
        assert (await browser.get("/console")).status_code == 303, "idle for too long"
    browser = await world.signed_in(account)
    await _use_until(world, browser, start + timedelta(hours=11, minutes=59))
    with held(start + timedelta(hours=12, minutes=1)):
        assert (await browser.get("/console")).status_code == 303, "however much it was used"


async def _use_until(world: World, browser: object, end: object) -> None:
    async with world.db.tx() as tx:
        await tx.execute("update security.session set seen_at = %s", (end,))


async def test_of_too_many_the_one_unused_for_the_longest_ends(world: World) -> None:
    world = world.other(sessions_per_account=3)
    account = await world.person("lan", ROLE)
    browsers = []
    for n in range(4):
        browser = world.browser(address=f"203.0.113.{n + 1}")
        with held(now() + timedelta(seconds=10 * n)):
            await sign_in(browser)
        browsers.append(browser)
    answers = [(await browser.get("/console")).status_code for browser in browsers]
    assert answers == [303, 200, 200, 200]
    assert "session.ended" in await world.events(account)


async def test_suspension_ends_the_sessions_of_all_below(world: World) -> None:
    async with world.db.tx() as tx:
        office = await make_party(tx, "organisation", "Sở Mẫu", code="S")
    browser = await world.signed_in(await world.person("lan", ROLE, parent=office.id))
    other = await world.signed_in(await world.person("minh", ROLE))
    async with world.db.tx() as tx:
        await suspend(tx, await get_party(tx, office.id), True)
    assert (await browser.get("/console")).status_code == 303
    assert (await other.get("/console")).status_code == 200


async def test_a_new_password_ends_the_others_and_renews_this_one(world: World) -> None:
    account = await world.person("lan", ROLE)
    here, there = await world.signed_in(account), await world.signed_in(account)
    before = here.cookies["nhip_session"]
    new = "cau tre nang gio com"
    form = {"present": "wrong", "password": new, "again": new}
    wrong = await here.post("/account/password", data=form)
    assert wrong.status_code == 422 and "This is not your present password." in wrong.text
    weak = await here.post("/account/password", data={"present": PASSWORD, "password": "x" * 15, "again": "x" * 15})
    assert weak.status_code == 422 and "too easy to guess" in weak.text
    done = await here.post("/account/password", data=form | {"present": PASSWORD})
    assert done.headers["location"] == "/account"
    assert here.cookies["nhip_session"] != before
    assert (await here.get("/console")).status_code == 200
    assert (await there.get("/console")).status_code == 303
    stale = world.browser()
    stale.cookies.set("nhip_session", before, domain=COOKIES)
    assert (await stale.get("/console")).status_code == 303, "the old token is dead"
    assert (await sign_in(world.browser(), password=new)).headers["location"] == "/"


async def test_guessing_the_present_password_in_an_open_session_is_locked(world: World) -> None:
    account = await world.person("lan")
    browser = await world.signed_in(account)
    form = {"present": "x" * 300, "password": "cau tre nang gio com", "again": "cau tre nang gio com"}
    for _attempt in range(5):
        assert "not your present password" in (await browser.post("/account/password", data=form)).text
    locked = await browser.post("/account/password", data=form | {"present": PASSWORD})
    assert "Too many failed attempts" in locked.text


async def test_the_account_page_lists_sessions_and_ends_them(world: World) -> None:
    account = await world.person("lan", ROLE)
    here, there, third = [await world.signed_in(account) for _ in range(3)]
    page = (await here.get("/account")).text
    ids = re.findall(r"/account/sessions/([0-9a-f-]{36})/end", page)
    assert len(ids) == 3 and "Chrome, Linux" in page
    rows = dict(await world.rows("select encode(token_hash, 'hex'), id::text from security.session"))
    from nhip.security.passwords import token_hash

    id_there = rows[token_hash(there.cookies["nhip_session"]).hex()]
    assert (await here.post(f"/account/sessions/{id_there}/end")).status_code == 303
    assert (await there.get("/console")).status_code == 303
    assert (await here.post("/account/sessions/end-others")).status_code == 303
    assert (await third.get("/console")).status_code == 303
    assert (await here.get("/console")).status_code == 200
    id_here = rows[token_hash(here.cookies["nhip_session"]).hex()]
    assert (await here.post(f"/account/sessions/{id_here}/end")).headers["location"] == "/signin"
    assert (await here.get("/console")).status_code == 303


async def test_nobody_ends_or_sees_somebody_else_s_session(world: World) -> None:
    lan, minh = await world.person("lan"), await world.person("minh")
    mine, theirs = await world.signed_in(lan), await world.signed_in(minh)
    ((id_theirs,),) = await world.rows("select id from security.session where account_id = %s", minh.id)
    for session in (id_theirs, uuid.UUID(int=7)):
        assert (await mine.post(f"/account/sessions/{session}/end")).status_code == 404
    assert (await theirs.get("/account")).status_code == 200
    assert str(id_theirs) not in (await mine.get("/account")).text


async def test_a_person_is_told_what_others_did_to_the_account(world: World) -> None:
    await world.person("lan")
    browser = world.browser()
    await sign_in(browser)
    assert "since you last looked" not in (await browser.get("/account")).text
    for n in range(MANY_FAILURES):
        await sign_in(world.browser(address=f"203.0.113.{n}"), password="x" * 300)
    again = world.browser()
    led = await sign_in(again)
    assert "nhip_notice" in led.headers["set-cookie"]
    page = (await again.get("/account")).text
    assert "since you last looked" in page and "203.0.113.3" in page
    await again.post("/account/seen")
    assert "since you last looked" not in (await again.get("/account")).text


async def test_the_history_shows_one_s_own_account_only(world: World) -> None:
    lan, minh = await world.person("lan"), await world.person("minh")
    await world.signed_in(minh)
    for _attempt in range(2):
        await sign_in(world.browser(address="203.0.113.77"), "minh", "x" * 300)
    page = (await (await world.signed_in(lan)).get("/account")).text
    assert "Signed in" in page and "203.0.113.77" not in page and "minh" not in page


async def test_cookies_that_are_no_token_are_nobody(world: World) -> None:
    for token in ("", "x", "a" * 5000, "' or 1=1 --", "../../etc", "%00", "null"):
        browser = world.browser(cookie=f"nhip_session={token}")
        assert (await browser.get("/console")).headers["location"].startswith("/signin"), token


def test_browsers_have_names_for_people() -> None:
    windows = (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
    )
    phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile Safari/604.1"
    assert name_of(windows) == "Chrome, Windows"
    assert name_of(windows + " Edg/140.0") == "Edge, Windows"
    assert name_of(phone) == "Safari, iPhone"
    assert name_of("curl/8.1") == "curl/8.1" and name_of("") == ""
