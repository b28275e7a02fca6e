"""People and their browsers over the real pages and a real database; an authenticator in software that makes real passkeys."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from pathlib import Path
from typing import Any

import cbor2
import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from litestar import Litestar, Request, get, post

from nhip import security
from nhip.db.installation import Installation
from nhip.kernel.actor import SYSTEM, act_as
from nhip.kernel.time import now
from nhip.security import pages
from nhip.security.model import Account
from nhip.security.parties.service import make_account, make_party
from nhip.security.passwords import hash_password
from nhip.security.permissions.guard import permitted
from nhip.security.permissions.service import give_role
from nhip.security.protect import protect
from nhip.security.service import begin_session, ends_at
from nhip.security.store import NewSession
from nhip.settings import Settings
from nhip.web.app import build

PASSWORD = "ghe xanh mua thu bay"
HOME = "http://localhost:8321"
COOKIES = "localhost.local"
"""What Python's cookie jar calls localhost."""
AGENT = "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 tests"
TEMPLATES = {"security": Path(security.__file__).parent / "templates"}


@get("/console", permission="dataset.read")
async def console(request: Request[Any, Any, Any]) -> str:
    return f"hello {request.scope['who'].name}, level {request.scope['who'].level}"


@get("/sensitive", permission="party.edit")
async def sensitive() -> str:
    return "sensitive"


@post("/sensitive", permission="party.edit", status_code=200)
async def change(request: Request[Any, Any, Any]) -> dict[str, list[str]]:
    form = await request.form()
    return {name: form.getall(name) for name in form}


class World:
    """The sign-in pages of one installation, with two pages behind them."""

    def __init__(self, installation: Installation, **changed: Any) -> None:
        self.installation, self.db, self.since = installation, installation.db, 0
        self.settings: Settings = msgspec.structs.replace(installation.settings, **changed)
        routes = [*pages.ROUTES, console, sensitive, change]
        more = {"guards": [permitted], "layers": protect(self.settings), "state": {"db": self.db}}
        self.app: Litestar = build(self.settings, routes=routes, templates=TEMPLATES, **more)

    def browser(self, address: str = "198.51.100.7", home: str = HOME, **headers: str) -> httpx.AsyncClient:
        """A browser of its own at `address`."""
        said = {"user-agent": AGENT, "accept": "text/html", "accept-language": "en", "sec-fetch-site": "same-origin"}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(address, 50_000))
        return httpx.AsyncClient(transport=transport, base_url=home, headers=said | headers)

    async def person(self, name: str = "lan", *roles: str, password: bool = True, parent: Any = None) -> Account:
        """Somebody who may sign in under `name` with PASSWORD, and has `roles`."""
        async with self.db.tx() as tx:
            party = await make_party(tx, "person", f"Person {name}", parent_id=parent)
            for role in roles:
                await give_role(tx, party.id, role)
            return await make_account(tx, party, name, await hash_password(PASSWORD) if password else None)

    async def session(self, account: Account, level: int = 1, method: str = "password") -> str:
        """The token of a session that has just begun in a browser of ours."""
        new = NewSession(method=method, level=level, ends_at=ends_at(12), address="198.51.100.7", agent=AGENT)
        with act_as(SYSTEM):  # the pages are asked in this very task, and the last one's actor stays in it
            async with self.db.tx() as tx:
                return await begin_session(tx, account, new)

    async def signed_in(self, account: Account, level: int = 1) -> httpx.AsyncClient:
        """A browser in which the account is signed in."""
        browser = self.browser()
        browser.cookies.set("nhip_session", await self.session(account, level), domain=COOKIES)
        return browser

    def other(self, **changed: Any) -> World:
        """The same people under other settings."""
        made = World(self.installation, **changed)
        made.since = self.since
        return made

    async def empty(self) -> None:
        """Nobody is here any more; what the ledger tells from now on is of this test."""
        async with self.db.tx() as tx:
            for table in ("account", "assignment", "party", "attempt", "invitation"):
                await tx.execute(f"delete from security.{table}")  # type: ignore[arg-type]
        ((self.since,),) = await self.rows("select size from ledger.tip")

    async def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a query gives."""
        async with self.db.read() as tx:
            return await (await tx.execute(query, values)).fetchall()  # type: ignore[call-overload]

    async def events(self, account: Account | None = None) -> list[str]:
        """The kinds of events about an account (or about nobody), the oldest first."""
        what = f"party:{account.party_id}" if account else ""
        query = "select kind from ledger.event where what = %s and seq >= %s order by seq"
        return [kind for (kind,) in await self.rows(query, what, self.since)]


async def sign_in(
    browser: httpx.AsyncClient, name: str = "lan", password: str = PASSWORD, **more: str
) -> httpx.Response:
    """What the form answers."""
    return await browser.post("/signin", data={"name": name, "password": password, **more})


def in_past(minutes: int) -> str:
    """SQL that moves the last proof of every session into the past."""
    return f"update security.session set confirmed_at = confirmed_at - interval '{minutes} minutes'"


async def age_proofs(world: World, minutes: int = 16) -> None:
    """Every session's last proof becomes older."""
    async with world.db.tx() as tx:
        await tx.execute(in_past(minutes))  # type: ignore[arg-type]


