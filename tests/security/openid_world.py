"""An identity provider that a test makes lie, and an installation that people sign in to by it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import itertools
import secrets
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote_plus, urlsplit

import msgspec
import psycopg
import pytest
from joserfc import jwk, jws
from litestar.testing import TestClient

from nhip.app import create_app
from nhip.db import Database
from nhip.kernel.time import now
from nhip.security.openid import remote
from nhip.security.openid.model import Provider
from nhip.security.openid.providers import put_provider
from nhip.security.service import find_administrator, set_administrator_password
from nhip.settings import Settings
from nhip.testing.fakeserver import FakeServer, Reply, Request, json_reply

HOME = "http://127.0.0.1:8321"
PERSON = {"accept": "text/html", "accept-language": "en"}
SECRET = "fake-provider's secret: 100% & more"
KEYS = {
    "RS256": jwk.generate_key("RSA", 2048),
    "ES256": jwk.generate_key("EC", "P-256"),
    "EdDSA": jwk.generate_key("OKP", "Ed25519"),
}
_any = jws.JWSRegistry(
    algorithms=["RS256", "RS512", "PS256", "ES256", "HS256", "none", "Ed25519"], strict_check_header=False
)
_any.max_header_length = 100_000
_numbers = itertools.count()
T = TypeVar("T")


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(claims: Any, key: Any, alg: str, **header: Any) -> str:
    """A token signed just so, even where nobody should."""
    told = {"alg": alg, **{k: v for k, v in header.items() if v is not None}}
    if alg in ("none", "EdDSA") or "crit" in header:
        head, body = b64(msgspec.json.encode(told)), b64(msgspec.json.encode(claims))
        good = key.get_op_key("sign").sign(f"{head}.{body}".encode()) if alg == "EdDSA" else b""
        return f"{head}.{body}.{b64(good)}"
    return jws.serialize_compact(told, msgspec.json.encode(claims), key, registry=_any)


class Lies(msgspec.Struct, kw_only=True):
    """How the provider departs from the truth; each test sets what it is about."""

    alg: str = "RS256"
    key: Any = None
    header: dict[str, Any] = {}
    claims: dict[str, Any] = {}
    """Changes of the ID token's claims; None takes one away."""
    token: Callable[[str], str] = lambda token: token
    answer: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    userinfo: dict[str, Any] = {}
    jwks: Any = None
    wrong_issuer: str = ""
    replies: dict[str, Reply] = {}
    """Path -> what is answered instead."""


