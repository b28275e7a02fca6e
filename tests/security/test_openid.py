"""Signing in by an identity provider, honest and hostile, through the whole application. The real one is in tests/e2e."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from litestar.testing import TestClient

from nhip.app import create_app
from nhip.kernel.time import held, now
from nhip.settings import Settings
from nhip.testing.fakeserver import Reply, json_reply
from tests.security.openid_world import (
    HOME,
    KEYS,
    PERSON,
    FakeProvider,
    Lies,
    World,
    b64,
    installed,
    put,
    refused,
    signed,
    world,
)

__all__ = ["installed", "world"]


# --- the honest way ------------------------------------------------------------------------------------------------


def test_a_citizen_comes_in_and_is_known_again(world: World) -> None:
    world.fake.lies.claims = {"name": "Nguyễn Thị An", "email": "an@example.vn", "email_verified": True, "sid": "s-1"}
    answer = world.sign_in("an-1", "?next=/console/datasets%3Fq%3Dtruong")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/datasets?q=truong")
    assert world.signed_in()
    [(party, kind, name, email)] = world.rows(
        "select p.id, p.kind, p.name, p.email from security.party p join security.openid_identity i on i.party_id = p.id"
        " where i.subject = 'an-1'"
    )
    assert (kind, name, email) == ("person", "Nguyễn Thị An", "an@example.vn")
    assert world.rows("select role from security.assignment where party_id = %s", party) == [("citizen",)]
    session = world.rows(
        "select s.method, s.level, s.issuer, s.issuer_session, s.issuer_subject from security.session s"
        " join security.account a on a.id = s.account_id where a.party_id = %s", party,
    )  # fmt: skip
    assert session == [("openid:fake", 1, world.fake.issuer, "s-1", "an-1")]
    world.sign_in("an-1")
    assert world.rows("select count(*) from security.openid_identity where subject = 'an-1'") == [(1,)]


def test_the_request_asks_for_all_that_protects_it(world: World) -> None:
    asked = parse_qs(urlsplit(world.begin()).query)
    assert asked["tenant"] == ["hue"], "the query of the endpoint itself stays"
    assert asked["response_type"] == ["code"] and asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [f"{HOME}/openid/fake/callback"]
    assert asked["ui_locales"] == ["en"] and asked["scope"] == ["openid profile email"]
    for secret in ("state", "nonce", "code_challenge"):
        assert len(asked[secret][0]) == 43
    [cookie] = [c for c in world.client.cookies.jar if c.name.startswith("nhip_openid_")]
    assert cookie.has_nonstandard_attr("HttpOnly") and cookie.get_nonstandard_attr("SameSite") == "lax"
    rows = world.rows("select * from security.openid_flow order by made_at desc limit 1")
    assert cookie.value not in str(rows) and asked["state"][0] not in str(rows) and asked["nonce"][0] not in str(rows)


def test_over_https_the_cookie_is_bound_to_the_host(installed: tuple[World, Settings]) -> None:
    _made, settings = installed
    secure = msgspec.structs.replace(settings, base_url="https://nhip.example")
    with TestClient(create_app(secure), base_url="https://nhip.example") as client:
        answer = client.get("/openid/fake/start", headers=PERSON, follow_redirects=False)
    assert answer.headers["set-cookie"].startswith("__Host-nhip_openid_") and "Secure" in answer.headers["set-cookie"]
    assert "redirect_uri=https%3A%2F%2Fnhip.example%2Fopenid%2Ffake%2Fcallback" in answer.headers["location"]


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"])
def test_accepted_signatures(world: World, alg: str) -> None:
    world.fake.lies = Lies(alg=alg)
    assert world.sign_in().status_code == 303


def test_two_tabs_do_not_disturb_each_other(world: World) -> None:
    one, two = (world.fake.code_for(world.begin()) for _tab in range(2))
    assert world.back(*one).status_code == 303
    assert world.back(*two).status_code == 303


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_the_way_back_never_leads_elsewhere(world: World, wanted: str) -> None:
    assert world.sign_in(query=f"?next={wanted}").headers["location"] == "/"


def test_a_provider_may_ask_for_no_pictures_of_it_to_begin_sign_ins(world: World) -> None:
    answer = world.client.get(
        "/openid/fake/start", headers={**PERSON, "sec-fetch-dest": "image"}, follow_redirects=False
    )
    assert answer.status_code == 403 and "set-cookie" not in answer.headers


# --- state, browser, replay ----------------------------------------------------------------------------------------

GONE = "This sign-in is no longer valid"


def test_a_state_counts_once(world: World) -> None:
    code, asked = world.fake.code_for(world.begin())
    assert world.back(code, asked).status_code == 303
    world.client.cookies.clear()
    refused(world, world.back(code, asked), GONE)


def test_a_code_counts_once_even_with_another_state(world: World) -> None:
    code, asked = world.fake.code_for(world.begin())
    world.back(code, asked)
    world.client.cookies.clear()
    _code, again = world.fake.code_for(world.begin())
    refused(world, world.back(code, again), GONE)


def test_a_stolen_code_does_not_fit_another_sign_in(world: World) -> None:
    """Code injection: the victim's code in the attacker's own flow fails PKCE at the honest token endpoint."""
    stolen, _asked = world.fake.code_for(world.begin())
    _code, own = world.fake.code_for(world.begin())
    refused(world, world.back(stolen, own), GONE)


def test_another_browser_cannot_end_it(world: World) -> None:
    code, asked = world.fake.code_for(world.begin())
    world.client.cookies.clear()
    refused(world, world.back(code, asked), GONE)
    assert world.fake.asked("/token") == []


@pytest.mark.parametrize("state", [None, "", "x", "A" * 43])
def test_a_state_that_nobody_gave(world: World, state: str | None) -> None:
    code, asked = world.fake.code_for(world.begin())
    refused(world, world.back(code, asked, state=state), GONE)


def test_a_state_twice_in_the_address(world: World) -> None:
    code, asked = world.fake.code_for(world.begin())
    query = f"code={code}&state={asked['state']}&state=x&iss={world.fake.issuer}"
    refused(world, world.client.get(f"/openid/fake/callback?{query}", headers=PERSON, follow_redirects=False), GONE)


def test_after_ten_minutes_it_is_too_late(world: World) -> None:
    code, asked = world.fake.code_for(world.begin())
    with held(now() + timedelta(minutes=10, seconds=1)):
        refused(world, world.back(code, asked), GONE)


def test_the_answer_of_one_provider_does_not_end_a_sign_in_by_another(world: World) -> None:
    code, asked = world.fake.code_for(world.begin())
    refused(world, world.back(code, asked, name="other"), GONE)
    assert world.other.asked("/token") == []


@pytest.mark.parametrize("iss", ["https://evil.example", "", None])
def test_mix_up_is_noticed_before_the_code_is_sent(world: World, iss: str | None) -> None:
    code, asked = world.fake.code_for(world.begin())
    refused(world, world.back(code, asked, iss=iss), "cannot be trusted")
    assert world.fake.asked("/token") == []


def test_a_refusal_is_told_and_never_repeats_strangers_words(world: World) -> None:
    _code, asked = world.fake.code_for(world.begin())
    answer = world.back(None, asked, error="access_denied", error_description="Call 0900 now")
    refused(world, answer, "you turned back at the identity provider")
    _code, asked = world.fake.code_for(world.begin())
    refused(world, world.back(None, asked, error="<b>call 0900</b>"), "(error)")
    _code, asked = world.fake.code_for(world.begin())
    refused(world, world.back(None, asked, error="login_required"), "(login_required)")


def test_strangers_refusals_are_noted_in_the_ledger_by_kind_only(world: World) -> None:
    world.fake.lies.claims = {"aud": "somebody else"}
    world.sign_in()
    [(body,)] = world.rows("select body from ledger.event where kind = 'signin.failed' order by seq desc limit 1")
    assert "TokenRefused" in body and "person-" not in body


# --- the ID token --------------------------------------------------------------------------------------------------


def test_a_signature_by_another_key(world: World) -> None:
    from joserfc import jwk

    world.fake.lies = Lies(key=jwk.generate_key("RSA", 2048), header={"kid": "RS256"})
    refused(world, world.sign_in(), "its signature is wrong")


def test_a_changed_claim(world: World) -> None:
    def forged(token: str) -> str:
        head, _body, good = token.split(".")
        return ".".join((head, b64(msgspec.json.encode(world.fake.claims("x", "admin"))), good))

    world.fake.lies.token = forged
    refused(world, world.sign_in(), "its signature is wrong")


@pytest.mark.parametrize("alg", ["none", "None", "HS256", "RS512", "HS512"])
def test_other_algorithms(world: World, alg: str) -> None:
    def forged(token: str) -> str:
        import hashlib
        import hmac

        head = b64(msgspec.json.encode({"alg": alg, "kid": "RS256"}))
        body = token.split(".")[1]
        public = KEYS["RS256"].as_pem(private=False)
        good = hmac.new(public, f"{head}.{body}".encode(), hashlib.sha256).digest() if alg.startswith("HS") else b""
        return f"{head}.{body}.{b64(good)}"

    world.fake.lies.token = forged
    refused(world, world.sign_in(), "signed in a way that is not accepted")


def test_a_public_key_published_as_a_shared_secret_is_no_key(world: World) -> None:
    shared = {"kty": "oct", "k": b64(b"0" * 32), "kid": "HS256", "alg": "HS256"}
    world.fake.lies = Lies(jwks={"keys": [shared]})
    refused(world, world.sign_in(), "not one of the issuer")


def test_keys_that_the_token_brings_along_are_not_looked_at(world: World) -> None:
    from joserfc import jwk

    own = jwk.generate_key("RSA", 2048)
    for injected in (
        {"jwk": own.as_dict(private=False), "kid": None},
        {"jku": f"{world.other.issuer}/jwks", "kid": "evil"},
        {"x5u": f"{world.other.issuer}/cert", "kid": "RS256"},
        {"kid": "../../jwks"},
        {"kid": f"{world.other.issuer}/jwks"},
    ):
        world.fake.lies = Lies(key=own, header=injected)
        refused(world, world.sign_in(), "cannot be trusted")
    assert world.other.server.requests == []


def test_a_header_that_demands_more_is_refused(world: World) -> None:
    world.fake.lies.token = lambda _token: signed({}, None, "RS256", crit=["exp"], exp=1)
    refused(world, world.sign_in(), "its header cannot be read")


def test_an_encryption_key_checks_no_signature(world: World) -> None:
    keys = [{**KEYS["RS256"].as_dict(private=False), "kid": "RS256", "use": "enc"}]
    world.fake.lies = Lies(jwks={"keys": keys})
    refused(world, world.sign_in(), "not one of the issuer")


def test_a_small_key_is_no_key(world: World) -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from joserfc import jwk
    from joserfc.errors import SecurityWarning

    with pytest.warns(SecurityWarning):
        small = jwk.RSAKey.import_key(rsa.generate_private_key(65537, 1024))
    world.fake.lies = Lies(
        key=small, header={"kid": "small"}, jwks={"keys": [{**small.as_dict(private=False), "kid": "small"}]}
    )
    refused(world, world.sign_in(), "not one of the issuer")


CLAIMS: list[tuple[dict[str, Any], str]] = [
    ({"iss": "https://evil.example"}, "another issuer made it"),
    ({"iss": None}, "another issuer made it"),
    ({"aud": "another-client"}, "meant for somebody else"),
    ({"aud": ["another-client"]}, "meant for somebody else"),
    ({"aud": None}, "meant for somebody else"),
    ({"aud": ["nhip & co", "another"]}, "meant for somebody else"),
    ({"aud": ["nhip & co", "another"], "azp": "another"}, "meant for somebody else"),
    ({"azp": "another"}, "meant for somebody else"),
    ({"exp": 1}, "it has expired"),
    ({"exp": None}, "how long it counts"),
    ({"iat": None}, "how long it counts"),
    ({"iat": 1}, "it has expired"),
    ({"exp": "tomorrow"}, "a time in it cannot be read"),
    ({"exp": True}, "a time in it cannot be read"),
    ({"exp": 1e300}, "a time in it cannot be read"),
    ({"nonce": None}, "made for another sign-in"),
    ({"nonce": "another"}, "made for another sign-in"),
    ({"nonce": ["x"]}, "a text in it cannot be used"),
    ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, "does not belong to the access token"),
    ({"sub": None}, "it names nobody"),
    ({"sub": ""}, "it names nobody"),
    ({"sub": "x" * 256}, "a text in it cannot be used"),
    ({"sub": "an\0"}, "a text in it cannot be used"),
    ({"sub": {"$ne": 1}}, "a text in it cannot be used"),
    ({"name": ["An"]}, "a text in it cannot be used"),
]


@pytest.mark.parametrize(("claims", "why"), CLAIMS, ids=[str(claims)[:60] for claims, _why in CLAIMS])
def test_claims_that_are_not_for_us(world: World, claims: dict[str, Any], why: str) -> None:
    world.fake.lies.claims = claims
    refused(world, world.sign_in(), why)


def test_clocks_may_differ_by_a_minute(world: World) -> None:
    at = int(now().timestamp())
    for claims, good in (
        ({"exp": at - 50}, True),
        ({"exp": at - 70}, False),
        ({"iat": at + 50}, True),
        ({"iat": at + 90}, False),
        ({"nbf": at + 50}, True),
        ({"nbf": at + 90}, False),
    ):
        world.fake.lies.claims = claims
        world.sign_in()
        assert world.signed_in() is good, claims
        world.client.cookies.clear()


def test_for_two_audiences_it_must_be_made_out_to_us(world: World) -> None:
    world.fake.lies.claims = {"aud": ["another", "nhip & co"], "azp": "nhip & co"}
    assert world.sign_in().status_code == 303


def test_a_right_at_hash(world: World) -> None:
    import hashlib

    world.fake.lies.claims = {"at_hash": b64(hashlib.sha256(b"at-1").digest()[:16])}
    assert world.sign_in().status_code == 303


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "a.b.c.d", "é.b.c", "e30.e30.", "W10.W10.x", "x" * 70_000])
def test_no_token_at_all(world: World, token: str) -> None:
    world.fake.lies.token = lambda _token: token
    refused(world, world.sign_in(), "")


# --- what is published ---------------------------------------------------------------------------------------------


def test_newer_keys_are_looked_for_once_a_minute(world: World) -> None:
    old = {"keys": [{**KEYS["ES256"].as_dict(private=False), "kid": "old"}]}
    at = now()
    with held(at):
        world.fake.lies = Lies(jwks=old)
        refused(world, world.sign_in(), "not one of the issuer")
        assert len(world.fake.asked("/jwks")) == 1, "it had just been fetched"
        for _try in range(5):
            world.sign_in()
        assert len(world.fake.asked("/jwks")) == 1
    with held(at + timedelta(seconds=61)):
        world.fake.lies.jwks = None
        assert world.sign_in().status_code == 303, "the provider changed its key"
        assert len(world.fake.asked("/jwks")) == 2
    assert len(world.fake.asked("/.well-known/openid-configuration")) == 1


METADATA: list[dict[str, Any]] = [
    {"issuer": "https://evil.example"},
    {"issuer": None},
    {"token_endpoint": None},
    {"token_endpoint": "http://10.0.0.1/token"},
    {"jwks_uri": "file:///etc/passwd"},
    {"authorization_endpoint": "javascript:alert(1)"},
    {"authorization_endpoint": "http://user:word@127.0.0.1/auth"},
    {"code_challenge_methods_supported": ["plain"]},
    {"end_session_endpoint": "http://evil.example/"},
]


@pytest.mark.parametrize("changes", METADATA, ids=str)
def test_metadata_that_cannot_be_trusted(world: World, changes: dict[str, Any]) -> None:
    world.fake.lies.metadata = changes
    answer = world.client.get("/openid/fake/start", headers=PERSON, follow_redirects=False)
    refused(world, answer, "cannot be used")


def away(address: str) -> Reply:
    return Reply(status=302, headers={"Location": address})


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/jwks", "/token", "/userinfo"])
@pytest.mark.parametrize(
    "reply",
    [
        away("http://169.254.169.254/latest/meta-data/"),
        away("http://127.0.0.1:1/"),
        Reply(body=b"x" * (600 << 10)),
        Reply(body=b"not json"),
        Reply(body=b"[]", headers={"Content-Type": "application/json"}),
        Reply(body=b"\xff\xfe"),
        Reply(status=500),
        json_reply({"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}] * 101}),
    ],
    ids=["metadata service", "elsewhere", "huge", "no json", "a list", "no text", "broken", "many keys"],
)
def test_answers_that_lead_away_or_are_no_answers(installed, world: World, path: str, reply: Reply) -> None:
    _world, settings = installed
    if path == "/userinfo":
        put(settings, world.fake.profile(userinfo=True))
    world.fake.lies.replies = {path: reply}
    if path.startswith("/.well-known"):
        answer = world.client.get("/openid/fake/start", headers=PERSON, follow_redirects=False)
    else:
        answer = world.sign_in()
    put(settings, world.fake.profile())
    refused(world, answer, "")


def test_userinfo_adds_claims_of_the_same_person_only(installed, world: World) -> None:
    _world, settings = installed
    put(settings, world.fake.profile(userinfo=True))
    try:
        world.fake.lies.userinfo = {"sub": "u-1", "name": "Trần Bình"}
        assert world.sign_in("u-1").status_code == 303
        world.client.cookies.clear()
        [asked] = world.fake.asked("/userinfo")
        assert asked.headers["authorization"] == "Bearer at-1"
        refused(world, world.sign_in("u-2"), "its userinfo is about somebody else")
    finally:
        put(settings, world.fake.profile())
    [(name,)] = world.rows(
        "select p.name from security.party p join security.openid_identity i on i.party_id = p.id where i.subject = 'u-1'"
    )
    assert name == "Trần Bình"


def test_the_two_providers_do_not_share_people(world: World) -> None:
    world.fake.lies.claims = world.other.lies.claims = {"email": "same@example.vn", "email_verified": True}
    world.sign_in("same")
    code, asked = world.other.code_for(world.begin("other"))
    world.other.codes[code]["login"] = "same"
    assert world.back(code, asked, name="other", iss=world.other.issuer).status_code == 303
    found = world.rows("select distinct party_id from security.openid_identity where subject = 'same'")
    assert len(found) == 2, "an equal subject or e-mail links nothing"


def test_an_unverified_email_is_not_kept(world: World) -> None:
    world.fake.lies.claims = {"email": "boss@example.vn"}
    world.sign_in("mail")
    assert world.rows("select count(*) from security.party where email = 'boss@example.vn'") == [(0,)]


def test_a_provider_that_is_not_there(world: World) -> None:
    assert world.client.get("/openid/nobody/start", headers=PERSON, follow_redirects=False).status_code == 404
    assert world.client.get("/openid/nobody/jwks.json").status_code == 404
    refused(world, world.back("x", {"state": "y"}, name="nobody"), GONE)


def test_fake_provider_is_honest_about_itself(world: World) -> None:
    """Without lies the fake provider's own checks hold, else the tests above would prove nothing."""
    wrong = FakeProvider("x")
    code, asked = world.fake.code_for(world.begin())
    world.fake.codes[code]["code_challenge"] = b64(b"0" * 32)
    assert wrong.codes == {}
    refused(world, world.back(code, asked), GONE)
