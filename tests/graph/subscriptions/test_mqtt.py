"""Notifications over MQTT to Debian's mosquitto: both versions, users, a broker that goes away and comes back."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from nhip.graph.subscriptions import mqtt
from nhip.graph.subscriptions.mqtt import MqttSender
from nhip.graph.subscriptions.turns import Threads
from nhip.security.addresses import checked_address
from nhip.testing.serving import free_port
from tests.graph.clauses import clause
from tests.graph.subscriptions.conftest import SETTINGS
from tests.graph.subscriptions.test_letters import CERTAIN, settled
from tests.graph.subscriptions.test_notifying import counted, create, members, prop, until, update

if TYPE_CHECKING:
    from tests.graph.subscriptions.conftest import Broker

MOSQUITTO = Path("/usr/sbin/mosquitto")
pytestmark = pytest.mark.skipif(not MOSQUITTO.exists(), reason="Debian's mosquitto is not installed")


class Mosquitto:
    """The broker, and a client that hears everything."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        users = folder / "users"
        subprocess.run(["mosquitto_passwd", "-b", "-c", users, "bus", "bí mật/1"], check=True)
        users.chmod(0o644)
        self._file = folder / "mosquitto.conf"
        self._file.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npassword_file {users}\nuser root\n"
        )
        self._process: subprocess.Popen[bytes] | None = None
        self.got: asyncio.Queue[tuple[str, Any, int]] = asyncio.Queue()

    async def start(self) -> None:
        self._process = subprocess.Popen([MOSQUITTO, "-c", self._file], stderr=subprocess.DEVNULL)
        loop, heard = asyncio.get_running_loop(), asyncio.Event()
        self._client = client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        client.on_connect = lambda *_given: client.subscribe("city/#", qos=2)
        client.on_subscribe = lambda *_given: loop.call_soon_threadsafe(heard.set)
        client.on_message = lambda _client, _data, message: loop.call_soon_threadsafe(
            self.got.put_nowait, (message.topic, orjson.loads(message.payload), message.qos)
        )
        async with asyncio.timeout(60):
            while True:
                try:
                    client.connect("127.0.0.1", self.port)
                    break
                except OSError:
                    await asyncio.sleep(0.02)
            client.loop_start()
            await heard.wait()

    def stop(self) -> None:
        assert self._process is not None
        self._client.disconnect()
        self._client.loop_stop()
        self._process.kill()
        self._process.wait()

    async def next(self) -> tuple[str, Any, int]:
        async with asyncio.timeout(60):
            return await self.got.get()


