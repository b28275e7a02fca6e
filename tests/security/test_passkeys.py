"""Passkeys made and used by an authenticator in software against the real ceremony: what gets in, and what must not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nhip.kernel.time import held, now
from nhip.security.parties.service import get_party, suspend
from tests.security.people import (
    COOKIES,
    HOME,
    PASSWORD,
    Authenticator,
    World,
    add_passkey,
    age_proofs,
    options,
    send,
    sign_in,
)

ALONE = "/signin/passkey"


async def _keyed(world: World, name: str = "lan") -> Authenticator:
    """A passkey of a person of this name."""
    return await add_passkey(await world.signed_in(await world.person(name)))


async def _alone(world: World, key: Authenticator, browser: httpx.AsyncClient | None = None) -> httpx.Response:
    browser = browser or world.browser()
    return await send(browser, ALONE, key.get(await options(browser, ALONE)), next="/console")


async def test_adding_several_and_signing_in_with_one_alone(world: World) -> None:
    account = await world.person("lan", "data_steward")
    browser = await world.signed_in(account)
    before = browser.cookies["nhip_session"]
    first = await add_passkey(browser, "phone")
    assert browser.cookies["nhip_session"] != before, "a new token"
    second = await add_passkey(browser, "laptop")
    for key in (first, second, first):
        other = world.browser()
        answer = await _alone(world, key, other)
        assert (answer.status_code, answer.json()) == (200, {"next": "/console"})
        assert (await other.get("/console")).text == "hello Person lan, level 2"
    kept = await world.rows("select name, sign_count, used_at is not null from security.passkey order by made_at")
    assert kept == [("phone", 2, True), ("laptop", 1, True)]
    assert [e for e in await world.events(account) if e.startswith("passkey")] == ["passkey.added"] * 2


async def test_the_options_ask_for_the_user_and_name_nobody(world: World) -> None:
    await _keyed(world)
    asked = await options(world.browser(), ALONE)
    assert asked["userVerification"] == "required" and asked["rpId"] == "localhost"
    assert not asked.get("allowCredentials"), "a stranger learns of no passkey"
    assert len(asked["challenge"]) >= 43
    browser = await world.signed_in(await world.person("minh"))
    made = await options(browser, "/account/passkeys")
    assert made["authenticatorSelection"]["residentKey"] == "required"
    assert made["authenticatorSelection"]["userVerification"] == "required"
    assert made["attestation"] == "none"
    key = Authenticator()
    await send(browser, "/account/passkeys", key.create(made), name="x")
    again = await options(browser, "/account/passkeys")
    assert len(again["excludeCredentials"]) == 1


async def test_as_second_factor_after_the_password(world: World) -> None:
    key = await _keyed(world)
    browser = world.browser()
    assert (await sign_in(browser)).headers["location"].startswith("/signin/second"), "the password alone opens nothing"
    assert "nhip_session" not in browser.cookies
    asked = await options(browser, "/signin/second/passkey")
    assert [one["id"] for one in asked["allowCredentials"]]
    answer = await send(browser, "/signin/second/passkey", key.get(asked))
    assert answer.status_code == 200
    assert (await world.rows("select method, level from security.session order by made_at desc limit 1"))[0] == (
        "password+passkey",
        2,
    )


async def test_somebody_else_s_passkey_is_no_second_factor(world: World) -> None:
    await _keyed(world, "lan")
    other = await _keyed(world, "minh")
    browser = world.browser()
    await sign_in(browser, "lan")
    answer = await send(browser, "/signin/second/passkey", other.get(await options(browser, "/signin/second/passkey")))
    assert (answer.status_code, answer.json()["key"]) == (422, "ProofRefused")
    assert "nhip_session" not in browser.cookies


def _forged(field: str, value: Any) -> Any:
    def change(key: Authenticator) -> dict[str, Any]:
        setattr(key, field, value)
        return {}

    return change


FORGED = {
    "another origin": _forged("origin", "https://localhost.example"),
    "another port": _forged("origin", "http://localhost:9999"),
    "another relying party": _forged("rp", "example.org"),
    "no user verification": _forged("flags", 0x01),
    "nobody present": _forged("flags", 0x04),
    "another user": _forged("user", b"x" * 16),
    "an unknown passkey": _forged("id", b"y" * 32),
    "a copy with an old counter": _forged("count", 0),
    "another kind of ceremony": lambda _key: {"type": "webauthn.create"},
    "another challenge": lambda _key: {"challenge": "AAAA"},
}


@pytest.mark.parametrize("forgery", FORGED)
async def test_forgeries_are_refused_all_alike(world: World, forgery: str) -> None:
    key = await _keyed(world)
    assert (await _alone(world, key)).status_code == 200
    assert (await _alone(world, key)).status_code == 200
    more = FORGED[forgery](key)
    browser = world.browser()
    answer = await send(browser, ALONE, key.get(await options(browser, ALONE), **more))
    assert (answer.status_code, answer.json()["key"]) == (422, "ProofRefused")
    assert "nhip_session" not in browser.cookies
    assert "signin.failed" in await world.events()


async def test_a_signature_of_another_key_is_refused(world: World) -> None:
    key, thief = await _keyed(world), Authenticator()
    thief.id, thief.user, thief.count = key.id, key.user, 100
    assert (await _alone(world, thief)).status_code == 422
    assert (await _alone(world, key)).status_code == 200


async def test_a_challenge_works_once(world: World) -> None:
    key, browser = await _keyed(world), world.browser()
    asked = await options(browser, ALONE)
    token = browser.cookies["nhip_passkey"]
    answer = key.get(asked)
    assert (await send(browser, ALONE, answer)).status_code == 200
    thief = world.browser()
    thief.cookies.set("nhip_passkey", token, domain=COOKIES)
    replay = await send(thief, ALONE, answer)
    assert (replay.status_code, replay.json()["key"]) == (422, "ProofTooLate")
    key.count += 1
    assert (await send(thief, ALONE, key.get(asked))).json()["key"] == "ProofTooLate"


async def test_a_refused_answer_uses_the_challenge_up_too(world: World) -> None:
    key, browser = await _keyed(world), world.browser()
    asked = await options(browser, ALONE)
    key.flags = 0x01
    assert (await send(browser, ALONE, key.get(asked))).json()["key"] == "ProofRefused"
    key.flags = 0x05
    assert (await send(browser, ALONE, key.get(asked))).json()["key"] == "ProofTooLate"


async def test_a_challenge_serves_the_browser_that_asked_for_ten_minutes(world: World) -> None:
    key, browser, other = await _keyed(world), world.browser(), world.browser()
    asked = await options(browser, ALONE)
    await options(other, ALONE)
    assert (await send(other, ALONE, key.get(asked))).status_code == 422, "asked in another browser"
    assert (await send(world.browser(), ALONE, key.get(asked))).json()["key"] == "ProofTooLate"
    asked = await options(browser, ALONE)
    with held(now() + timedelta(minutes=11)):
        assert (await send(browser, ALONE, key.get(asked))).json()["key"] == "ProofTooLate"


async def test_a_challenge_of_one_purpose_serves_no_other(world: World) -> None:
    account = await world.person()
    browser = await world.signed_in(account)
    key = await add_passkey(browser)
    asked = await options(browser, "/confirm/passkey")
    browser.cookies.set("nhip_passkey", browser.cookies["nhip_confirm"], domain=COOKIES)
    assert (await send(browser, ALONE, key.get(asked))).json()["key"] == "ProofTooLate"


async def test_a_passkey_belongs_to_one_account(world: World) -> None:
    key = await _keyed(world, "lan")
    browser = await world.signed_in(await world.person("minh"))
    made = key.create(await options(browser, "/account/passkeys"))
    answer = await send(browser, "/account/passkeys", made)
    assert (answer.status_code, answer.json()["key"]) == (409, "PasskeyKnown")


@pytest.mark.parametrize("forgery", ["another origin", "another relying party", "no user verification"])
async def test_forged_registrations_are_refused(world: World, forgery: str) -> None:
    browser = await world.signed_in(await world.person())
    key = Authenticator()
    more = FORGED[forgery](key)
    made = key.create(await options(browser, "/account/passkeys"), **more)
    answer = await send(browser, "/account/passkeys", made)
    assert (answer.status_code, answer.json()["key"]) == (422, "ProofRefused")
    assert await world.rows("select count(*) from security.passkey") == [(0,)]


async def test_another_session_cannot_finish_a_registration(world: World) -> None:
    account = await world.person()
    one, other = await world.signed_in(account), await world.signed_in(account)
    asked = await options(one, "/account/passkeys")
    other.cookies.set("nhip_register", one.cookies["nhip_register"], domain=COOKIES)
    answer = await send(other, "/account/passkeys", Authenticator().create(asked))
    assert answer.json()["key"] == "ProofTooLate"


async def test_whoever_is_suspended_does_not_come_in(world: World) -> None:
    account = await world.person("lan")
    key = await add_passkey(await world.signed_in(account))
    async with world.db.tx() as tx:
        await suspend(tx, await get_party(tx, account.party_id), True)
    assert (await _alone(world, key)).json()["key"] == "ProofRefused"


async def test_names_removal_and_what_is_somebody_else_s(world: World) -> None:
    account = await world.person("lan")
    browser = await world.signed_in(account)
    key = await add_passkey(browser)
    ((passkey_id,),) = await world.rows("select id from security.passkey")
    path = f"/account/passkeys/{passkey_id}"
    stranger = await world.signed_in(await world.person("minh"))
    for act in ("name", "remove"):
        assert (await stranger.post(f"{path}/{act}", data={"name": "mine"})).status_code == 404
    await browser.post(f"{path}/name", data={"name": "Điện thoại"})
    assert await world.rows("select name from security.passkey") == [("Điện thoại",)]
    await age_proofs(world)
    assert (await browser.post(f"{path}/remove")).status_code == 403, "a fresh proof first"
    await age_proofs(world, -16)
    assert (await browser.post(f"{path}/remove")).status_code == 303
    assert (await _alone(world, key)).status_code == 422
    assert (await world.events(account))[-1] == "passkey.removed"
    assert (await sign_in(world.browser())).headers["location"] == "/", "the password alone is enough again"


@pytest.mark.parametrize(
    ("base_url", "host", "place"),
    [
        ("", "localhost:8321", ("localhost", "http://localhost:8321")),
        ("", "127.0.0.1:8321", None),
        ("https://nhip.hue.example", "nhip.hue.example", ("nhip.hue.example", "https://nhip.hue.example")),
        (
            "https://nhip.hue.example:8443",
            "nhip.hue.example:8443",
            ("nhip.hue.example", "https://nhip.hue.example:8443"),
        ),
        ("http://nhip.hue.example", "nhip.hue.example", None),
        ("https://203.0.113.7", "203.0.113.7", None),
        ("http://localhost:8000", "localhost:8000", ("localhost", "http://localhost:8000")),
    ],
)
async def test_where_passkeys_live(world: World, base_url: str, host: str, place: tuple[str, str] | None) -> None:
    world = world.other(base_url=base_url)
    scheme = "https" if base_url.startswith("https") else "http"
    browser = world.browser(home=f"{scheme}://{host}")
    answer = await browser.post(f"{ALONE}/options", headers={"accept": "application/json"})
    if place is None:
        assert answer.json()["key"] == "PasskeysNeedName"
        assert "data-passkey" not in (await browser.get("/signin")).text
    else:
        assert answer.json()["rpId"] == place[0]
        assert "data-passkey" in (await browser.get("/signin")).text


async def test_over_https_the_whole_way(world: World) -> None:
    world = world.other(base_url="https://nhip.hue.example")
    await world.person()
    browser = world.browser(home="https://nhip.hue.example")
    await sign_in(browser)
    assert browser.cookies["__Host-nhip"]
    key = Authenticator("https://nhip.hue.example", "nhip.hue.example")
    assert (
        await send(browser, "/account/passkeys", key.create(await options(browser, "/account/passkeys")))
    ).is_success
    other = world.browser(home="https://nhip.hue.example")
    assert (await _alone(world, key, other)).is_success
    assert other.cookies["__Host-nhip"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)


@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_nonsense_in_the_place_of_an_answer_is_refused(world: World, data: st.DataObject) -> None:
    key = Authenticator()
    key.user = b"x" * 16
    good = key.get({"challenge": "AAAA"})
    field = data.draw(st.sampled_from([*good, *good["response"]]))
    target = good if field in good else good["response"]
    target[field] = data.draw(JSON)
    browser = world.browser(address=f"2001:db8:{data.draw(st.integers(1, 60_000)):x}::1")
    await options(browser, ALONE)
    answer = await send(browser, ALONE, good)
    assert answer.status_code in (422, 429), answer.text


async def test_bodies_that_are_no_answer_are_refused(world: World) -> None:
    browser = world.browser()
    for body in (
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"credential": 7}',
        b'{"credential": {}}',
        b'{"credential": {}, "next": 1}',
    ):
        answer = await browser.post(ALONE, content=body, headers={"accept": "application/json"})
        assert answer.status_code == 422, body
    assert (await browser.post(ALONE, content=b"x" * 50_000)).status_code == 413


async def test_where_it_leads_is_never_another_website(world: World) -> None:
    key = await _keyed(world)
    for trap in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        browser = world.browser()
        answer = await send(browser, ALONE, key.get(await options(browser, ALONE)), next=trap)
        assert answer.json() == {"next": "/"}, trap


async def test_the_script_is_asked_for_where_it_is_needed_only(world: World) -> None:
    page = (await world.browser(home=HOME).get("/signin")).text
    assert "js/passkeys.js" in page
    assert PASSWORD not in page
