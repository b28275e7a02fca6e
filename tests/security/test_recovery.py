"""The one-time link: who lost a password or a factor comes back, once, within a day; nobody else does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from nhip.kernel.time import held, now
from nhip.security.model import Account
from nhip.security.parties.service import get_party, suspend
from nhip.security.service import sign_in as try_password
from nhip.security.signin import codes
from nhip.security.signin.invitations import invite
from tests.security.people import HOME, PASSWORD, World, add_passkey, add_totp, sign_in

NEW = "cau tre nang gio com"
FORM = {"password": NEW, "again": NEW}


async def invited(world: World, account: Account, drops_factors: bool = False) -> str:
    async with world.db.tx() as tx:
        return await invite(tx, account, drops_factors=drops_factors)


async def test_a_link_sets_a_new_password_once_and_ends_all_sessions(world: World) -> None:
    account = await world.person("lan", "data_steward")
    old = await world.signed_in(account)
    code, browser = await invited(world, account), world.browser()
    for _look in range(3):
        page = await browser.get(f"/recover?code={code}")
        assert "For the account lan." in page.text, "looking uses nothing up: mail programs look too"
    assert (await old.get("/console")).status_code == 200
    done = await browser.post("/recover", data={"code": code, **FORM})
    assert done.headers["location"] == "/signin"
    assert "nhip_session" not in browser.cookies, "it opens no session by itself"
    assert (await old.get("/console")).status_code == 303, "signed out everywhere"
    assert (await sign_in(browser)).status_code == 422
    assert (await sign_in(browser, password=NEW)).headers["location"] == "/"
    again = await browser.post("/recover", data={"code": code, **FORM})
    assert again.status_code == 422 and "This code is wrong" in again.text
    told = [e for e in await world.events(account) if e.startswith(("invitation", "password"))]
    assert told == ["invitation.issued", "password.changed", "invitation.used"]


async def test_the_code_is_stored_as_a_hash_and_nowhere_else(world: World) -> None:
    code = await invited(world, await world.person())
    assert await world.rows("select octet_length(code_hash) from security.invitation") == [(32,)]
    for (body,) in await world.rows("select body from ledger.event where seq >= %s", world.since):
        assert code not in body and code.replace("-", "") not in body


async def test_a_link_lasts_a_day_and_a_newer_one_takes_its_place(world: World) -> None:
    account = await world.person()
    first = await invited(world, account)
    second = await invited(world, account)
    assert (await world.browser().get(f"/recover?code={first}")).status_code == 422
    with held(now() + timedelta(hours=24, seconds=1)):
        assert (await world.browser().get(f"/recover?code={second}")).status_code == 422
    assert (await world.browser().get(f"/recover?code={second}")).status_code == 200


async def test_it_opens_the_lock_and_leaves_the_factors(world: World) -> None:
    account = await world.person()
    await add_totp(world, account)
    for _attempt in range(5):
        await try_password(world.db, "lan", "x" * 300, "198.51.100.7", 1)
    browser = world.browser()
    assert (await sign_in(browser)).status_code == 429
    await browser.post("/recover", data={"code": await invited(world, account), **FORM})
    assert (await sign_in(browser, password=NEW)).headers["location"].startswith("/signin/second")
    assert "account.unlocked" in await world.events(account)


async def test_lost_factors_go_when_the_link_is_used_and_not_before(world: World) -> None:
    account = await world.person()
    await add_totp(world, account)
    await add_passkey(await world.signed_in(account, level=2))
    await codes.make(world.db, account)
    code = await invited(world, account, drops_factors=True)
    assert await world.rows("select count(*) from security.passkey") == [(1,)]
    browser = world.browser()
    await browser.post("/recover", data={"code": code, **FORM})
    for table in ("totp", "passkey", "recovery_code"):
        assert await world.rows(f"select count(*) from security.{table}") == [(0,)], table
    assert {"totp.removed", "passkey.removed"} <= set(await world.events(account))
    assert (await sign_in(browser, password=NEW)).headers["location"] == "/"


async def test_a_new_person_without_a_password_begins_so(world: World) -> None:
    account = await world.person("minh", password=False)
    browser = world.browser()
    assert (await sign_in(browser, "minh", "")).status_code == 422
    await browser.post("/recover", data={"code": await invited(world, account), **FORM})
    let_in = await sign_in(browser, "minh", NEW)
    assert let_in.headers["location"] == "/"
    assert "nhip_notice" not in let_in.headers.get("set-cookie", ""), "to a new person this is no news"


@pytest.mark.parametrize(
    "wrong",
    [{"password": "short", "again": "short"}, {"again": "another"}, {"password": "lan lan lan lan lan", "again": "x"}],
)
async def test_a_wrong_form_does_not_use_the_link_up(world: World, wrong: dict[str, str]) -> None:
    code, browser = await invited(world, await world.person()), world.browser()
    assert (await browser.post("/recover", data={"code": code, **FORM, **wrong})).status_code == 422
    assert (await browser.post("/recover", data={"code": code, **FORM})).status_code == 303


async def test_a_link_of_somebody_who_was_suspended_opens_nothing(world: World) -> None:
    account = await world.person("quyen")
    code = await invited(world, account)
    async with world.db.tx() as tx:
        await suspend(tx, await get_party(tx, account.party_id), True)
    wrong = await world.browser().get("/recover?code=aaaaa-aaaaa-aaaaa-aaaaa-aaaaa")
    closed = await world.browser(address="203.0.113.4").get(f"/recover?code={code}")
    assert closed.status_code == wrong.status_code == 422
    assert "quyen" not in closed.text, "not even whose it was"


async def test_guessing_closes_the_address(world: World) -> None:
    code = await invited(world, await world.person())
    guesser = world.browser(address="203.0.113.9")
    for n in range(30):
        assert (await guesser.get(f"/recover?code=guess{n}")).status_code == 422
    assert "Too many failed attempts" in (await guesser.get(f"/recover?code={code}")).text
    assert "For the account lan." in (await world.browser().get(f"/recover?code={code}")).text


async def test_no_form_sends_the_code_to_another_website(world: World) -> None:
    code = await invited(world, await world.person())
    page = await world.browser().get(f"/recover?code={code}")
    assert page.headers["referrer-policy"] == "same-origin"
    assert "no-store" in page.headers["cache-control"]
    forged = await world.browser(**{"sec-fetch-site": "cross-site"}).post("/recover", data={"code": code, **FORM})
    assert forged.status_code == 403
    assert HOME and PASSWORD not in page.text
