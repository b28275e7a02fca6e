"""Who may come in by a provider, at which level, as whom; signing out by and at the provider; administering providers."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from click.testing import CliRunner
from joserfc import jwk, jws

from nhip.cli import cli
from nhip.kernel.time import held, now
from nhip.security.openid import people, providers
from nhip.security.openid import store as identities
from nhip.security.openid.errors import BadProvider, IdentityTaken, IssuerTaken, LastWayIn, ProviderNotFound
from nhip.security.openid.model import ClaimNames, Provider
from nhip.security.openid.profiles import PROFILES
from nhip.security.openid.providers import get_provider, put_provider, remove_provider
from nhip.security.parties.service import end, get_party, make_account, make_party, suspend
from nhip.security.permissions.service import give_role
from nhip.security.secrets import Secret
from nhip.security.subjects import subject_of
from nhip.settings import Settings
from tests.security.openid_world import (
    KEYS,
    PERSON,
    SECRET,
    Lies,
    World,
    in_transaction,
    installed,
    put,
    refused,
    signed,
    world,
)

__all__ = ["installed", "world"]
Installed = tuple[World, Settings]
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"


def official(settings: Settings, name: str, **changes: Any) -> uuid.UUID:
    """An official with a role and without a password, as an administrator makes one."""

    async def work(tx: Any) -> uuid.UUID:
        party = await make_party(tx, "person", name, **changes)
        await give_role(tx, party.id, "leader")
        await make_account(tx, party, f"acc-{party.id}", None)
        return party.id

    return in_transaction(settings, work)


def linked(settings: Settings, provider: Provider, party: uuid.UUID, subject: str) -> Any:
    return in_transaction(settings, lambda tx: people.link(tx, provider, party, subject))


def party_of(world: World) -> uuid.UUID:
    """Whose session the browser has."""
    import hashlib

    hashed = hashlib.sha256(world.client.cookies["nhip_session"].encode()).digest()
    query = (
        "select a.party_id from security.session s join security.account a on a.id = s.account_id where token_hash = %s"
    )
    [(found,)] = world.rows(query, hashed)
    return found


# --- who -----------------------------------------------------------------------------------------------------------


def test_officials_must_be_linked_beforehand(installed: Installed, world: World) -> None:
    _world, settings = installed
    profile = world.fake.profile(unknown="refuse")
    put(settings, profile)
    refused(world, world.sign_in("official-1"), "Ask the administrator to link your account")
    assert world.rows("select count(*) from security.openid_identity where subject = 'official-1'") == [(0,)]
    party = official(settings, "Lê Chi")
    linked(settings, profile, party, "official-1")
    assert world.sign_in("official-1").status_code == 303
    assert party_of(world) == party
    with pytest.raises(IdentityTaken):
        linked(settings, profile, official(settings, "Người khác"), "official-1")
    put(settings, world.fake.profile())


def test_an_equal_name_or_email_links_nothing(installed: Installed, world: World) -> None:
    _world, settings = installed
    party = official(settings, "Phạm Dũng", email="dung@example.vn")
    world.fake.lies.claims = {
        "name": "Phạm Dũng",
        "email": "dung@example.vn",
        "email_verified": True,
        "preferred_username": "admin",
    }
    world.sign_in("dung")
    assert party_of(world) != party


def test_a_checked_number_joins_and_an_unchecked_one_does_not(installed: Installed, world: World) -> None:
    _world, settings = installed
    number = "048090123456"
    party = official(settings, "Võ Hà", subject=subject_of(settings, number))
    claims = ClaimNames(citizen_number="vn.number")
    world.fake.lies.claims = {"vn": {"number": number}}
    put(settings, world.fake.profile(claims=claims))
    world.sign_in("ha-unchecked")
    assert party_of(world) != party
    put(settings, world.fake.profile(claims=claims, vouches_for_number=True))
    world.sign_in("ha-checked")
    assert party_of(world) == party
    assert number not in str(world.rows("select body from ledger.event order by seq desc limit 5"))
    put(settings, world.fake.profile())


def test_a_number_is_learned_once_and_never_taken_from_somebody(installed: Installed, world: World) -> None:
    _world, settings = installed
    taken, mine = "048090999001", "048090999002"
    official(settings, "Người giữ số", subject=subject_of(settings, taken))
    party = official(settings, "Chưa có số")
    profile = world.fake.profile(claims=ClaimNames(citizen_number="number"), vouches_for_number=True)
    put(settings, profile)
    linked(settings, profile, party, "no-number")
    world.fake.lies.claims = {"number": taken}
    refused(world, world.sign_in("no-number"), "known here under another account")
    world.fake.lies.claims = {"number": mine}
    assert world.sign_in("no-number").status_code == 303
    [(kept,)] = world.rows("select subject from security.party where id = %s", party)
    assert kept == subject_of(settings, mine)
    put(settings, world.fake.profile())


def test_whoever_left_the_organisation_there_is_out_here(installed: Installed, world: World) -> None:
    _world, settings = installed

    async def organisations(tx: Any) -> tuple[uuid.UUID, uuid.UUID]:
        above = await make_party(tx, "organisation", "Sở Y tế", code="syt")
        await make_party(tx, "organisation", "Sở Nội vụ", code="snv")
        return above.id, (await make_party(tx, "unit", "Phòng Nghiệp vụ", code="syt.nv", parent_id=above.id)).id

    _above, unit = in_transaction(settings, organisations)
    profile = world.fake.profile(claims=ClaimNames(organisation="org"))
    put(settings, profile)
    linked(settings, profile, official(settings, "Đỗ Em", parent_id=unit), "em")
    for code, good in (("syt", True), ("syt.nv", True), ("snv", False), ("khong-co", False), (None, False)):
        world.fake.lies.claims = {"org": code}
        answer = world.sign_in("em")
        assert world.signed_in() is good, code
        if not good:
            refused(world, answer, "do not belong to your organisation here any more")
        world.client.cookies.clear()
    put(settings, world.fake.profile())


@pytest.mark.parametrize("how", ["suspended", "ended", "organisation suspended"])
def test_whoever_may_not_act_does_not_come_in(installed: Installed, world: World, how: str) -> None:
    _world, settings = installed

    async def work(tx: Any) -> uuid.UUID:
        above = await make_party(tx, "organisation", "Cơ quan", code=f"cq-{how}")
        return above.id

    above = in_transaction(settings, work)
    party = official(settings, "Bị khoá", parent_id=above)
    profile = world.fake.profile()
    linked(settings, profile, party, f"locked-{how}")

    async def lock(tx: Any) -> None:
        target = await get_party(tx, above if how.startswith("organisation") else party)
        await (end(tx, target) if how == "ended" else suspend(tx, target, True))

    in_transaction(settings, lock)
    refused(world, world.sign_in(f"locked-{how}"), "may not be used at present")


# --- levels --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "level"),
    [
        ({}, 1),
        ({"acr": "urn:gold"}, 3),
        ({"acr": "urn:unknown"}, 1),
        ({"amr": ["pwd", "otp"]}, 2),
        ({"amr": "otp"}, 1),
        ({"amr": [["otp"], 7]}, 1),
        ({"acr": "urn:silver", "amr": ["otp"]}, 2),
        ({"acr": 3}, 1),
        ({"acr": "3"}, 1),
    ],
    ids=str,
)
def test_levels_come_from_the_profile(installed: Installed, world: World, claims: dict[str, Any], level: int) -> None:
    _world, settings = installed
    levels = {"acr_levels": {"urn:silver": 1, "urn:gold": 3}, "amr_levels": {"otp": 2}}
    put(settings, world.fake.profile(**levels))
    world.fake.lies.claims = claims
    world.sign_in()
    assert world.rows("select level from security.session order by made_at desc limit 1") == [(level,)]
    put(settings, world.fake.profile())


def test_too_low_a_level_is_refused_and_the_right_one_asked_for(installed: Installed, world: World) -> None:
    _world, settings = installed
    put(settings, world.fake.profile(minimum_level=2, acr_levels={"low": 1, "mid": 2, "high": 3}))
    assert parse_qs(urlsplit(world.begin()).query)["acr_values"] == ["mid high"]
    world.fake.lies.claims = {"acr": "low"}
    refused(world, world.sign_in(), "level of assurance that is too low here (1, at least 2 is needed)")
    put(settings, world.fake.profile())


# --- confirming and linking ----------------------------------------------------------------------------------------


def confirm(world: World, login: str, **claims: Any) -> Any:
    answer = world.client.get("/openid/fake/confirm?next=/account", headers=PERSON, follow_redirects=False)
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    code, told = world.fake.code_for(answer.headers["location"])
    world.fake.codes[code]["login"] = login
    world.fake.lies.claims = claims
    return world.back(code, told)


def test_a_fresh_proof_by_the_provider(installed: Installed, world: World) -> None:
    _world, settings = installed
    put(settings, world.fake.profile(acr_levels={"gold": 3}))
    world.sign_in("fresh")
    old = world.client.cookies["nhip_session"]
    later = now() + timedelta(minutes=30)
    with held(later):
        answer = confirm(world, "fresh", auth_time=int(later.timestamp()), acr="gold")
    assert answer.headers["location"] == "/account"
    assert world.client.cookies["nhip_session"] != old, "the token changes where rights grow"
    rows = world.rows("select level, confirmed_at from security.session order by made_at desc limit 1")
    assert rows == [(3, later)]
    with held(later):
        out = world.client.post("/signout", headers={**PERSON, "sec-fetch-site": "same-origin"}, follow_redirects=False)
    assert "id_token_hint=" in out.text, "and the way to sign out there stays"
    put(settings, world.fake.profile())


@pytest.mark.parametrize("kind", ["no time", "old", "somebody else", "somebody new"])
def test_proofs_that_are_none(world: World, kind: str) -> None:
    world.sign_in("first")
    world.client.cookies.clear()
    world.sign_in("second")
    before = world.rows("select confirmed_at from security.session order by made_at desc limit 1")
    parties = world.rows("select count(*) from security.party")
    at = int(now().timestamp())
    login = {"somebody else": "first", "somebody new": f"new-{uuid.uuid4()}"}.get(kind, "second")
    claims = {"no time": {}, "old": {"auth_time": at - 600}}.get(kind, {"auth_time": at})
    answer = confirm(world, login, **claims)
    assert answer.headers["location"] == "/signin"
    assert world.rows("select confirmed_at from security.session order by made_at desc limit 1") == before
    assert world.rows("select count(*) from security.party") == parties, "nobody is registered by the way"


def test_a_proof_is_for_the_session_that_asked(world: World) -> None:
    world.sign_in("proof")
    began = world.client.get("/openid/fake/confirm", headers=PERSON, follow_redirects=False)
    code, told = world.fake.code_for(began.headers["location"])
    world.fake.codes[code]["login"] = "proof"
    world.fake.lies.claims = {"auth_time": int(now().timestamp())}
    world.sign_in("proof")  # another session, the first one ended
    assert world.back(code, told).headers["location"] == "/signin"


def test_a_person_links_another_account_and_unlinks_it(installed: Installed, world: World) -> None:
    _world, settings = installed
    world.sign_in("linker")
    party = party_of(world)
    began = world.client.get("/openid/other/link?next=/account", headers=PERSON, follow_redirects=False)
    code, told = world.other.code_for(began.headers["location"])
    world.other.codes[code]["login"] = "linker-there"
    assert world.back(code, told, name="other", iss=world.other.issuer).headers["location"] == "/account"
    world.client.cookies.clear()
    code, told = world.other.code_for(world.begin("other"))
    world.other.codes[code]["login"] = "linker-there"
    world.back(code, told, name="other", iss=world.other.issuer)
    assert party_of(world) == party
    mine = in_transaction(settings, lambda tx: identities.list_identities(tx, party))
    assert len(mine) == 2
    in_transaction(settings, lambda tx: people.unlink(tx, party, mine[0].id, other_ways=False))
    with pytest.raises(LastWayIn):
        in_transaction(settings, lambda tx: people.unlink(tx, party, mine[1].id, other_ways=False))


def test_the_page_of_linked_accounts(world: World) -> None:
    world.sign_in("page-1")
    text = world.client.get("/account/providers", headers=PERSON).text
    assert "Sign in with fake" in text and "page-1" in text and "/openid/other/link?next=/account/providers" in text
    assert "/openid/fake/link" not in text
    [mine] = world.rows("select id from security.openid_identity where subject = 'page-1'")[0]
    answer = world.client.post(f"/account/providers/{mine}/unlink", headers={**PERSON, "sec-fetch-site": "same-origin"})
    assert answer.status_code == 409 and "only way you can sign in" in answer.text
    [strangers] = world.rows("select id from security.openid_identity where subject <> 'page-1' limit 1")[0]
    before = world.rows("select count(*) from security.openid_identity")
    world.client.post(f"/account/providers/{strangers}/unlink", headers={**PERSON, "sec-fetch-site": "same-origin"})
    assert world.rows("select count(*) from security.openid_identity") == before


def test_linking_needs_a_fresh_proof_and_somebody(world: World) -> None:
    assert (
        world.client.get("/openid/fake/link", headers=PERSON, follow_redirects=False)
        .headers["location"]
        .startswith("/signin")
    )
    world.sign_in("stale")
    with held(now() + timedelta(minutes=90)):
        answer = world.client.get(
            "/openid/other/link", headers={**PERSON, "accept": "application/json"}, follow_redirects=False
        )
    assert answer.status_code == 403 and answer.json()["key"] == "ConfirmNeeded"


# --- signing out ---------------------------------------------------------------------------------------------------


def sessions(world: World) -> set[str]:
    return {
        sid for (sid,) in world.rows("select issuer_session from security.session where issuer = %s", world.fake.issuer)
    }


def three_sessions(world: World) -> None:
    world.rows("delete from security.session")
    for sub, sid in (("out-1", "s1"), ("out-1", "s2"), ("out-2", "s3")):
        world.fake.lies.claims = {"sid": sid}
        world.sign_in(sub)
        world.client.cookies.clear()
    assert sessions(world) == {"s1", "s2", "s3"}


def push(world: World, token: str, name: str = "fake") -> Any:
    return world.client.post(f"/openid/{name}/backchannel", data={"logout_token": token})


@pytest.mark.parametrize(
    ("told", "stay"),
    [
        ({"sid": "s1"}, {"s2", "s3"}),
        ({"sub": "out-1"}, {"s3"}),
        ({"sub": "out-1", "sid": "s2"}, {"s1", "s3"}),
        ({"sub": "out-2", "sid": "s1"}, {"s1", "s2", "s3"}),
        ({"sub": "nobody"}, {"s1", "s2", "s3"}),
    ],
    ids=["sid", "sub", "both", "of-another", "nobody"],
)
def test_exactly_the_sessions_concerned_end(world: World, told: dict[str, str], stay: set[str]) -> None:
    three_sessions(world)
    answer = push(world, world.fake.logout_token(**told))
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    assert sessions(world) == stay


def test_a_logout_token_counts_once(world: World) -> None:
    three_sessions(world)
    token = world.fake.logout_token(sid="s1")
    assert push(world, token).status_code == 200
    assert push(world, token).status_code == 400


FORGED: list[dict[str, Any]] = [
    {"nonce": "x"}, {"nonce": ""}, {"aud": "another"}, {"aud": None}, {"iss": "https://evil.example"}, {"iat": 1}, {"iat": None},
    {"exp": 1}, {"exp": None}, {"iat": 9_999_999_999}, {"events": None}, {"events": {}}, {"events": [LOGOUT]},
    {"events": {LOGOUT: True}}, {"events": {"http://x": {}}}, {"jti": None}, {"jti": ""}, {"jti": 7}, {"sid": None},
    {"sid": ["s1"]}, {"sub": {"a": 1}},
]  # fmt: skip


@pytest.mark.parametrize("changes", FORGED, ids=str)
def test_logout_tokens_that_are_none(world: World, changes: dict[str, Any]) -> None:
    three_sessions(world)
    answer = push(world, world.fake.logout_token(**{"sid": "s1", **changes}))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert sessions(world) == {"s1", "s2", "s3"}


def test_logout_tokens_signed_otherwise(world: World) -> None:
    three_sessions(world)
    good = world.fake.logout_token(sid="s1")
    claims = msgspec.json.decode(jws.extract_compact(good.encode()).payload)
    for token in (
        signed(claims, jwk.generate_key("RSA", 2048), "RS256", kid="RS256", typ="logout+jwt"),
        signed(claims, None, "none", typ="logout+jwt"),
        signed(claims, KEYS["RS256"], "RS256", kid="RS256", typ="JWT"),
        signed(claims, KEYS["RS256"], "RS256", kid="RS256"),
        world.fake.token({**world.fake.claims("n", "out-1"), "sid": "s1", "events": {LOGOUT: {}}}),
        world.other.logout_token(sid="s1"),
        "",
        good[:-3],
    ):
        assert push(world, token).status_code == 400
    assert push(world, good, name="other").status_code == 400, "for another provider"
    assert push(world, good, name="nobody").status_code == 404
    assert sessions(world) == {"s1", "s2", "s3"}
    assert push(world, good).status_code == 200


def test_signing_out_shows_the_way_to_sign_out_there_too(world: World) -> None:
    world.sign_in("leaver")
    answer = world.client.post("/signout", headers={**PERSON, "sec-fetch-site": "same-origin"}, follow_redirects=False)
    assert answer.status_code == 200 and "still be signed in at 127.0.0.1" in answer.text
    assert not world.signed_in()
    [address] = [part for part in answer.text.split('"') if part.startswith(world.fake.issuer)]
    asked = parse_qs(urlsplit(address.replace("&amp;", "&")).query)
    assert asked["post_logout_redirect_uri"] == ["http://127.0.0.1:8321/signin"]
    assert jws.extract_compact(asked["id_token_hint"][0].encode()).headers()["kid"] == "RS256"
    assert world.rows("select count(*) from security.openid_session") == world.rows(
        "select count(*) from security.session where issuer <> ''"
    ), "the ID token goes with its session"


def test_the_kept_id_token_is_sealed(world: World) -> None:
    world.sign_in("sealed")
    rows = world.rows("select sealed from security.openid_session")
    assert rows and all(row[0].startswith(b"NS1") and b"eyJ" not in row[0] for row in rows)


# --- administering -------------------------------------------------------------------------------------------------


def test_a_provider_switched_off_signs_its_people_out(installed: Installed, world: World) -> None:
    _world, settings = installed
    world.sign_in("off")
    put(settings, world.fake.profile(enabled=False))
    assert sessions(world) == set()
    assert world.client.get("/openid/fake/start", headers=PERSON, follow_redirects=False).status_code == 404
    assert "/openid/fake/start" not in world.client.get("/signin", headers=PERSON).text
    put(settings, world.fake.profile())
    world.client.cookies.clear()
    assert 'href="/openid/fake/start?next=/"' in world.client.get("/signin", headers=PERSON).text


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Fake"},
        {"name": "../x"},
        {"issuer": "http://10.0.0.1"},
        {"issuer": "https://x.example/?a=b"},
        {"issuer": "https://u:p@x.example"},
        {"issuer": "https://x.example#f"},
        {"client_id": ""},
        {"scopes": ("a b",)},
        {"minimum_level": 4},
        {"acr_levels": {"x": 0}},
        {"claims": ClaimNames(subject="email")},
        {"claims": ClaimNames(subject="")},
        {"label_vi": "x\n"},
    ],
    ids=str,
)
def test_providers_that_cannot_be_kept(installed: Installed, world: World, changes: dict[str, Any]) -> None:
    _world, settings = installed
    profile = msgspec.structs.replace(world.fake.profile(), **changes)
    with pytest.raises(BadProvider):
        in_transaction(settings, lambda tx: put_provider(tx, settings, profile, SECRET))


def test_a_secret_is_never_shown_to_another_issuer(installed: Installed, world: World) -> None:
    _world, settings = installed
    moved = msgspec.structs.replace(world.fake.profile(), issuer="https://evil.example")
    with pytest.raises(BadProvider):
        in_transaction(settings, lambda tx: put_provider(tx, settings, moved))
    with pytest.raises(IssuerTaken):
        taken = msgspec.structs.replace(world.other.profile(), issuer=world.fake.issuer)
        in_transaction(settings, lambda tx: put_provider(tx, settings, taken, SECRET))
    assert SECRET not in str(world.rows("select profile, sealed from security.openid_provider"))


async def test_trying_a_provider(installed: Installed, world: World) -> None:
    _world, settings = installed
    profile, secret = world.fake.profile(), Secret({"client_secret": SECRET})
    world.fake.lies.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_basic"]}
    findings = await providers.test_provider(settings, profile, secret)
    assert all(finding.well for finding in findings), findings
    findings = await providers.test_provider(settings, profile, Secret({"client_secret": "wrong"}))
    assert [f.what for f in findings if not f.well] == ["It accepts our credentials"]
    world.fake.lies = Lies(metadata={"issuer": "https://evil.example"})
    [finding] = await providers.test_provider(settings, profile, secret)
    assert not finding.well


def test_private_key_jwt(installed: Installed, world: World) -> None:
    """The provider checks our assertion by the keys that we publish; see the real provider in tests/e2e for the whole way."""
    _world, settings = installed
    profile = msgspec.structs.replace(PROFILES["vneid"], name="signer", issuer="https://signer.example", client_id="c")
    in_transaction(settings, lambda tx: put_provider(tx, settings, profile))
    [key] = world.client.get("/openid/signer/jwks.json").json()["keys"]
    assert key["alg"] == "ES256" and "d" not in key
    in_transaction(settings, lambda tx: put_provider(tx, settings, profile))
    assert world.client.get("/openid/signer/jwks.json").json()["keys"] == [key], "the key stays"
    in_transaction(settings, lambda tx: remove_provider(tx, "signer"))
    with pytest.raises(ProviderNotFound):
        in_transaction(settings, lambda tx: get_provider(tx, settings, "signer"))


def test_providers_by_the_command_line(installed: Installed, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _world, settings = installed
    monkeypatch.setenv("NHIP_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("NHIP_OUTGOING_PRIVATE", "127.0.0.0/8")
    monkeypatch.setenv("NHIP_CLIENT_SECRET", SECRET)
    base = ["--data-dir", str(settings.data_dir), "provider"]

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(cli, [*base, *arguments])

    done = run(
        "add",
        "byhand",
        "--profile",
        "keycloak",
        "--issuer",
        "https://kc.example",
        "--client-id",
        "c",
        "--set",
        "minimum_level=2",
    )
    assert done.exit_code == 0 and "/openid/byhand/callback" in done.output, (done.output, done.exception)
    [made] = [one for one in msgspec.json.decode(run("list", "--json").output) if one["provider"]["name"] == "byhand"]
    assert made["provider"]["minimum_level"] == 2 and made["has_secret"] and SECRET not in str(made)
    tried = run("test", "fake", "--json")
    assert "credentials" in tried.output and all(one["well"] for one in msgspec.json.decode(tried.output)), tried.output
    assert run("remove", "byhand").exit_code == 0
    assert "byhand" not in run("list", "--json").output
