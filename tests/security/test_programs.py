"""Keys and OAuth clients of programs through the whole application."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote_plus

import msgspec
import psycopg
import pytest
from click.testing import CliRunner
from joserfc import jwk
from litestar.testing import TestClient

from nhip.app import create_app
from nhip.cli import cli
from nhip.db.terminal import print_table
from nhip.kernel.time import held, now
from nhip.security.parties.errors import PartyNotFound
from nhip.security.parties.service import get_party, make_party, suspend
from nhip.security.permissions.service import give_role, take_role
from nhip.security.permissions.store import list_of_party
from nhip.security.programs import quota
from nhip.security.programs.errors import BadKeyLimits, NotAProgram, ScopeNotHeld, TooManyKeys, UnknownScope
from nhip.security.programs.model import Caller, Issued, Limits
from nhip.security.programs.service import (
    MOST_KEYS,
    issue_client,
    issue_key,
    list_keys,
    make_program,
    revoke_key,
)
from nhip.security.service import set_administrator_password
from nhip.settings import Settings
from tests.security.edge import client_at
from tests.security.openid_world import HOME, in_transaction, own_settings, signed

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SIGNER = jwk.generate_key("EC", "P-256")


class Place:
    """An installation with one organisation and one program in it."""

    def __init__(
        self, client: TestClient[Any], settings: Settings, organisation: uuid.UUID, program: uuid.UUID
    ) -> None:
        self.client, self.settings, self.organisation, self.program = client, settings, organisation, program

    def limits(self, **changes: Any) -> Limits:
        told = {"scopes": ("dataset.read", "metrics.read"), "expires_at": now() + timedelta(days=1), **changes}
        return Limits(**told)

    def key(self, **changes: Any) -> Issued:
        return in_transaction(self.settings, lambda tx: issue_key(tx, self.program, "test", self.limits(**changes)))

    def oauth_client(self, jwks: Any = None, **changes: Any) -> Issued:
        limits = self.limits(**changes)
        return in_transaction(self.settings, lambda tx: issue_client(tx, self.program, "test", limits, jwks))

    def get(self, path: str, text: str, **headers: str) -> Any:
        return self.client.get(
            path, headers={"authorization": f"Bearer {text}", "accept": "application/json", **headers}
        )

    def token(self, issued: Issued, **form: str) -> Any:
        pair = f"{quote_plus(issued.credential.public_id)}:{quote_plus(issued.text)}"
        headers = {"authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
        return self.client.post("/oauth/token", data={"grant_type": "client_credentials", **form}, headers=headers)

    def rows(self, query: str, *values: Any) -> list[Any]:
        with psycopg.connect(self.settings.database_url, autocommit=True) as connection:
            return list(connection.execute(query, values).fetchall())  # type: ignore[call-overload]


@pytest.fixture(scope="module")
def place(postgres: Any, template_database: str) -> Iterator[Place]:
    with own_settings(postgres, template_database, "programs") as settings:

        async def fill(tx: Any) -> tuple[uuid.UUID, uuid.UUID]:
            await set_administrator_password(tx)
            organisation = await make_party(tx, "organisation", "Sở Giao thông", code="sgt")
            return organisation.id, (await make_program(tx, "Phần mềm xe buýt", organisation.id)).id

        organisation, program = in_transaction(settings, fill)
        with TestClient(create_app(settings), base_url=HOME) as client:
            yield Place(client, settings, organisation, program)


@pytest.fixture(autouse=True)
def no_keys_left(place: Place) -> Iterator[None]:
    yield

    async def work(tx: Any) -> None:
        for one in await list_keys(tx, place.program):
            await revoke_key(tx, one.id)

    in_transaction(place.settings, work)
    place.client.cookies.clear()


# --- keys ----------------------------------------------------------------------------------------------------------


def test_a_key_opens_what_its_scopes_and_the_programs_rights_both_allow(place: Place) -> None:
    made = place.key(scopes=("metrics.read",))
    assert place.get("/metrics", made.text).status_code == 200
    answer = place.get("/console/datasets", made.text)
    assert answer.status_code == 403
    assert answer.headers["www-authenticate"] == 'Bearer realm="nhip", error="insufficient_scope", scope="dataset.read"'


def test_only_a_hash_is_kept_and_nothing_prints_the_text(place: Place) -> None:
    made = place.key()
    [(row, kept)] = place.rows(
        "select c::text, secret_hash from security.program_credential c where id = %s", made.credential.id
    )
    assert made.text not in row and kept == hashlib.sha256(made.text.encode()).digest()
    assert made.text not in repr(made)
    [(body,)] = place.rows("select body from ledger.event where kind = 'key.made' order by seq desc limit 1")
    assert made.credential.public_id in body and made.text not in body and made.text[20:40] not in body


@pytest.mark.parametrize("change", ["letter", "cut", "longer", "prefix", "case", "space", "empty", "another id"])
def test_a_text_that_is_not_quite_right(place: Place, change: str) -> None:
    made, other = place.key(), place.key()
    text = made.text
    wrong = {
        "letter": text[:30] + ("a" if text[30] != "a" else "b") + text[31:],
        "cut": text[:-1],
        "longer": text + "0",
        "prefix": text.replace("nhip_", "nhipt_"),
        "case": text.swapcase(),
        "space": text[:20] + " " + text[20:],
        "empty": "",
        "another id": text.replace(made.credential.public_id, other.credential.public_id),
    }[change]
    answer = place.get("/metrics", wrong)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith('Bearer realm="nhip"')


def test_a_wrong_secret_with_a_right_checksum(place: Place) -> None:
    from nhip.security.programs.texts import PREFIXES, _checksum

    body = f"{PREFIXES['key']}_{place.key().credential.public_id}_{'A' * 43}"
    assert place.get("/metrics", body + _checksum(body)).status_code == 401


def test_a_key_counts_in_the_header_only(place: Place) -> None:
    text = place.key().text
    for query in (f"access_token={text}", f"api_key={text}", f"key={text}", f"Authorization=Bearer%20{text}"):
        assert place.client.get(f"/metrics?{query}", headers={"accept": "application/json"}).status_code == 401
    for header in (
        {"x-api-key": text},
        {"authorization": text},
        {"authorization": f"Basic {text}"},
        {"cookie": f"nhip_session={text}"},
    ):
        assert place.client.get("/metrics", headers={"accept": "application/json", **header}).status_code == 401


def test_revoked_at_once(place: Place) -> None:
    made = place.key()
    assert place.get("/metrics", made.text).status_code == 200
    in_transaction(place.settings, lambda tx: revoke_key(tx, made.credential.id))
    assert place.get("/metrics", made.text).status_code == 401


def test_expired(place: Place) -> None:
    made = place.key(expires_at=now() + timedelta(hours=1))
    with held(now() + timedelta(hours=1, seconds=1)):
        assert place.get("/metrics", made.text).status_code == 401


def test_a_program_that_may_not_act_or_whose_organisation_may_not(place: Place) -> None:
    made = place.key()
    for party in (place.program, place.organisation):

        async def toggle(tx: Any, to: bool, party: uuid.UUID = party) -> None:
            await suspend(tx, await get_party(tx, party), to)

        in_transaction(place.settings, lambda tx: toggle(tx, True))
        assert place.get("/metrics", made.text).status_code == 401
        in_transaction(place.settings, lambda tx: toggle(tx, False))
        assert place.get("/metrics", made.text).status_code == 200


def test_a_role_taken_back_narrows_the_key_at_once(place: Place) -> None:
    async def other(tx: Any) -> uuid.UUID:
        return (await make_program(tx, "Khác", place.organisation)).id

    program = in_transaction(place.settings, other)
    made = in_transaction(place.settings, lambda tx: issue_key(tx, program, "", place.limits()))
    assert place.get("/metrics", made.text).status_code == 200

    async def take(tx: Any) -> None:
        for one in await list_of_party(tx, program):
            await take_role(tx, one.id)

    in_transaction(place.settings, take)
    assert place.get("/metrics", made.text).status_code == 403


def test_a_right_given_later_is_not_in_the_key(place: Place) -> None:
    async def more(tx: Any) -> uuid.UUID:
        party = await make_program(tx, "Nhiều quyền", place.organisation)
        return party.id

    program = in_transaction(place.settings, more)
    made = in_transaction(place.settings, lambda tx: issue_key(tx, program, "", place.limits(scopes=("dataset.read",))))
    in_transaction(place.settings, lambda tx: give_role(tx, program, "administrator"))
    assert place.get("/metrics", made.text).status_code == 403


def test_networks(place: Place) -> None:
    made = place.key(networks=("203.0.113.0/24", "2001:db8::/32"))
    assert place.get("/metrics", made.text).status_code == 401, "the caller is not from there"
    with TestClient(create_app(place.settings), base_url=HOME) as client:
        for address, good in (
            ("203.0.113.9", True),
            ("2001:db8::9", True),
            ("198.51.100.1", False),
            ("::ffff:203.0.113.9", True),
        ):
            answer = client.blocking_portal.call(_from, client.app, address, made.text)
            assert (answer == 200) is good, address
    noted = place.rows("select body from ledger.event where kind = 'access.refused' order by seq desc limit 1")
    assert made.credential.public_id in noted[0][0] and made.text not in noted[0][0]


async def _from(app: Any, address: str, text: str) -> int:
    headers = {"authorization": f"Bearer {text}", "accept": "application/json"}
    async with client_at(app, address, HOME, headers) as client:
        return (await client.get("/metrics")).status_code


def test_the_last_use_is_noted_coarsely(place: Place) -> None:
    made = place.key()
    for _try in range(2):
        place.get("/metrics", made.text)
    [(used,)] = place.rows("select last_used_at from security.program_credential where id = %s", made.credential.id)
    place.get("/metrics", made.text)
    assert place.rows("select last_used_at from security.program_credential where id = %s", made.credential.id) == [
        (used,)
    ]


# --- quotas --------------------------------------------------------------------------------------------------------


def test_a_quota_by_the_minute(place: Place) -> None:
    made = place.key(per_minute=3)
    at = now().replace(second=10, microsecond=0)
    with held(at):
        left = []
        for _try in range(3):
            answer = place.get("/metrics", made.text)
            left.append(answer.headers["ratelimit"])
            assert answer.status_code == 200
        assert [one.partition(",")[0] for one in left] == [f'"minute";r={n};t=50' for n in (2, 1, 0)]
        assert answer.headers["ratelimit-policy"] == '"minute";q=3;w=60, "day";q=100000;w=86400'
        over = place.get("/metrics", made.text)
        assert over.status_code == 429 and over.json()["key"] == "TooMany"
        assert 1 <= int(over.headers["retry-after"]) <= 60
    with held(at + timedelta(seconds=50)):
        assert place.get("/metrics", made.text).status_code == 200


def test_a_quota_by_the_day_begins_anew_at_midnight_in_vietnam(place: Place) -> None:
    made = place.key(per_day=2, expires_at=now() + timedelta(days=30))
    at = (now() + timedelta(days=1)).replace(hour=16, minute=59, second=0)
    with held(at):
        assert [place.get("/metrics", made.text).status_code for _try in range(3)] == [200, 200, 429]
        assert int(place.get("/metrics", made.text).headers["retry-after"]) <= 60
    with held(at + timedelta(minutes=1)):
        assert place.get("/metrics", made.text).status_code == 200


async def test_processes_together_never_exceed_a_quota(installation: Any) -> None:
    """Four processes, each with a memory of its own, take from one quota at once."""
    async with installation.db.tx() as tx:
        party = await make_program(tx, "đếm")
        limits = Limits(scopes=("metrics.read",), expires_at=now() + timedelta(days=1), per_minute=500)
        made = await issue_key(tx, party.id, "", limits)
    caller = Caller(
        id=made.credential.id, public_id="x", secret_hash=None, jwks=None, scopes=[], networks=[], per_minute=500,
        per_day=1_000_000, last_used_at=None, party=party.id, name="", organisation=None, organisation_code="", epoch=1,
    )  # fmt: skip
    memories: list[Any] = [type(quota._held)() for _process in range(4)]
    with held(now().replace(second=5)):
        granted = 0
        for round_ in range(400):
            quota._held, before = memories[round_ % 4], quota._held
            try:
                granted += (await quota.take(installation.db, caller))[0]
                granted += (await quota.take(installation.db, caller))[0]
            finally:
                quota._held = before
        assert 500 - 4 * quota.block_of(500) <= granted <= 500
        many = await asyncio.gather(*(quota.take(installation.db, caller) for _call in range(20)))
        assert granted + sum(good for good, _lefts in many) <= 500


# --- issuing -------------------------------------------------------------------------------------------------------


def test_a_key_never_gives_what_the_program_does_not_have(place: Place) -> None:
    for scope, why in (
        ("party.edit", ScopeNotHeld),
        ("no.such", UnknownScope),
        ("public", UnknownScope),
        ("", UnknownScope),
    ):
        with pytest.raises(why):
            place.key(scopes=(scope,))


@pytest.mark.parametrize(
    "changes",
    [
        {"scopes": ()},
        {"expires_at": None},
        {"expires_at": "far"},
        {"per_minute": 0},
        {"per_minute": 10**9},
        {"per_day": -1},
        {"networks": ("example.org",)},
        {"networks": ("10.0.0.0/8",) * 51},
    ],
    ids=str,
)
def test_limits_that_cannot_be(place: Place, changes: dict[str, Any]) -> None:
    if "expires_at" in changes:
        changes = {"expires_at": now() + timedelta(days=731) if changes["expires_at"] else now() - timedelta(seconds=1)}
    with pytest.raises(BadKeyLimits):
        place.key(**changes)


def test_people_get_no_keys(place: Place) -> None:
    async def work(tx: Any) -> None:
        person = await make_party(tx, "person", "An")
        await give_role(tx, person.id, "administrator")
        await issue_key(tx, person.id, "", place.limits())

    with pytest.raises(NotAProgram):
        in_transaction(place.settings, work)
    with pytest.raises(PartyNotFound):
        in_transaction(place.settings, lambda tx: issue_key(tx, uuid.uuid4(), "", place.limits()))


def test_not_too_many_keys(place: Place) -> None:
    async def work(tx: Any) -> None:
        for _key in range(MOST_KEYS + 1):
            await issue_key(tx, place.program, "", place.limits())

    with pytest.raises(TooManyKeys):
        in_transaction(place.settings, work)


# --- OAuth ---------------------------------------------------------------------------------------------------------


def test_a_token_for_a_client(place: Place) -> None:
    client = place.oauth_client()
    answer = place.token(client)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    given = answer.json()
    assert (given["token_type"], given["expires_in"], given["scope"]) == ("Bearer", 3600, "dataset.read metrics.read")
    assert place.get("/metrics", given["access_token"]).status_code == 200
    [(row,)] = place.rows("select t::text from security.program_token t order by made_at desc limit 1")
    assert given["access_token"] not in row
    [(body,)] = place.rows("select body from ledger.event where kind = 'token.issued' order by seq desc limit 1")
    assert client.credential.public_id in body and given["access_token"] not in body
    with held(now() + timedelta(hours=1, seconds=1)):
        assert place.get("/metrics", given["access_token"]).status_code == 401


def test_scopes_only_get_narrower(place: Place) -> None:
    client = place.oauth_client()
    given = place.token(client, scope="metrics.read").json()
    assert given["scope"] == "metrics.read"
    assert place.get("/console/datasets", given["access_token"]).status_code == 403
    for scope in ("party.edit", "dataset.read party.edit", "dataset.read  metrics.read", "\x00", " "):
        answer = place.token(client, scope=scope)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope"), scope


def test_a_client_secret_opens_no_page_and_a_key_gets_no_token(place: Place) -> None:
    client, made = place.oauth_client(), place.key()
    assert place.get("/metrics", client.text).status_code == 401
    assert place.token(made).json()["error"] == "invalid_client"


def test_the_secret_in_the_form(place: Place) -> None:
    client = place.oauth_client()
    form = {"grant_type": "client_credentials", "client_id": client.credential.public_id, "client_secret": client.text}
    assert place.client.post("/oauth/token", data=form).status_code == 200


def test_revoking_a_client_ends_its_tokens_at_once(place: Place) -> None:
    client = place.oauth_client()
    token = place.token(client).json()["access_token"]
    in_transaction(place.settings, lambda tx: revoke_key(tx, client.credential.id))
    assert place.get("/metrics", token).status_code == 401
    assert place.token(client).json()["error"] == "invalid_client"


def test_a_token_is_given_back_by_its_client_only(place: Place) -> None:
    client, other = place.oauth_client(), place.oauth_client()
    token = place.token(client).json()["access_token"]

    def revoke(by: Issued) -> Any:
        form = {"token": token, "client_id": by.credential.public_id, "client_secret": by.text}
        return place.client.post("/oauth/revoke", data=form)

    assert revoke(other).status_code == 200
    assert place.get("/metrics", token).status_code == 200
    assert revoke(client).status_code == 200
    assert place.get("/metrics", token).status_code == 401
    assert revoke(client).status_code == 200, "nothing is told about tokens that are not there"


BAD: list[tuple[str, dict[str, str], int, str]] = [
    ("no grant", {"grant_type": ""}, 400, "invalid_request"),
    ("password", {"grant_type": "password", "username": "admin", "password": "x"}, 400, "unsupported_grant_type"),
    ("code", {"grant_type": "authorization_code", "code": "x"}, 400, "unsupported_grant_type"),
    ("refresh", {"grant_type": "refresh_token", "refresh_token": "x"}, 400, "unsupported_grant_type"),
    ("two ways", {"client_secret": "x"}, 400, "invalid_request"),
    ("two ways again", {"client_assertion": "x"}, 400, "invalid_request"),
    ("another client", {"client_id": "another"}, 401, "invalid_client"),
]


@pytest.mark.parametrize(("_name", "form", "status", "code"), BAD, ids=[one[0] for one in BAD])
def test_requests_for_tokens_that_are_refused(
    place: Place, _name: str, form: dict[str, str], status: int, code: str
) -> None:
    answer = place.token(place.oauth_client(), **form)
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert answer.headers["cache-control"] == "no-store"
    assert ("www-authenticate" in answer.headers) is (status == 401)


def test_strangers_and_broken_headers(place: Place) -> None:
    client = place.oauth_client()
    form = {"grant_type": "client_credentials"}
    pairs = (f"{client.credential.public_id}:", f":{client.text}", client.text, f"{'A' * 12}:{client.text}", "é:é")
    texts = ["Basic", "Basic !!!", "Basic /w==", f"Bearer {client.text}", "Negotiate x", ""]
    for text in texts + ["Basic " + base64.b64encode(pair.encode()).decode() for pair in pairs]:
        answer = place.client.post("/oauth/token", data=form, headers={"authorization": text})
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), text
        assert answer.headers["www-authenticate"] == 'Basic realm="nhip"'


def test_bodies_that_are_no_form(place: Place) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    bodies: list[tuple[bytes, dict[str, str]]] = [
        (b'{"grant_type":"client_credentials"}', {"content-type": "application/json"}),
        (b"grant_type=client_credentials&grant_type=client_credentials", kind),
        (b"\xff\xfe=1", kind),
        (b"&".join(b"a%d=1" % n for n in range(40)), kind),
        (b"grant_type=client_credentials", {}),
    ]
    for body, headers in bodies:
        answer = place.client.post("/oauth/token", content=body, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), body
    assert place.client.post("/oauth/token", content=b"a=" + b"x" * 30_000, headers=kind).status_code == 413


def test_secrets_in_the_address_are_refused(place: Place) -> None:
    client = place.oauth_client()
    query = f"client_id={client.credential.public_id}&client_secret={client.text}"
    answer = place.client.post(f"/oauth/token?{query}", data={"grant_type": "client_credentials"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert place.client.get(f"/oauth/token?grant_type=client_credentials&{query}").status_code == 405


def test_a_page_of_another_site_gets_no_token(place: Place) -> None:
    client = place.oauth_client()
    form = {"grant_type": "client_credentials", "client_id": client.credential.public_id, "client_secret": client.text}
    headers = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert place.client.post("/oauth/token", data=form, headers=headers).status_code == 403


def test_tokens_count_against_the_quota(place: Place) -> None:
    client = place.oauth_client(per_minute=2)
    with held(now().replace(second=5)):
        assert [place.token(client).status_code for _try in range(3)] == [200, 200, 429]


def test_what_is_published(place: Place) -> None:
    told = place.client.get("/.well-known/oauth-authorization-server").json()
    assert told["issuer"] == HOME and told["token_endpoint"] == f"{HOME}/oauth/token"
    assert told["grant_types_supported"] == ["client_credentials"] and told["response_types_supported"] == []
    assert "none" not in told["token_endpoint_auth_signing_alg_values_supported"]
    assert "metrics.read" in told["scopes_supported"] and "party.edit" not in told["scopes_supported"]


# --- clients that sign ---------------------------------------------------------------------------------------------


def assertion(client: Issued, key: Any = SIGNER, alg: str = "ES256", header: Any = None, **changes: Any) -> str:
    at, name = int(now().timestamp()), client.credential.public_id
    told = {"iss": name, "sub": name, "aud": HOME, "iat": at, "exp": at + 60, "jti": uuid.uuid4().hex, **changes}
    return signed({k: v for k, v in told.items() if v is not None}, key, alg, **(header or {"kid": "k1"}))


def ask(place: Place, made: str, **form: str) -> Any:
    told = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION, "client_assertion": made, **form}
    return place.client.post("/oauth/token", data=told)


def signing_client(place: Place) -> Issued:
    return place.oauth_client(jwks={"keys": [{**SIGNER.as_dict(private=True), "kid": "k1"}]})


def test_a_client_that_signs(place: Place) -> None:
    client = signing_client(place)
    assert client.text == "" and client.credential.signs
    [(kept,)] = place.rows("select jwks from security.program_credential where id = %s", client.credential.id)
    assert "d" not in kept["keys"][0], "a private key sent by mistake is not kept"
    for aud in (HOME, f"{HOME}/oauth/token", [HOME]):
        assert ask(place, assertion(client, aud=aud)).status_code == 200


def test_an_assertion_counts_once(place: Place) -> None:
    client = signing_client(place)
    made = assertion(client)
    assert ask(place, made).status_code == 200
    assert ask(place, made).json()["error"] == "invalid_client"
    other = signing_client(place)
    assert (
        ask(
            place, assertion(other, jti=msgspec.json.decode(base64.urlsafe_b64decode(made.split(".")[1] + "=="))["jti"])
        ).status_code
        == 200
    )


WRONG: list[dict[str, Any]] = [
    {"iss": "somebody"}, {"sub": "somebody"}, {"sub": None}, {"iss": None}, {"aud": "https://other.example"}, {"aud": None},
    {"aud": [HOME, "https://other.example"]}, {"aud": f"{HOME}/"}, {"exp": 1}, {"exp": None}, {"exp": 99_999_999_999},
    {"jti": None}, {"jti": ""}, {"nbf": 9_999_999_999}, {"iat": 9_999_999_999}, {"exp": "x"},
]  # fmt: skip


@pytest.mark.parametrize("changes", WRONG, ids=str)
def test_assertions_that_do_not_count(place: Place, changes: dict[str, Any]) -> None:
    answer = ask(place, assertion(signing_client(place), **changes))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_assertions_by_another_key_or_in_another_way(place: Place) -> None:
    client, own = signing_client(place), jwk.generate_key("EC", "P-256")
    public = SIGNER.as_pem(private=False)
    shared = jwk.OctKey.import_key(base64.b64encode(public))
    for made in (
        assertion(client, own),
        assertion(client, own, header={"jwk": own.as_dict(private=False)}),
        assertion(client, own, header={"kid": "k1", "jku": f"{HOME}/keys"}),
        assertion(client, None, "none"),
        assertion(client, shared, "HS256"),
        assertion(client)[:-4],
        "a.b.c",
        "",
        "x" * 15_000,
    ):
        assert (
            ask(place, made).json()["error"] in ("invalid_client", "invalid_request")
            and ask(place, made).status_code >= 400
        )
    assert ask(place, assertion(client), client_id="another").json()["error"] == "invalid_client"
    assert ask(place, assertion(client), client_assertion_type="x").json()["error"] == "invalid_request"


@pytest.mark.parametrize(
    "jwks", [{}, {"keys": []}, {"keys": [{"kty": "oct", "k": "AAAA"}]}, {"keys": [1]}, {"keys": "x"}], ids=str
)
def test_key_sets_that_are_none(place: Place, jwks: dict[str, Any]) -> None:
    with pytest.raises(BadKeyLimits):
        place.oauth_client(jwks=jwks)


# --- command line --------------------------------------------------------------------------------------------------


def test_keys_by_the_command_line(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NHIP_DATABASE_URL", place.settings.database_url)
    runner, base = CliRunner(), ["--data-dir", str(place.settings.data_dir), "key"]

    def run(*arguments: str) -> Any:
        done = runner.invoke(cli, [*base, *arguments])
        assert done.exit_code == 0, (done.output, done.exception)
        return done.output

    text = run("issue", "Máy đo", "--organisation", "sgt", "--scope", "metrics.read", "--per-minute", "5").strip()
    assert place.get("/metrics", text).headers["ratelimit-policy"].startswith('"minute";q=5')
    again = msgspec.json.decode(run("issue", "Máy đo", "--scope", "metrics.read", "--client", "--json"))
    assert again["text"].startswith("nhipc_")
    listed = msgspec.json.decode(run("list", "--json"))
    mine = [one for one in listed if one["program"] == "Máy đo"]
    assert {one["kind"] for one in mine} == {"key", "client"} and text not in str(listed)
    run("revoke", text.split("_")[1])
    assert place.get("/metrics", text).status_code == 401


def test_a_slip_of_the_pen_is_told_as_what_it_is(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NHIP_DATABASE_URL", place.settings.database_url)
    base = ["--data-dir", str(place.settings.data_dir), "key"]
    for words, told in (
        (["issue", "Máy đo", "--scope", "metrics.read", "--organisation", "stg"], "no organisation with the code stg"),
        (["issue", "Máy do", "--scope", "metrics.read"], "no program called Máy do"),
        (["issue", "Máy do", "--scope", "metric.read", "--organisation", "sgt"], "no permission metric.read"),
        (["revoke", "nothing"], "no such key"),
    ):
        done = CliRunner().invoke(cli, [*base, *words])
        assert done.exit_code != 0 and told in str(done.exception), (words, done.exception)


def test_an_id_can_be_copied_from_a_narrow_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    print_table(("id", "name"), [("zdtmQvGmUTEP", "a name that is longer than what is left of the line")])
    assert "zdtmQvGmUTEP" in capsys.readouterr().out