@pytest.fixture
async def mosquitto(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    made = Mosquitto(tmp_path)
    await made.start()
    yield made
    made.stop()


def endpoint(uri: str, **told: str) -> dict[str, Any]:
    info = [{"key": key.replace("_", "-"), "value": value} for key, value in told.items()]
    return {"endpoint": {"uri": uri, "notifierInfo": info} if info else {"uri": uri}}


class _Any:
    """Where a receiver is expected."""

    uri = "unused"


@clause("5.8")
@pytest.mark.parametrize("version", ["mqtt3.1.1", "mqtt5.0"])
@pytest.mark.parametrize("qos", ["0", "1", "2"])
async def test_versions_and_qualities(
    broker: Broker, mosquitto: Mosquitto, tenant: int, version: str, qos: str
) -> None:
    uri = f"mqtt://bus:b%C3%AD%20m%E1%BA%ADt%2F1@127.0.0.1:{mosquitto.port}/city/bus"
    told = endpoint(uri, MQTT_Version=version, MQTT_QoS=qos)
    id = await broker.subscribe(tenant, **members(_Any, notification=told))  # type: ignore[arg-type]
    await broker.graph.write(tenant, [create(n=0)])
    topic, message, got = await mosquitto.next()
    assert (topic, got) == ("city/bus", int(qos))
    assert message["metadata"]["Content-Type"] == "application/json"
    assert message["body"]["subscriptionId"] == id and message["body"]["data"][0]["n"] == prop(0)


@clause("5.8")
async def test_a_broker_that_goes_and_comes_back(broker: Broker, mosquitto: Mosquitto, tenant: int) -> None:
    uri = f"mqtt://127.0.0.1:{mosquitto.port}/city/tram"
    sure = endpoint(uri.replace("tram", "sure"))
    sure["endpoint"]["notifierInfo"] = CERTAIN
    usual = await broker.subscribe(tenant, **members(_Any, notification=endpoint(uri, MQTT_QoS="1")))  # type: ignore[arg-type]
    certain = await broker.subscribe(tenant, **members(_Any, notification=sure))  # type: ignore[arg-type]
    await broker.graph.write(tenant, [create(n=0)])
    assert {(await mosquitto.next())[0] for _ in range(2)} == {"city/tram", "city/sure"}
    mosquitto.stop()
    await broker.graph.write(tenant, [update(n=1)])
    await until(lambda: broker.subscriptions.outlet_of(tenant, usual).failures)
    await mosquitto.start()
    await broker.graph.write(tenant, [update(n=2)])
    values: dict[str, list[int]] = {"city/tram": [], "city/sure": []}
    while not all(2 in got for got in values.values()):
        topic, message, qos = await mosquitto.next()
        assert qos == 1
        values[topic] += [entity["n"]["value"] for entity in message["body"]["data"]]
    # QoS 1 may bring once more what was not acknowledged when the broker went
    new = {topic: list(dict.fromkeys(value for value in got if value)) for topic, got in values.items()}
    assert new == {"city/tram": [2], "city/sure": [1, 2]}, "once at most, and for certain"
    await settled(broker, tenant)
    assert (await broker.subscriptions.get(tenant, certain)).counts.good is not None


async def test_a_wrong_password_is_a_failure(broker: Broker, mosquitto: Mosquitto, tenant: int) -> None:
    uri = f"mqtt://bus:wrong@127.0.0.1:{mosquitto.port}/city/bus"
    id = await broker.subscribe(tenant, **members(_Any, notification=endpoint(uri)))  # type: ignore[arg-type]
    await broker.graph.write(tenant, [create(n=0)])
    await until(lambda: broker.subscriptions.outlet_of(tenant, id).failures)
    assert (await counted(broker.subscriptions, tenant, id, lambda counts: counts.failed)).failed == 1


async def test_every_address_of_a_name_is_tried(
    broker: Broker, mosquitto: Mosquitto, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody answers at the first two, of which one is forbidden."""
    names = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 0)) for ip in ("10.0.0.1", "127.0.0.2", "127.0.0.1")]
    guarded = partial(checked_address, resolve=lambda *_asked, **_more: names)
    assert [one.ip for one in guarded("mqtt.example", 1883, SETTINGS)] == ["127.0.0.2", "127.0.0.1"]
    monkeypatch.setattr(mqtt, "checked_address", guarded)
    uri = f"mqtt://mqtt.example:{mosquitto.port}/city/bus"
    await broker.subscribe(tenant, **members(_Any, notification=endpoint(uri)))  # type: ignore[arg-type]
    await broker.graph.write(tenant, [create(n=7)])
    assert (await mosquitto.next())[1]["body"]["data"][0]["n"] == prop(7)


async def test_a_handshake_without_end_keeps_no_other_work_waiting() -> None:
    silent: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _reader, writer: silent.append(writer), "127.0.0.1", 0)
    uri = f"mqtts://127.0.0.1:{server.sockets[0].getsockname()[1]}/city/bus"
    threads = Threads()
    senders = [MqttSender(SETTINGS, uri, (), threads, n) for n in range(12)]
    try:
        told = await asyncio.gather(*(one.send(b"{}", [], 0.1) for one in senders), return_exceptions=True)
        assert all(isinstance(one, TimeoutError) for one in told)
        async with asyncio.timeout(30):
            await asyncio.to_thread(int)
    finally:
        threads.close()
        for writer in silent:
            writer.close()
        server.close()
