"""What is sensitive asks again who it is; who must have a second factor has one before anything else."""

from __future__ import annotations

import html
import re

import httpx
import pytest

from nhip.security.permissions.service import ADMINISTRATOR
from nhip.security.sessions import bearers
from tests.security.people import (
    COOKIES,
    PASSWORD,
    World,
    add_passkey,
    add_totp,
    age_proofs,
    code_of,
    options,
    send,
    sign_in,
)


async def old_session(world: World, name: str = "lan") -> httpx.AsyncClient:
    """An administrator's browser whose last proof is sixteen minutes old."""
    browser = await world.signed_in(await world.person(name, ADMINISTRATOR))
    await age_proofs(world)
    return browser


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the first form in `main`."""
    form = page[page.index("<main") :].partition("</form>")[0]
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form)
    return {html.unescape(name): html.unescape(value) for name, value in found}


async def test_a_session_that_has_just_begun_is_proof_enough(world: World) -> None:
    browser = await world.signed_in(await world.person("lan", ADMINISTRATOR))
    assert (await browser.get("/sensitive")).text == "sensitive"


async def test_a_page_leads_to_the_proof_and_back_under_a_new_token(world: World) -> None:
    browser = await old_session(world)
    before = browser.cookies["nhip_session"]
    assert (await browser.get("/console")).status_code == 200, "what is not sensitive goes on"
    led = await browser.get("/sensitive?q=a&b=%C4%91")
    assert led.headers["location"] == "/confirm?next=/sensitive%3Fq%3Da%26b%3D%25C4%2591"
    page = (await browser.get(led.headers["location"])).text
    assert hidden(page)["next"] == "/sensitive?q=a&b=%C4%91"
    wrong = await browser.post("/confirm", data={"password": "wrong", "next": "/sensitive"})
    assert wrong.status_code == 422 and (await browser.get("/sensitive")).status_code == 303
    done = await browser.post("/confirm", data={"password": PASSWORD, "next": "/sensitive?q=a&b=%C4%91"})
    assert done.headers["location"] == "/sensitive?q=a&b=%C4%91"
    assert (await browser.get("/sensitive")).text == "sensitive"
    assert browser.cookies["nhip_session"] != before
    stale = world.browser()
    stale.cookies.set("nhip_session", before, domain=COOKIES)
    assert (await stale.get("/console")).status_code == 303, "the old token is dead"


async def test_what_was_typed_comes_through_the_proof(world: World) -> None:
    browser = await old_session(world)
    typed = {"name": 'Sở "Y tế" <b>', "note": "dòng 1\r\ndòng 2", "role": ["a", "b"], "empty": ""}
    asked = await browser.post("/sensitive?x=1", data=typed)
    assert asked.status_code == 403 and "Nothing of what you typed is lost" in asked.text
    assert "<b>" not in asked.text
    wrong = await browser.post("/confirm", data={**hidden(asked.text), "password": "wrong"})
    assert wrong.status_code == 422, "and through a slip of the finger"
    page = await browser.post("/confirm", data={**hidden(wrong.text), "password": PASSWORD})
    assert page.status_code == 200 and 'action="/sensitive?x=1"' in page.text
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page.text[page.text.index("<main") :])
    sent: dict[str, list[str]] = {}
    for name, value in fields:
        sent.setdefault(html.unescape(name), []).append(html.unescape(value))
    answer = await browser.post("/sensitive?x=1", data=sent)
    expected = {"name": [typed["name"]], "note": [typed["note"]], "role": ["a", "b"], "empty": [""]}
    assert answer.json() == expected


async def test_what_cannot_be_kept_is_said(world: World) -> None:
    browser = await old_session(world)
    large = await browser.post("/sensitive", data={"text": "x" * 70_000})
    files = await browser.post("/sensitive", files={"file": ("a.csv", b"a,b", "text/csv")})
    for answer in (large, files):
        assert answer.status_code == 403 and "could not be kept" in answer.text


async def test_a_made_up_parcel_carries_nothing_to_another_website(world: World) -> None:
    browser = await old_session(world)
    form = {"password": PASSWORD, "next": "https://evil.example/", "kept": '[["a","b"]]'}
    page = await browser.post("/confirm", data=form)
    assert "evil.example" not in page.text and 'action="/"' in page.text
    for kept in ("{", '{"a": 1}', "[[1]]", "[" * 1000):
        answer = await browser.post("/confirm", data={**form, "kept": kept})
        assert answer.headers["location"] == "/", kept


async def test_programs_are_told_and_those_with_a_key_are_not_asked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await old_session(world)
    told = await browser.get("/sensitive", headers={"accept": "application/json"})
    assert (told.status_code, told.json()["key"]) == (403, "ConfirmNeeded")
    from nhip.security.model import Who
    from nhip.security.permissions.model import Reach, Rights

    async def knows(_connection: object, token: str) -> Who | None:
        rights = Rights({"party.edit": [Reach()]})
        import uuid

        return Who(id=uuid.UUID(int=1), name="program", rights=rights, via="key") if token == "good" else None

    monkeypatch.setattr("nhip.security.sessions.bearers", [*bearers, knows])
    program = world.other(second_factor="everybody").browser(authorization="Bearer good")
    assert (await program.get("/sensitive")).text == "sensitive"


async def test_with_a_second_factor_the_proof_is_as_strong_as_the_sign_in(world: World) -> None:
    account = await world.person("lan", ADMINISTRATOR)
    secret = await add_totp(world, account)
    browser = await world.signed_in(account, level=2)
    await age_proofs(world)
    assert (await browser.post("/confirm", data={"password": PASSWORD})).status_code == 422, "the password alone"
    assert (await browser.post("/confirm", data={"code": code_of(secret)})).status_code == 422, "the code alone"
    done = await browser.post("/confirm", data={"password": PASSWORD, "code": code_of(secret), "next": "/sensitive"})
    assert done.headers["location"] == "/sensitive", "a code that came without the password is not used up"


async def test_a_passkey_is_proof_enough(world: World) -> None:
    account = await world.person("lan", ADMINISTRATOR)
    browser = await world.signed_in(account)
    key = await add_passkey(browser)
    await age_proofs(world)
    before = browser.cookies["nhip_session"]
    answer = await send(
        browser, "/confirm/passkey", key.get(await options(browser, "/confirm/passkey")), next="/sensitive"
    )
    assert answer.json() == {"next": "/sensitive"}
    assert browser.cookies["nhip_session"] != before
    assert (await browser.get("/sensitive")).text == "sensitive"
    assert "session.confirmed" in await world.events(account)


async def test_somebody_else_s_passkey_confirms_nothing(world: World) -> None:
    browser = await old_session(world)
    other = await add_passkey(await world.signed_in(await world.person("minh")))
    asked = await options(browser, "/confirm/passkey")
    assert (await send(browser, "/confirm/passkey", other.get(asked))).status_code == 422
    assert (await browser.get("/sensitive")).status_code == 303


async def test_guesses_in_an_open_session_are_locked(world: World) -> None:
    browser = await old_session(world)
    answers = [(await browser.post("/confirm", data={"password": "x" * 300})).status_code for _ in range(6)]
    assert answers == [422] * 5 + [429]
    assert (await browser.post("/confirm", data={"password": PASSWORD})).status_code == 429


@pytest.mark.parametrize(
    ("policy", "role", "must"),
    [
        ("offered", ADMINISTRATOR, False),
        ("privileged", ADMINISTRATOR, True),
        ("privileged", "agency_officer", True),
        ("privileged", "leader", False),
        ("everybody", "leader", True),
    ],
)
async def test_who_must_have_a_second_factor(world: World, policy: str, role: str, must: bool) -> None:
    world = world.other(second_factor=policy)
    await world.person("lan", role)
    browser = world.browser()
    assert (await sign_in(browser)).status_code == 303
    answer = await browser.get("/console?x=1")
    if must:
        assert answer.headers["location"] == "/account/second-factor?next=/console%3Fx%3D1"
        assert (await browser.get("/account")).status_code == 303, "not even that"
        assert (await browser.get("/console", headers={"accept": "application/json"})).status_code == 403
        await add_passkey(browser)
    assert (await browser.get("/console")).status_code == 200
    assert (await browser.post("/signout")).status_code == 303


async def test_an_older_session_of_one_factor_uses_the_factor_added_elsewhere(world: World) -> None:
    world = world.other(second_factor="privileged")
    account = await world.person("lan", ADMINISTRATOR)
    secret = await add_totp(world, account)
    browser = await world.signed_in(account, level=1)
    led = await browser.get("/console")
    assert (await browser.get(led.headers["location"])).headers["location"] == "/confirm?next=/console"
    await browser.post("/confirm", data={"password": PASSWORD, "code": code_of(secret), "next": "/console"})
    assert (await browser.get("/console")).text == "hello Person lan, level 2"


async def test_fragments_lead_the_whole_page(world: World) -> None:
    browser = await old_session(world)
    headers = {"HX-Request": "true", "HX-Current-URL": "http://localhost:8321/console?tab=2"}
    answer = await browser.post("/sensitive", data={"a": "b"}, headers=headers)
    assert answer.headers["hx-redirect"] == "/confirm?next=/console%3Ftab%3D2"