class FakeProvider:
    """A provider whose endpoints are honest about what they check (client, code, PKCE), unless told otherwise."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lies = Lies()
        self.codes: dict[str, dict[str, str]] = {}
        self.server = FakeServer(self._answer)
        self.issuer = ""

    def start(self) -> None:
        self.issuer = self.server.start()

    def profile(self, **changes: Any) -> Provider:
        settings = {"unknown": "citizen", "label_en": f"Sign in with {self.name}", **changes}
        return Provider(name=self.name, issuer=self.issuer, client_id="nhip & co", **settings)

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.server.requests if request.path == path]

    def code_for(self, location: str) -> tuple[str, dict[str, str]]:
        """What happens in front of the person: the authorization request becomes a code."""
        asked = dict(parse_qsl(urlsplit(location).query))
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return code, asked

    def claims(self, nonce: str, sub: str) -> dict[str, Any]:
        at = int(now().timestamp())
        told = {"iss": self.issuer, "aud": "nhip & co", "sub": sub, "nonce": nonce, "iat": at, "exp": at + 300}
        return told

    def token(self, claims: dict[str, Any]) -> str:
        lies = self.lies
        told = {k: v for k, v in {**claims, **lies.claims}.items() if v is not None}
        key = lies.key or KEYS["EdDSA" if lies.alg == "Ed25519" else "RS256" if lies.alg == "PS256" else lies.alg]
        header = {"kid": lies.alg if lies.key is None else None, "typ": "JWT", **lies.header}
        return lies.token(signed(told, key, lies.alg, **header))

    def logout_token(self, sub: str = "", sid: str = "", **changes: Any) -> str:
        at = int(now().timestamp())
        event = {"http://schemas.openid.net/event/backchannel-logout": {}}
        told = {
            "iss": self.issuer,
            "aud": "nhip & co",
            "iat": at,
            "exp": at + 120,
            "jti": secrets.token_hex(8),
            "events": event,
        }
        told |= {k: v for k, v in {"sub": sub, "sid": sid}.items() if v}
        kept = {k: v for k, v in {**told, **changes}.items() if v is not None}
        return signed(kept, KEYS["RS256"], "RS256", **{"kid": "RS256", "typ": "logout+jwt", **self.lies.header})

    def jwks(self) -> dict[str, Any]:
        keys = [{**key.as_dict(private=False), "kid": alg, "use": "sig"} for alg, key in KEYS.items()]
        aliases = [{**keys[0], "kid": "PS256"}, {**keys[2], "kid": "Ed25519"}]
        return {"keys": keys + aliases}

    def _answer(self, request: Request) -> Reply | None:
        if request.path in self.lies.replies:
            return self.lies.replies[request.path]
        if request.path == "/.well-known/openid-configuration":
            return json_reply({k: v for k, v in {**self._metadata(), **self.lies.metadata}.items() if v is not None})
        if request.path == "/jwks":
            return json_reply(self.jwks() if self.lies.jwks is None else self.lies.jwks)
        if request.path == "/userinfo":
            return json_reply({"sub": "an", **self.lies.userinfo})
        return self._token(request) if request.path == "/token" else None

    def _metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth?tenant=hue",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "end_session_endpoint": f"{self.issuer}/end",
            "authorization_response_iss_parameter_supported": True,
            "backchannel_logout_supported": True,
            "code_challenge_methods_supported": ["S256"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        }

    def _token(self, request: Request) -> Reply:
        kind, _space, proof = request.headers.get("authorization", "").partition(" ")
        user, _colon, word = base64.b64decode(proof).decode().partition(":") if kind == "Basic" else ("", "", "")
        if (unquote_plus(user), unquote_plus(word)) != ("nhip & co", SECRET):
            return json_reply({"error": "invalid_client"}, 401)
        asked = self.codes.pop(request.form.get("code", ""), None)
        verifier = hashlib.sha256(request.form.get("code_verifier", "").encode()).digest()
        if (
            asked is None
            or b64(verifier) != asked["code_challenge"]
            or request.form["redirect_uri"] != asked["redirect_uri"]
        ):
            return json_reply({"error": "invalid_grant"}, 400)
        claims = self.claims(asked["nonce"], asked.get("login", "an"))
        return json_reply(
            {"token_type": "Bearer", "access_token": "at-1", "id_token": self.token(claims), **self.lies.answer}
        )


class World:
    """One installation with two providers, and what a browser does there."""

    def __init__(self, client: TestClient[Any], honest: FakeProvider, other: FakeProvider, url: str) -> None:
        self.client, self.fake, self.other, self.url = client, honest, other, url

    def begin(self, name: str = "fake", query: str = "") -> str:
        """The address that the browser is sent to."""
        answer = self.client.get(f"/openid/{name}/start{query}", headers=PERSON, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    def back(self, code: str | None, asked: dict[str, str], name: str = "fake", **changes: Any) -> Any:
        told = {"code": code, "state": asked["state"], "iss": self.fake.issuer, **changes}
        query = {k: v for k, v in told.items() if v is not None}
        return self.client.get(f"/openid/{name}/callback", params=query, headers=PERSON, follow_redirects=False)

    def sign_in(self, sub: str = "", query: str = "") -> Any:
        """The whole way; a new person each time unless `sub` says who."""
        code, asked = self.fake.code_for(self.begin(query=query))
        self.fake.codes[code]["login"] = sub or f"person-{next(_numbers)}"
        return self.back(code, asked)

    def signed_in(self) -> bool:
        return bool(self.client.cookies.get("nhip_session"))

    def rows(self, query: str, *values: Any) -> list[Any]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(query, values)  # type: ignore[call-overload]
            return list(cursor.fetchall()) if cursor.description else []


@contextlib.contextmanager
def two_providers() -> Iterator[tuple[FakeProvider, FakeProvider]]:
    fake, other = FakeProvider("fake"), FakeProvider("other")
    fake.start()
    other.start()
    try:
        yield fake, other
    finally:
        fake.server.stop()
        other.server.stop()


@contextlib.contextmanager
def own_settings(postgres: Any, template: str, suffix: str, **changes: Any) -> Iterator[Settings]:
    """Settings of an installation for one file of tests, with a database and a folder of its own."""
    name, folder = f"{template}_{suffix}", Path(tempfile.mkdtemp(prefix="nhip-test-"))
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f'create database "{name}" template "{template}" strategy file_copy')  # type: ignore[call-overload]
    yield Settings(
        data_dir=folder, database_url=postgres.url(name), signins_per_minute=0, requests_per_minute=0, **changes
    )
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f'drop database "{name}" with (force)')  # type: ignore[call-overload]
    shutil.rmtree(folder, ignore_errors=True)


def in_transaction(settings: Settings, work: Callable[[Any], Awaitable[T]]) -> T:
    """What `work` gives, done in a transaction of its own."""

    async def inside() -> T:
        db = Database(settings.database_url, size=1)
        await db.open()
        try:
            async with db.tx() as tx:
                return await work(tx)
        finally:
            await db.close()

    return asyncio.run(inside())


def put(settings: Settings, *profiles: Any) -> None:
    async def work(tx: Any) -> None:
        if await find_administrator(tx) is None:
            await set_administrator_password(tx)
        for profile in profiles:
            await put_provider(tx, settings, profile, SECRET)

    in_transaction(settings, work)


@pytest.fixture(scope="module")
def installed(postgres: Any, template_database: str) -> Iterator[tuple[World, Settings]]:
    """One installation for the file: sign-ins do not disturb each other."""
    private = {"outgoing_private": "127.0.0.0/8", "fetch_timeout_s": 30}
    with own_settings(postgres, template_database, "openid", **private) as settings, two_providers() as (fake, other):
        put(settings, fake.profile(), other.profile())
        with TestClient(create_app(settings), base_url=HOME) as client:
            yield World(client, fake, other, settings.database_url), settings


@pytest.fixture
def world(installed: tuple[World, Settings]) -> Iterator[World]:
    made, _settings = installed
    yield made
    made.client.cookies.clear()
    for provider in (made.fake, made.other):
        provider.lies = Lies()
        provider.codes.clear()
        provider.server.requests.clear()
        remote.forget(provider.issuer)


def refused(world: World, answer: Any, text: str) -> None:
    assert (answer.status_code, answer.headers.get("location")) == (303, "/signin")
    assert "nhip_session" not in answer.headers["set-cookie"] and not world.signed_in()
    page = world.client.get("/signin", headers=PERSON).text
    assert text in page and "notice-alarm" in page, page
