"""Properties of what strangers may send: key texts, forms, assertions, tokens, addresses."""

from __future__ import annotations

import base64
import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.kernel.time import now
from nhip.security.limits import kinds_of
from nhip.security.openid import claims as judged
from nhip.security.openid.addresses import is_fit, with_query
from nhip.security.openid.jose import BadToken, Header, header_of, public_keys, unproven
from nhip.security.openid.model import Provider
from nhip.security.programs.errors import InvalidRequest, InvalidScope
from nhip.security.programs.oauth import check_assertion, narrowed, read_form
from nhip.security.programs.quota import block_of, bounds
from nhip.security.programs.texts import PREFIXES, new_text, parse

KINDS = st.sampled_from(sorted(PREFIXES))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
CLAIMS = st.dictionaries(
    st.sampled_from(
        ["iss", "sub", "aud", "azp", "exp", "iat", "nbf", "nonce", "jti", "events", "sid", "at_hash", "auth_time"]
    ),
    JSON,
)
PROVIDER = Provider(name="p", issuer="https://p.example", client_id="c", acr_levels={"high": 3})


@given(KINDS)
def test_a_made_text_is_read_back(kind: Any) -> None:
    public_id, text = new_text(kind)
    parsed = parse(text)
    assert parsed is not None and (parsed.kind, parsed.public_id, len(text)) == (
        kind,
        public_id,
        len(PREFIXES[kind]) + 63,
    )
    assert new_text(kind)[1] != text


@given(KINDS, st.data())
def test_every_slip_of_one_letter_is_noticed(kind: Any, data: st.DataObject) -> None:
    text = new_text(kind)[1]
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.characters(codec="utf-8").filter(lambda c: c != text[place]))
    for slipped in (
        text[:place] + letter + text[place + 1 :],
        text[:place] + text[place + 1 :],
        text[:place] + letter + text[place:],
    ):
        assert parse(slipped) is None or slipped == text


@given(st.text())
def test_any_text_is_a_key_or_none(text: str) -> None:
    assert parse(text) is None


@given(st.binary(max_size=300))
def test_any_body_is_a_form_or_refused(body: bytes) -> None:
    try:
        form = read_form(body)
    except InvalidRequest:
        return
    assert all(isinstance(value, str) and value for value in form.values())


@given(st.text(alphabet="ab c", max_size=12), st.lists(st.sampled_from("abc"), min_size=1, unique=True))
def test_scopes_never_grow(asked: str, allowed: list[str]) -> None:
    try:
        assert set(narrowed(asked, allowed)) <= set(allowed)
    except InvalidScope:
        assert not set(asked.split(" ")) <= set(allowed)


@given(
    st.text(max_size=300)
    | st.builds(lambda *p: ".".join(p), st.text(max_size=50), st.text(max_size=50), st.text(max_size=50))
)
def test_any_text_is_a_token_or_refused(text: str) -> None:
    for read in (header_of, unproven):
        with pytest.raises(BadToken):
            read(text)


@given(JSON)
def test_any_header_is_read_or_refused(value: Any) -> None:
    head = base64.urlsafe_b64encode(msgspec.json.encode(value)).decode()
    with contextlib.suppress(BadToken):
        assert header_of(f"{head}.e30.x").alg in ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")


@given(JSON)
def test_any_document_is_a_key_set_or_refused(value: Any) -> None:
    for document in (value, {"keys": value}, {"keys": [value]}, {"keys": [{"kty": "RSA", "n": value, "e": value}]}):
        with contextlib.suppress(BadToken):
            assert public_keys(document) == () or document


@given(CLAIMS)
def test_random_claims_never_pass_as_anything(claims: dict[str, Any]) -> None:
    at, header = now().timestamp(), Header("RS256", typ="logout+jwt")
    for look in (
        lambda: judged.check_id_token(claims, header, PROVIDER, nonce="n", access_token="a", at=at),
        lambda: judged.check_logout_token(claims, header, PROVIDER, at),
        lambda: check_assertion(claims, "c", ("https://here",), at),
    ):
        with pytest.raises(BadToken):
            look()


@given(CLAIMS | st.dictionaries(st.sampled_from(["acr", "amr", "name", "email"]), JSON))
def test_levels_are_one_to_three(claims: dict[str, Any]) -> None:
    assert 1 <= judged.level_of(PROVIDER, claims) <= 3


@given(st.text(max_size=60))
def test_addresses_are_judged_without_a_stumble(text: str) -> None:
    for address in (text, f"https://{text}", f"http://{text}", f"http://127.0.0.1{text}"):
        fit = is_fit(address)
        assert not fit or address.startswith(("https://", "http://127.0.0.1", "http://localhost", "http://[::1]"))


def test_addresses_that_look_like_this_machine() -> None:
    for address in (
        "http://127.0.0.1.evil.example/",
        "http://localhost@evil.example/",
        "http://evil.example#@localhost",
        "http://[::1",
    ):
        assert not is_fit(address)
    assert with_query("https://x/a?b=1&state=old", state="new", empty="") == "https://x/a?b=1&state=new"


@given(st.integers(1, 10**8))
def test_blocks_waste_little(quota: int) -> None:
    assert 1 <= block_of(quota) <= max(1, quota // 50)


@given(st.datetimes(timezones=st.just(now().tzinfo)))
def test_spans_hold_their_moment(at: Any) -> None:
    for span in ("minute", "day"):
        start, finish = bounds(span, at)  # type: ignore[arg-type]
        assert start <= at < finish


def test_a_flood_of_signed_logouts_is_not_a_flood_of_sign_ins() -> None:
    assert kinds_of("POST", "/openid/keycloak/backchannel") == ("requests",)
    assert kinds_of("POST", "/openid/x/backchannel/signin") == ("requests", "signin")
    assert kinds_of("POST", "/oauth/token") == ("requests", "signin")
    assert kinds_of("GET", "/openid/keycloak/callback") == ("requests", "signin")
