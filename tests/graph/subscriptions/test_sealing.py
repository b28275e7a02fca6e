"""What owners of endpoints tell in confidence is sealed at rest, is shown to who may write, and is never in the logs."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import psycopg
import pytest

from nhip.graph.subscriptions import sealing
from nhip.graph.subscriptions.sealing import Sealing, with_secrets, without_secrets
from nhip.security.resealing import reseal_all
from nhip.security.secrets import SecretUnreadable, Vault
from nhip.settings import Settings
from tests.graph.clauses import clause
from tests.graph.subscriptions.conftest import Broker
from tests.graph.subscriptions.test_notifying import create, members, until

if TYPE_CHECKING:
    from tests.graph.subscriptions.conftest import Receiver

WORD = "mật-khẩu-rất-dài"
SECRET = [{"key": "Authorization", "value": f"Bearer {WORD}"}]


def telling(receiver: Receiver, **more: Any) -> dict[str, Any]:
    endpoint = {"uri": f"{receiver.uri}?token={WORD}", "receiverInfo": SECRET, **more}
    return members(receiver, notification={"endpoint": endpoint})


async def at_rest(broker: Broker, table: str, tenant: int) -> str:
    rows = await broker.graph.fetch(f"select t::text from {table} t where tenant = $1", tenant)
    return "\n".join(row[0] for row in rows)


@clause("5.8")
async def test_the_row_has_none_and_the_receiver_has_all(
    broker: Broker, other: Broker, receiver: Receiver, tenant: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "nhip")
    asked = telling(receiver)
    id = await broker.subscribe(tenant, **asked)
    await broker.watch(tenant, **telling(receiver))
    for table in ("graph.sub", "graph.watch"):
        resting = await at_rest(broker, table, tenant)
        assert receiver.uri in resting and WORD not in resting and "Bearer" not in resting and "token" not in resting
    for process in (broker, other):
        shown = (await process.subscriptions.get(tenant, id)).doc["notification"]["endpoint"]
        assert shown == asked["notification"]["endpoint"], "its owner sees it as it was given"
    receiver.status = 500
    await broker.graph.write(tenant, [create(n=0)])
    await receiver.next()
    assert (
        f"Authorization: Bearer {WORD}".encode() in receiver.heads[0].encode() and f"?token={WORD}" in receiver.heads[0]
    )
    await until(lambda: broker.subscriptions.outlet_of(tenant, id).failures)
    context = await broker.contexts.resolve(tenant, None)
    await broker.subscriptions.update(tenant, id, {"description": "new"}, None, context)
    assert WORD not in await at_rest(broker, "graph.sub", tenant), "a change of something else keeps it sealed"
    assert (await broker.subscriptions.get(tenant, id)).doc["notification"]["endpoint"] == asked["notification"][
        "endpoint"
    ]
    assert "was not delivered" in caplog.text and WORD not in caplog.text


async def test_what_registrations_tell_sources(broker: Broker, other: Broker, tenant: int) -> None:
    one = await broker.register(tenant, {"entities": [{"type": "Bus"}]}, contextSourceInfo=SECRET)
    assert WORD not in await at_rest(broker, "graph.registration", tenant)
    rows = await broker.graph.fetch(
        "select convert_from(doc, 'UTF8') from graph.registration where tenant = $1", tenant
    )
    assert WORD not in rows[0][0]
    await other.registrations.refresh()
    assert other.registrations.get(tenant, one).doc["contextSourceInfo"] == SECRET
    await broker.reregister(tenant, one, description="new")
    await other.registrations.refresh()
    assert other.registrations.get(tenant, one).doc["contextSourceInfo"] == SECRET


async def test_what_was_stored_before_is_sealed_at_the_next_start(
    broker: Broker, sub_url: str, receiver: Receiver, tenant: int
) -> None:
    id = await broker.subscribe(tenant, **telling(receiver))
    rest = await broker.subscriptions.get(tenant, id)
    plain = orjson.dumps(rest.doc).decode()
    await broker.graph.fetch(
        "update graph.sub set doc = $3::text::jsonb, sealed = null where tenant = $1 and id = $2", tenant, id, plain
    )
    one = await broker.register(tenant, {"entities": [{"type": "Bus"}]}, contextSourceInfo=SECRET)
    whole = orjson.dumps(broker.registrations.get(tenant, one).doc)
    await broker.graph.fetch("update graph.registration set doc = $2, sealed = null where tenant = $1", tenant, whole)
    next_start = Broker(sub_url)
    await next_start.open()
    try:
        assert (await next_start.subscriptions.get(tenant, id)).doc == rest.doc
        assert next_start.registrations.get(tenant, one).doc["contextSourceInfo"] == SECRET
        assert WORD not in await at_rest(broker, "graph.sub", tenant)
        rows = await broker.graph.fetch(
            "select convert_from(doc, 'UTF8') from graph.registration where tenant = $1", tenant
        )
        assert WORD not in rows[0][0]
    finally:
        await next_start.close()


async def test_without_the_key_it_is_shown_without_and_not_told(
    broker: Broker, sub_url: str, receiver: Receiver, tenant: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = await broker.subscribe(tenant, **telling(receiver))
    monkeypatch.setattr("tests.graph.subscriptions.conftest.SETTINGS", Settings(data_dir=tmp_path))
    stranger = Broker(sub_url)
    await stranger.open()
    try:
        assert stranger.subscriptions.index.get(tenant, id) is None
        assert not await stranger.subscriptions.check(), "it is tried again and again, without a word each time"
        shown = (await stranger.subscriptions.get(tenant, id)).doc["notification"]["endpoint"]
        assert shown == {"uri": receiver.uri}
        context = await stranger.contexts.resolve(tenant, None)
        with pytest.raises(SecretUnreadable):
            await stranger.subscriptions.update(tenant, id, {"isActive": False}, None, context)
    finally:
        await stranger.close()
    kept = (await broker.subscriptions.get(tenant, id)).doc["notification"]["endpoint"]
    assert kept == telling(receiver)["notification"]["endpoint"], "who lacks the key destroys nothing"


async def test_a_new_key(broker: Broker, receiver: Receiver, tenant: int, tmp_path: Path) -> None:
    shutil.copytree(broker.settings.data_dir / "keys", tmp_path / "keys")
    vault = Vault(Settings(data_dir=tmp_path))
    id = await broker.subscribe(tenant, **telling(receiver))
    rows = await broker.graph.fetch("select sealed from graph.sub where tenant = $1", tenant)
    async with broker.db.tx() as tx:
        vault.rotate()
        assert await reseal_all(tx, vault, sealing.SEALED) >= 1
        vault.forget_old_keys()
        found = await (await tx.execute("select sealed from graph.sub where tenant = %s", [tenant])).fetchone()
        assert found is not None and found[0] != rows[0][0]
        opened = Sealing(vault, "graph.sub").open_(tenant, id, found[0])
        raise psycopg.Rollback
    assert opened == {"uri": f"{receiver.uri}?token={WORD}", "receiverInfo": SECRET}


def test_users_and_passwords_in_addresses() -> None:
    uri = f"mqtts://bus:{WORD}@broker.example:8883/city/bus"
    doc = {"notification": {"endpoint": {"uri": uri, "notifierInfo": SECRET, "accept": "application/json"}}}
    bare, secrets = without_secrets(doc)
    endpoint = bare["notification"]["endpoint"]
    assert endpoint == {"uri": "mqtts://broker.example:8883/city/bus", "accept": "application/json"}
    assert with_secrets(bare, secrets) == doc
    plain = {"notification": {"endpoint": {"uri": "http://receiver.example/"}}}
    assert without_secrets(plain) == (plain, {})
