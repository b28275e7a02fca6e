"""Abuse of the sign-in page: finding out names, trying many passwords on one name or many names, and what the lock costs whom."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from nhip.kernel.time import held, now
from nhip.security import passwords
from nhip.security.parties.service import get_party, make_party, suspend
from nhip.security.service import sign_in as try_password
from tests.security.people import PASSWORD, World, add_totp, code_of, sign_in


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every look at a password hash, in order: what takes the time of a sign-in."""
    calls: list[str] = []
    real = passwords._verified

    def verified(stored: str, password: str) -> bool:
        calls.append(stored[:12])
        return real(stored, password)

    monkeypatch.setattr(passwords, "_verified", verified)
    return calls


def _plain(page: str) -> str:
    """A page without what was typed and the time."""
    return re.sub(r'value="[^"]*"|datetime="[^"]*"|\d\d:\d\d', "", page)


async def _several(world: World) -> dict[str, str]:
    """Names of every kind that cannot get in with a wrong password."""
    await world.person("has-password")
    await world.person("no-password", password=False)
    gone = await world.person("suspended")
    async with world.db.tx() as tx:
        await suspend(tx, await get_party(tx, gone.party_id), True)
        office = await make_party(tx, "organisation", "Phòng", code="P")
    below = await world.person("below-suspended", parent=office.id)
    assert below.party_id
    async with world.db.tx() as tx:
        await suspend(tx, await get_party(tx, office.id), True)
    with_codes = await world.person("with-codes")
    await add_totp(world, with_codes)
    return {
        "has-password": "wrong",
        "no-password": "wrong",
        "suspended": PASSWORD,
        "below-suspended": PASSWORD,
        "with-codes": "wrong",
        "nobody": "wrong",
        "x" * 100: "wrong",
    }


async def test_nobody_learns_which_names_there_are(world: World, counted: list[str]) -> None:
    answers, costs, statements = {}, {}, {}
    for name, password in (await _several(world)).items():
        counted.clear()
        before = (await world.rows("select count(*), max(seq) from ledger.event"))[0]
        browser = world.browser(address=f"203.0.113.{len(answers) + 1}")
        answer = await sign_in(browser, name, password)
        after = (await world.rows("select count(*), max(seq) from ledger.event"))[0]
        answers[name] = (answer.status_code, _plain(answer.text), sorted(answer.headers))
        costs[name] = list(counted)
        statements[name] = after[0] - before[0]
    assert len(set(map(str, answers.values()))) == 1, "the same answer to everybody"
    assert all(cost == ["$argon2id$v="] for cost in costs.values()), f"one hash of one kind for everybody: {costs}"
    assert set(statements.values()) == {1}, "one event for everybody"


async def test_a_password_beyond_all_limits_costs_no_hash(world: World, counted: list[str]) -> None:
    answer = await sign_in(world.browser(), "root", "x" * 10_000)
    assert (answer.status_code, counted) == (422, [])
    assert (await sign_in(world.browser(), "root", "x" * 30_000)).status_code == 413


async def test_the_lock_is_the_same_for_names_that_there_are_and_others(world: World) -> None:
    locked = []
    for name in ("root", "nobody"):
        for _attempt in range(5):
            assert (await sign_in(world.browser(address="203.0.113.5"), name, "x" * 300)).status_code == 422
        answer = await sign_in(world.browser(address="203.0.113.5"), name, PASSWORD)
        locked.append((answer.status_code, _plain(answer.text)))
    assert locked[0] == locked[1] and locked[0][0] == 429


async def test_many_names_from_one_address_close_that_address_only(world: World) -> None:
    """Credential stuffing: pairs of names and passwords from a leak, each tried once."""
    tried = 0
    for n in range(40):
        ended = await try_password(world.db, f"leaked-{n}", "x" * 300, "203.0.113.66", 1)
        if ended.locked:
            break
        tried += 1
    assert tried == 30
    assert (await try_password(world.db, "root", PASSWORD, "203.0.113.66", 1)).locked, "even the right password"
    assert (await try_password(world.db, "root", PASSWORD, "198.51.100.1", 1)).token, "others come in"


async def test_guesses_from_everywhere_on_one_name_end_at_a_hundred(world: World) -> None:
    for n in range(100):
        ended = await try_password(world.db, "root", "x" * 300, f"2001:db8:{n:x}::1", 1)
        assert not ended.locked, n
    assert (await try_password(world.db, "root", PASSWORD, "198.51.100.1", 1)).locked
    with held(now() + timedelta(minutes=16)):
        assert (await try_password(world.db, "root", PASSWORD, "198.51.100.1", 1)).token


async def test_whoever_knows_the_password_gets_ten_codes_from_wherever(world: World) -> None:
    account = await world.person("lan")
    secret = await add_totp(world, account)
    answers = []
    for n in range(12):
        browser = world.browser(address=f"203.0.113.{n + 1}")
        assert (await sign_in(browser)).headers["location"].startswith("/signin/second"), "the password itself goes on"
        wrong = f"{(int(code_of(secret)) + 7) % 1_000_000:06d}"
        answers.append((await browser.post("/signin/second", data={"code": wrong})).status_code)
    assert answers == [422] * 10 + [429] * 2
    browser = world.browser()
    await sign_in(browser)
    assert (await browser.post("/signin/second", data={"code": code_of(secret)})).status_code == 429
    assert (await world.events(account)).count("account.locked") == 1


async def test_fifty_wrong_codes_close_a_name_for_the_day(world: World) -> None:
    account = await world.person("lan")
    secret = await add_totp(world, account)
    async with world.db.tx() as tx:
        for n in range(50):
            at = now() - timedelta(minutes=20 + 20 * n)
            values = (f"00000000-0000-7000-8000-{n:012d}", "lan", "203.0.113.1", at)
            await tx.execute("insert into security.attempt values (%s, %s, %s, %s, true, 'code')", values)
    browser = world.browser()
    await sign_in(browser)
    assert (await browser.post("/signin/second", data={"code": code_of(secret)})).status_code == 429
    with held(now() + timedelta(hours=24)):
        browser = world.browser()
        await sign_in(browser)
        assert (await browser.post("/signin/second", data={"code": code_of(secret)})).status_code == 303


async def test_the_ledger_tells_failures_and_the_lock(world: World) -> None:
    account = await world.person("lan")
    for _attempt in range(6):
        await try_password(world.db, "lan", "x" * 300, "203.0.113.9", 1)
        await try_password(world.db, "nobody", "x" * 300, "203.0.113.8", 1)
    expected = ["signin.failed"] * 4 + ["account.locked"]
    assert [kind for kind in await world.events(account) if not kind.startswith("party")] == expected
    assert [kind for kind in await world.events() if kind in expected] == expected


@pytest.mark.parametrize(
    "typed", ["lan\x00", "' or 1=1 --", "LAN", " lan ", "ａdmin", "a" * 5000, "lan\r\nSet-Cookie: x=1"]
)
async def test_strange_names_are_only_names(world: World, typed: str) -> None:
    await world.person("lan")
    answer: Any = await sign_in(world.browser(), typed, "x" * 300)
    assert answer.status_code in (400, 422), answer.status_code
    assert "set-cookie" not in answer.headers or "x=1" not in answer.headers["set-cookie"]
