"""One-time codes: which are right and when, each once, sealed at rest; the way through the pages; recovery codes beside them."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nhip.kernel.time import held, now
from nhip.key_commands import COLUMNS
from nhip.security.resealing import reseal_all
from nhip.security.secrets import Vault
from nhip.security.signin import codes, totp
from nhip.security.signin.proofs import second_method
from tests.security.people import World, add_totp, age_proofs, code_of, sign_in

SECRET = pyotp.random_base32(32)
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""`12345678901234567890`, the key of RFC 6238, appendix B."""
RFC = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}
"""Its SHA-1 vectors, the last six of their eight digits."""


@pytest.mark.parametrize("at", RFC)
def test_the_vectors_of_the_standard(at: int) -> None:
    with held(datetime.fromtimestamp(at, UTC)):
        assert totp.step_of(RFC_SECRET, RFC[at]) == at // 30


@given(st.integers(0, 2**33), st.integers(-4, 4))
@settings(max_examples=200, deadline=None)
def test_a_code_holds_for_its_step_and_one_beside_it(at: int, away: int) -> None:
    at += 200
    code = pyotp.TOTP(SECRET).at(at + 30 * away)
    with held(datetime.fromtimestamp(at, UTC)):
        found = totp.step_of(SECRET, code)
    near = {pyotp.TOTP(SECRET).at(at + 30 * n): at // 30 + n for n in (-1, 0, 1)}
    assert found == near.get(code)


async def test_a_code_works_once_and_those_before_it_no_more(world: World) -> None:
    account = await world.person()
    secret, vault = await add_totp(world, account), Vault(world.settings)
    with held(now()):
        assert await second_method(world.db, vault, account, code_of(secret)) == "totp"
        assert await second_method(world.db, vault, account, code_of(secret)) == "", "replay"
        assert await second_method(world.db, vault, account, code_of(secret, -1)) == "", "an older one"
        assert await second_method(world.db, vault, account, code_of(secret, 1)) == "totp", "a clock ahead of ours"
        assert await second_method(world.db, vault, account, code_of(secret, 2)) == "", "too far ahead"


async def test_of_many_at_once_with_the_same_code_one_gets_in(world: World) -> None:
    account = await world.person()
    secret, vault = await add_totp(world, account), Vault(world.settings)
    code = code_of(secret)
    found = await asyncio.gather(*(second_method(world.db, vault, account, code) for _ in range(6)))
    assert sorted(found) == [""] * 5 + ["totp"]


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "12 34 5a", "-00001", "0" * 400])
async def test_what_is_no_code_is_wrong(world: World, code: str) -> None:
    account = await world.person()
    await add_totp(world, account)
    assert await second_method(world.db, Vault(world.settings), account, code) == ""


async def test_the_secret_is_sealed_for_its_account(world: World) -> None:
    one, other = await world.person("one"), await world.person("other")
    secret = await add_totp(world, one)
    await add_totp(world, other)
    sealed = dict(await world.rows("select account_id, sealed from security.totp"))
    assert secret.encode() not in sealed[one.id]
    async with world.db.tx() as tx:
        await tx.execute("update security.totp set sealed = %s where account_id = %s", [sealed[one.id], other.id])
        with pytest.raises(Exception, match="cannot be opened"):
            await totp.uses(tx, Vault(world.settings), other.id, code_of(secret))


async def test_after_a_change_of_keys_codes_still_work(world: World) -> None:
    account = await world.person()
    secret, vault = await add_totp(world, account), Vault(world.settings)
    vault.rotate()
    async with world.db.tx() as tx:
        assert await reseal_all(tx, vault, COLUMNS) == 1
    vault.forget_old_keys()
    assert await second_method(world.db, vault, account, code_of(secret)) == "totp"


async def test_every_sealed_column_is_given_the_new_key(world: World) -> None:
    sealed = """select table_schema || '.' || table_name || '.' || column_name from information_schema.columns
        where data_type = 'bytea' and column_name in ('secret', 'sealed')"""
    assert {name for (name,) in await world.rows(sealed)} == {column.name for column in COLUMNS}


async def test_switching_on_by_the_pages_and_signing_in(world: World) -> None:
    account = await world.person()
    browser = await world.signed_in(account)
    before = browser.cookies["nhip_session"]
    led = await browser.post("/account/totp", data={"next": "/console"})
    page = await browser.get(led.headers["location"])
    assert 'src="data:image/svg+xml' in page.text and "style=" not in page.text
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page.text)[1].replace(" ", "")  # type: ignore[index]
    wrong = await browser.post("/account/totp/confirm", data={"code": "000000", "next": "/console"})
    assert (wrong.status_code, "This code is wrong" in wrong.text) == (422, True)
    assert (await sign_in(world.browser())).headers["location"] == "/", "not on before a code was right"
    done = await browser.post("/account/totp/confirm", data={"code": code_of(secret), "next": "/console"})
    assert done.headers["location"] == "/account/codes?next=/console"
    assert browser.cookies["nhip_session"] != before, "a new token"
    assert await world.rows("select level from security.session where method = 'password' and level = 2") == [(2,)]
    other = world.browser()
    led = await sign_in(other, next="/console?x=1")
    assert led.headers["location"] == "/signin/second?next=/console%3Fx%3D1"
    assert "nhip_session" not in other.cookies, "no session before the second step"
    again = await other.post("/signin/second", data={"code": code_of(secret), "next": "/console?x=1"})
    assert again.status_code == 422, "the code that switched them on is used up"
    let_in = await other.post("/signin/second", data={"code": code_of(secret, 1), "next": "/console?x=1"})
    assert let_in.headers["location"] == "/console?x=1"
    assert [e for e in await world.events(account) if e.startswith("totp")] == ["totp.added"]
    assert (await world.rows("select method, level from security.session order by made_at desc limit 1"))[0] == (
        "password+totp",
        2,
    )


