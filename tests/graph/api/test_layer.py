"""Beside the pages the interface asks who it is; programs read and write within their key's scopes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from litestar.testing import AsyncTestClient

from nhip.app import create_app
from nhip.db import Database
from nhip.graph.contexts.core import VOCAB
from nhip.graph.query import narrowing
from nhip.graph.query.model import Name
from nhip.graph.query.narrowing import Clause
from nhip.kernel.time import now
from nhip.security.parties.service import make_party
from nhip.security.programs.model import Limits
from nhip.security.programs.service import issue_key, make_program
from nhip.security.service import set_administrator_password
from nhip.settings import Settings
from tests.graph.api.conftest import JSON, bus

HERE = "/ngsi-ld/v1/entities"


async def keys(settings: Settings) -> dict[str, str]:
    """Authorization headers of a program that only reads, one that writes too, and one that may neither."""
    db = Database(settings.database_url, size=1)
    await db.open()
    scopes = {"reader": ("graph.read",), "writer": ("graph.read", "graph.write"), "other": ("dataset.read",)}
    async with db.tx() as tx:
        await set_administrator_password(tx)
        organisation = await make_party(tx, "organisation", "Sở Giao thông", code="sgt")
        program = await make_program(tx, "Định vị xe buýt", organisation.id)
        ends = now() + timedelta(days=1)
        made = {
            name: (await issue_key(tx, program.id, name, Limits(scopes=held, expires_at=ends))).text
            for name, held in scopes.items()
        }
    await db.close()
    return {name: f"Bearer {text}" for name, text in made.items()}


async def test_only_who_may_reads_and_writes_the_citys_graph(settings: Settings) -> None:
    headers = {name: {"authorization": told, **JSON} for name, told in (await keys(settings)).items()}
    async with AsyncTestClient(create_app(settings), base_url="http://testserver.local") as client:
        stranger = await client.get(f"{HERE}?type=Bus")
        assert (stranger.status_code, stranger.json()["title"]) == (401, "KeyNeeded")
        assert stranger.headers["www-authenticate"].startswith("Bearer")
        assert (await client.get("/ngsi-ld/v1/mirrors")).status_code == 401
        told = await client.post("/ngsi-ld/v1/mirrors/1", json={}, headers={"X-Nhip-Mirror": "guess"})
        assert told.status_code == 404, "peers have no account, but without a mirror's token there is nothing"
        for alias in ("/ngsi-ld/openapi.json/entities", "/ngsi-ld/ex/remote-notify/entities"):
            assert (await client.get(f"{alias}?type=Bus", headers=headers["reader"])).status_code == 404, alias
        refused = await client.post(HERE, json=bus(), headers=headers["reader"])
        assert (refused.status_code, "graph.write" in refused.json()["detail"]) == (403, True)
        assert refused.headers["www-authenticate"].endswith('error="insufficient_scope", scope="graph.write"')
        assert (await client.post(HERE, json=bus(), headers=headers["writer"])).status_code == 201
        assert (await client.get(f"{HERE}/urn:ngsi-ld:Bus:1", headers=headers["reader"])).json() == bus()
        for method, path in (("GET", "/urn:ngsi-ld:Bus:1"), ("DELETE", "/urn:ngsi-ld:Bus:1"), ("OPTIONS", "")):
            answer = await client.request(method, HERE + path, headers=headers["other"])
            assert answer.status_code == (204 if method == "OPTIONS" else 403)
        for path in ("/ngsi-ld/v1", "/ngsi-ld/v1/", "/ngsi-ld/v1/entitie"):
            lost = await client.get(path, headers=headers["reader"])
            assert (lost.status_code, "/ngsi-ld/openapi.json" in lost.json()["detail"]) == (404, True)
        wide = (await client.get(HERE, headers=headers["reader"])).json()
        assert wide["title"] == "BadRequestData" and "parameter" not in wide["detail"]
        identity = await client.get("/ngsi-ld/v1/info/sourceIdentity", headers=headers["reader"])
        name = identity.json()["contextSourceAlias"]
    async with AsyncTestClient(create_app(settings), base_url="http://testserver.local") as client:
        again = await client.get("/ngsi-ld/v1/info/sourceIdentity", headers=headers["reader"])
        assert again.json()["contextSourceAlias"] == name, "a broker keeps its name, or loops would go unnoticed"
        assert (await client.get("/console")).status_code != 404, "the pages are still there"


async def test_secrets_are_shown_to_who_may_write_alone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = {name: {"authorization": told, **JSON} for name, told in (await keys(settings)).items()}
    secret = [{"key": "Authorization", "value": "Bearer bí-mật"}, {"key": "MQTT-QoS", "value": "1"}]
    endpoint = {"uri": "https://lan:mat-khau@example.org/tell?token=bi-mat", "receiverInfo": secret}
    entities = [{"type": "Bus"}]
    told = {"id": "urn:x:1", "type": "Subscription", "entities": entities, "notification": {"endpoint": endpoint}}
    source = {
        "id": "urn:x:1", "type": "ContextSourceRegistration", "information": [{"entities": entities}],
        "endpoint": "https://example.org", "contextSourceInfo": [*secret, {"key": "jsonldContext", "value": "https://example.org/c"}],
    }  # fmt: skip
    async with AsyncTestClient(create_app(settings), base_url="http://testserver.local") as client:
        for path, body in (("subscriptions", told), ("csourceSubscriptions", told), ("csourceRegistrations", source)):
            made = await client.post(f"/ngsi-ld/v1/{path}", json=body, headers=headers["writer"])
            assert made.status_code == 201, made.text
            for address in (f"{path}/urn:x:1", f"{path}?type=Bus" if path == "csourceRegistrations" else path):
                whole = (await client.get(f"/ngsi-ld/v1/{address}", headers=headers["writer"])).text
                assert "Bearer bí-mật" in whole, address
                part = await client.get(f"/ngsi-ld/v1/{address}", headers=headers["reader"])
                assert part.status_code == 200 and "bí-mật" not in part.text, address
                assert "mat-khau" not in part.text and "bi-mat" not in part.text, address
                assert '"key":"Authorization","value":"***"' in part.text, address
                assert '"key":"MQTT-QoS","value":"1"' in part.text, address
        assert "https://example.org/c" in part.text
        for csf, found in (('contextSourceInfo[value]~="^Bearer b"', 0), ("contextSourceInfo", 0), ("endpoint", 1)):
            asked = {"type": "Bus", "csf": csf}
            guessed = await client.get("/ngsi-ld/v1/csourceRegistrations", params=asked, headers=headers["reader"])
            assert len(guessed.json()) == found, f"secrets cannot be guessed letter by letter: {csf}"
        monkeypatch.setattr(narrowing, "narrowing", lambda asker: (Clause(types=Name(f"{VOCAB}Bus")),))
        for path in ("subscriptions", "csourceSubscriptions", "csourceRegistrations"):
            narrow = await client.get(f"/ngsi-ld/v1/{path}/urn:x:1", headers=headers["writer"])
            assert narrow.status_code == 200 and "bí-mật" not in narrow.text, "nor to who writes and sees a part alone"
