"""The token endpoint: client credentials (RFC 6749 4.4) by secret or signed assertion (RFC 7523), revocation (RFC 7009)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, unquote_plus

import msgspec

from nhip.db import Database
from nhip.kernel.actor import Actor, act_as
from nhip.kernel.i18n import _
from nhip.kernel.time import now
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.security.openid import store as spent
from nhip.security.openid.addresses import public_address
from nhip.security.openid.jose import (
    BadToken,
    audiences,
    header_of,
    key_for,
    moment,
    public_keys,
    signed,
    text,
    unproven,
)
from nhip.security.programs import quota, store
from nhip.security.programs.bearer import find_caller, may_come_from, wait_of
from nhip.security.programs.errors import InvalidClient, InvalidRequest, InvalidScope, UnsupportedGrant
from nhip.security.programs.model import Caller
from nhip.security.programs.texts import new_text, parse
from nhip.settings import Settings
from nhip.web import metrics
from nhip.web.errors import TooMany

LASTS = timedelta(hours=1)
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_ASSERTION_S = 600.0
SKEW_S = 60.0
_MOST_FIELDS = 30
TOKENS = metrics.Counter("nhip_tokens_issued_total", "Access tokens given to programs.")


class Asked(msgspec.Struct, frozen=True):
    """A request to the token or revocation endpoint: its form, its Authorization header, where it came from."""

    form: Mapping[str, str]
    authorization: str = ""
    address: str = ""

    def __repr__(self) -> str:
        """Without the form, which holds secrets."""
        return "Asked(***)"


class Given(msgspec.Struct, frozen=True):
    """The successful answer (RFC 6749 5.1)."""

    access_token: str
    scope: str
    expires_in: int = int(LASTS.total_seconds())
    token_type: str = "Bearer"

    def __repr__(self) -> str:
        """Without the token, so that it cannot reach a log."""
        return f"Given(scope={self.scope!r})"


def read_form(body: bytes) -> dict[str, str]:
    """The fields of an urlencoded form; empty ones count as absent, none may come twice (RFC 6749 3.2). Raises InvalidRequest."""
    try:
        pairs = parse_qsl(body.decode("ascii"), max_num_fields=_MOST_FIELDS, errors="strict")
    except (UnicodeDecodeError, ValueError) as error:
        raise InvalidRequest(why=_("it is not a form")) from error
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidRequest(why=_("a field comes twice"))
    return found


async def give_token(db: Database, settings: Settings, asked: Asked) -> Given:
    """An access token for an authenticated client. Raises OAuthRefused of some kind, TooMany."""
    client = await authenticate(db, settings, asked)
    if asked.form.get("grant_type") is None:
        raise InvalidRequest(why=_("grant_type is missing"))
    if asked.form["grant_type"] != "client_credentials":
        raise UnsupportedGrant
    scopes = narrowed(asked.form.get("scope", ""), client.scopes)
    good, lefts = await quota.take(db, client)
    if not good:
        raise TooMany(seconds=wait_of(lefts))
    public_id, made = new_text("token")
    parsed = parse(made)
    assert parsed is not None
    with act_as(Actor(client.party, client.name, client.organisation_code, "client", asked.address)):
        async with db.tx() as tx:
            await store.insert_token(tx, parsed.hashed, client.id, scopes, now() + LASTS)
            await store.touch_credential(tx, client.id, asked.address)
            told = {"key": client.public_id, "token": public_id, "scopes": scopes}
            await note(tx, Event(kind="token.issued", what=f"party:{client.party}", data=told))
    TOKENS.add()
    return Given(made, " ".join(scopes))


def narrowed(asked: str, allowed: list[str]) -> list[str]:
    """The scopes to give: those asked for, all of the client's where none is named. Raises InvalidScope for any other."""
    wanted = list(dict.fromkeys(asked.split(" "))) if asked else list(allowed)
    for name in wanted:
        if name not in allowed:
            raise InvalidScope(name=name[:100] if name.isprintable() else "?")
    return wanted


async def revoke_token(db: Database, settings: Settings, asked: Asked) -> None:
    """Take back a token of the client that asks; of others' and unknown ones nothing is told (RFC 7009 2.2)."""
    client = await authenticate(db, settings, asked)
    if "token" not in asked.form:
        raise InvalidRequest(why=_("token is missing"))
    parsed = parse(asked.form["token"])
    if parsed is None or parsed.kind != "token":
        return
    with act_as(Actor(client.party, client.name, client.organisation_code, "client", asked.address)):
        async with db.tx() as tx:
            if await store.delete_token(tx, parsed.hashed, client.id):
                told = {"key": client.public_id, "token": parsed.public_id}
                await note(tx, Event(kind="token.revoked", what=f"party:{client.party}", data=told))