async def test_the_step_after_the_password_ends_after_ten_minutes_and_serves_one_browser(world: World) -> None:
    account = await world.person()
    secret = await add_totp(world, account)
    browser, stranger = world.browser(), world.browser()
    await sign_in(browser)
    assert (await stranger.get("/signin/second")).headers["location"] == "/signin"
    answer = await stranger.post("/signin/second", data={"code": code_of(secret)})
    assert answer.headers["location"] == "/signin", "a code without the password before it"
    with held(now() + timedelta(minutes=11)):
        late = await browser.post("/signin/second", data={"code": code_of(secret)})
    assert late.headers["location"] == "/signin"
    assert await world.rows("select count(*) from security.session") == [(0,)]


async def test_a_new_password_ends_the_half_way_steps(world: World) -> None:
    from nhip.security.service import set_password

    account = await world.person()
    secret = await add_totp(world, account)
    browser = world.browser()
    await sign_in(browser)
    async with world.db.tx() as tx:
        await set_password(tx, account, "cau tre nang gio com")
    answer = await browser.post("/signin/second", data={"code": code_of(secret)})
    assert answer.headers["location"] == "/signin"


async def test_switching_off_needs_a_fresh_proof_and_takes_the_recovery_codes_along(world: World) -> None:
    account = await world.person()
    await add_totp(world, account)
    await codes.make(world.db, account)
    browser = await world.signed_in(account, level=2)
    await age_proofs(world)
    asked = await browser.post("/account/totp/remove")
    assert asked.status_code == 403 and "Confirm who you are" in asked.text
    assert await world.rows("select count(*) from security.totp") == [(1,)]
    await age_proofs(world, -16)
    assert (await browser.post("/account/totp/remove")).headers["location"] == "/account"
    assert await world.rows("select count(*) from security.totp") == [(0,)]
    assert await world.rows("select count(*) from security.recovery_code") == [(0,)]
    assert (await world.events(account))[-1] == "totp.removed"
    assert (await sign_in(world.browser())).headers["location"] == "/"


async def test_switching_on_again_does_not_replace_what_is_on(world: World) -> None:
    account = await world.person()
    secret = await add_totp(world, account)
    browser = await world.signed_in(account, level=2)
    assert (await browser.post("/account/totp")).status_code == 303
    assert (await browser.get("/account/totp")).headers["location"] == "/account", "the secret is never shown again"
    assert await second_method(world.db, Vault(world.settings), account, code_of(secret)) == "totp"


async def test_recovery_codes_are_shown_once_stored_hashed_and_each_works_once(world: World) -> None:
    account = await world.person()
    await add_totp(world, account)
    browser = await world.signed_in(account, level=2)
    page = await browser.post("/account/codes", data={"next": "/account"})
    made = re.findall(r"<code>([a-z0-9]{5}-[a-z0-9]{5})</code>", page.text)
    assert len(set(made)) == 10
    assert made[0] not in (await browser.get("/account/codes")).text
    stored = [bytes(row[0]) for row in await world.rows("select code_hash from security.recovery_code")]
    assert len(stored) == 10 and not any(code.encode() in b"".join(stored) for code in made)
    other = world.browser()
    await sign_in(other)
    typed = made[3].upper().replace("-", " ")
    assert (await other.post("/signin/second", data={"code": typed})).headers["location"] == "/"
    again = world.browser()
    await sign_in(again)
    assert (await again.post("/signin/second", data={"code": made[3]})).status_code == 422
    newer = re.findall(r"<code>([a-z0-9-]{11})</code>", (await browser.post("/account/codes")).text)
    assert (await again.post("/signin/second", data={"code": made[4]})).status_code == 422, "new codes, old ones void"
    assert (await again.post("/signin/second", data={"code": newer[0]})).status_code == 303
    told = await world.rows(
        "select body::json -> 'data' ->> 'left' from ledger.event where kind = 'recovery.used' and seq >= %s",
        world.since,
    )
    assert told == [("9",), ("9",)]


async def test_one_person_s_recovery_code_is_nothing_to_another(world: World) -> None:
    one, other = await world.person("one"), await world.person("other")
    for account in (one, other):
        await add_totp(world, account)
    made = await codes.make(world.db, one)
    await codes.make(world.db, other)
    assert await second_method(world.db, Vault(world.settings), other, made[0]) == ""
    assert await second_method(world.db, Vault(world.settings), one, made[0]) == "recovery"


async def test_without_a_second_factor_there_are_no_recovery_codes(world: World) -> None:
    browser = await world.signed_in(await world.person())
    assert (await browser.get("/account/codes")).headers["location"] == "/account/second-factor"
    assert (await browser.post("/account/codes")).headers["location"] == "/account/second-factor"