class Authenticator:
    """A security key in software (WebAuthn Level 3, 6): ES256, discoverable, verifies its user unless told not to."""

    def __init__(self, origin: str = HOME, rp: str = "localhost") -> None:
        self.origin, self.rp = origin, rp
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(32)
        self.user = b""
        self.count = 0
        self.flags = 0x05
        """User present and verified."""

    def create(self, options: dict[str, Any], **other: Any) -> dict[str, Any]:
        """The answer to `navigator.credentials.create`."""
        self.user = _bytes(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        data = self._data(0x40) + bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cose
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"], **other)
        response = {
            "clientDataJSON": _text(client),
            "attestationObject": _text(attestation),
            "transports": ["internal"],
        }
        return self._credential(response)

    def get(self, options: dict[str, Any], **other: Any) -> dict[str, Any]:
        """The answer to `navigator.credentials.get`."""
        self.count += 1
        client = self._client("webauthn.get", options["challenge"], **other)
        data = self._data(0)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        response = {"clientDataJSON": _text(client), "authenticatorData": _text(data), "signature": _text(signature)}
        return self._credential({**response, "userHandle": _text(self.user)})

    def _data(self, more: int) -> bytes:
        return hashlib.sha256(self.rp.encode()).digest() + bytes([self.flags | more]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, asked: str, **other: Any) -> bytes:
        told = {"type": kind, "challenge": asked, "origin": self.origin, "crossOrigin": False, **other}
        return json.dumps(told).encode()

    def _credential(self, response: dict[str, Any]) -> dict[str, Any]:
        return {"id": _text(self.id), "rawId": _text(self.id), "type": "public-key", "response": response}


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


async def options(browser: httpx.AsyncClient, address: str) -> dict[str, Any]:
    """What the browser is asked to sign."""
    answer = await browser.post(f"{address}/options", json={}, headers={"accept": "application/json"})
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def send(browser: httpx.AsyncClient, address: str, credential: dict[str, Any], **more: str) -> httpx.Response:
    """Send a passkey's answer."""
    return await browser.post(address, json={"credential": credential, **more}, headers={"accept": "application/json"})


async def add_passkey(browser: httpx.AsyncClient, name: str = "phone") -> Authenticator:
    """Register a passkey for whoever is signed in."""
    made = Authenticator()
    answer = await send(
        browser, "/account/passkeys", made.create(await options(browser, "/account/passkeys")), name=name
    )
    assert answer.status_code == 200, answer.text
    return made


async def add_totp(world: World, account: Account) -> str:
    """Switch one-time codes on; gives the secret. No code is used up by it."""
    from nhip.security.secrets import Vault
    from nhip.security.signin import store, totp

    vault = Vault(world.settings)
    async with world.db.tx() as tx:
        await totp.begin(tx, vault, account)
        secret = await totp.find_unconfirmed(tx, vault, account)
        await store.confirm_totp(tx, account.id)
    assert secret is not None
    return secret


def code_of(secret: str, steps: int = 0) -> str:
    """The code of the present step, or of one so many steps away."""
    import pyotp

    return pyotp.TOTP(secret).at(int(now().timestamp()) + 30 * steps)