async def authenticate(db: Database, settings: Settings, asked: Asked) -> Caller:
    """The client that asks; it must prove itself in exactly one way (RFC 6749 2.3). Raises InvalidClient, InvalidRequest."""
    basic = asked.authorization.partition(" ")[0].lower() == "basic"
    ways = [basic, "client_secret" in asked.form, "client_assertion" in asked.form]
    if sum(ways) > 1:
        raise InvalidRequest(why=_("the client proves itself in more than one way"))
    if ways[2]:
        client = await _by_assertion(db, settings, asked.form)
    elif basic or ways[1]:
        client = await _by_secret(db, *(_of_basic(asked.authorization) if basic else _of_form(asked.form)), asked.form)
    else:
        raise InvalidClient
    if not may_come_from(client.networks, asked.address):
        raise InvalidClient
    return client


def _of_form(form: Mapping[str, str]) -> tuple[str, str]:
    return form.get("client_id", ""), form["client_secret"]


def _of_basic(authorization: str) -> tuple[str, str]:
    """Id and secret, each form-encoded before they are joined (RFC 6749 2.3.1)."""
    try:
        name, _colon, word = (
            base64.b64decode(authorization.partition(" ")[2].strip(), validate=True).decode().partition(":")
        )
    except (binascii.Error, UnicodeDecodeError) as error:
        raise InvalidClient from error
    return unquote_plus(name), unquote_plus(word)


async def _by_secret(db: Database, client_id: str, secret: str, form: Mapping[str, str]) -> Caller:
    parsed = parse(secret)
    if parsed is None or parsed.kind != "client" or parsed.public_id != client_id:
        raise InvalidClient
    if form.get("client_id", client_id) != client_id:
        raise InvalidClient
    async with db.read() as tx:
        found = await find_caller(tx, parsed)
    if found is None:
        raise InvalidClient
    return found


async def _by_assertion(db: Database, settings: Settings, form: Mapping[str, str]) -> Caller:
    """Signed by a key that was registered with the client, for this installation, once (RFC 7523 3)."""
    if form.get("client_assertion_type") != ASSERTION:
        raise InvalidRequest(why=_("the type of the assertion is missing or unknown"))
    assertion = form["client_assertion"]
    try:
        header = header_of(assertion)
        client_id = text(unproven(assertion), "sub")
        async with db.read() as tx:
            found = await store.find_caller(tx, "client", client_id)
        if found is None or found.jwks is None or form.get("client_id", client_id) != client_id:
            raise InvalidClient
        claims = signed(assertion, key_for(header, public_keys(found.jwks)))
        jti, until = check_assertion(claims, client_id, audiences_of(settings), now().timestamp())
    except BadToken as error:
        raise InvalidClient from error
    async with db.tx() as tx:
        await spent.forget(tx, now() - LASTS)
        if not await spent.spend(tx, f"client:{client_id}", jti, datetime.fromtimestamp(until, UTC)):
            raise InvalidClient
    return found


def audiences_of(settings: Settings) -> tuple[str, str]:
    """Whom an assertion must be made out to: us as an issuer, or our token endpoint."""
    here = public_address(settings)
    return here, f"{here}/oauth/token"


def check_assertion(claims: dict[str, object], client_id: str, ours: tuple[str, ...], at: float) -> tuple[str, float]:
    """The assertion's `jti`, and until when it must be remembered. Raises BadToken."""
    told, expires, made, begins = audiences(claims), moment(claims, "exp"), moment(claims, "iat"), moment(claims, "nbf")
    jti = text(claims, "jti")
    if claims.get("iss") != client_id or claims.get("sub") != client_id or len(told) != 1 or told[0] not in ours:
        raise BadToken(_("it is meant for somebody else"))
    if expires is None or not jti or not at - SKEW_S < expires <= at + LONGEST_ASSERTION_S + SKEW_S:
        raise BadToken(_("it has expired"))
    if any(start is not None and start > at + SKEW_S for start in (made, begins)):
        raise BadToken(_("it does not count yet; the clocks of the two systems may differ"))
    return jti, expires + 2 * SKEW_S
