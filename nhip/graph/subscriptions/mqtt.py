"""Notifications over MQTT (CIM 009, 7.2): one client for each subscription; the topic is the path of the endpoint."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Hashable
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from nhip.graph.subscriptions.model import CERTAIN
from nhip.graph.subscriptions.turns import Threads
from nhip.kernel.time import monotonic
from nhip.security.addresses import CheckedAddress, checked_address
from nhip.security.tls import believed_under
from nhip.settings import Settings

_KEEPALIVE_S = 20
"""So soon silence is noticed; the library also gives a TLS handshake so long."""
_VERSIONS = {"mqtt3.1.1": paho.MQTTv311, "mqtt5.0": paho.MQTTv5}


class MqttSender:
    """One topic of one broker, of an `owner` who shares `threads` with others; its calls run there. Used by one task at a
    time."""

    def __init__(
        self, settings: Settings, uri: str, notifier: tuple[tuple[str, str], ...], threads: Threads, owner: Hashable
    ) -> None:
        self._settings, self._threads, self._owner = settings, threads, owner
        self._parts = urlsplit(uri)
        self._topic = self._parts.path.lstrip("/")
        told = dict(notifier)
        self._version = _VERSIONS.get(told.get("MQTT-Version", "mqtt5.0"), paho.MQTTv5)
        self._qos = int(told["MQTT-QoS"]) if told.get("MQTT-QoS") in ("0", "1", "2") else 0
        if CERTAIN in notifier:
            self._qos = max(self._qos, 1)  # with 0 nobody says that it arrived
        self._client: paho.Client | None = None

    async def send(self, body: bytes, headers: list[tuple[str, str]], timeout_s: float) -> int:
        """200 when the broker has it. Raises OSError, TimeoutError, ValueError, OutgoingError."""
        message = orjson.dumps({"metadata": dict(headers), "body": orjson.loads(body)})
        async with asyncio.timeout(timeout_s + 1):
            await self._threads.run(self._owner, self._publish, message, monotonic() + timeout_s)
        return 200

    def _publish(self, message: bytes, until: float) -> None:
        client = self._client
        if client is None or not client.is_connected():
            self.close()
            client = self._connected(until)
            if monotonic() > until:  # nobody waits for it any more, nor would anybody close it
                _leave(client)
                raise TimeoutError
            self._client = client
        sent = client.publish(self._topic, message, qos=self._qos)
        try:
            sent.wait_for_publish(max(until - monotonic(), 0))
            published = sent.is_published()
        except RuntimeError as error:  # so the library says that the broker went just now
            raise ConnectionError(str(error)) from error
        if not published:
            raise TimeoutError

    def _connected(self, until: float) -> paho.Client:
        """A client at the first address of the name that answers; each has its share of the time that is left."""
        parts = self._parts
        port = parts.port or (8883 if parts.scheme == "mqtts" else 1883)
        found = checked_address(parts.hostname or "", port, self._settings)
        for place, address in enumerate(found):
            if (left := until - monotonic()) <= 0:
                raise TimeoutError
            others = len(found) - place - 1
            try:
                return self._connected_to(address, until - left * others / (others + 1))
            except OSError:
                if not others:
                    raise
        raise AssertionError

    def _connected_to(self, address: CheckedAddress, until: float) -> paho.Client:
        parts = self._parts
        client = paho.Client(CallbackAPIVersion.VERSION2, protocol=self._version)
        if parts.username:
            client.username_pw_set(unquote(parts.username), unquote(parts.password) if parts.password else None)
        if parts.scheme == "mqtts":
            client.tls_set_context(believed_under(address.host))
        answered = threading.Event()
        codes: list[Any] = []

        def on_connect(_client: Any, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
            codes.append(code)
            answered.set()

        client.on_connect = on_connect
        client.connect_timeout = max(until - monotonic(), 0.001)
        client.connect(address.ip, address.port, keepalive=_KEEPALIVE_S)
        client.loop_start()
        if not answered.wait(max(until - monotonic(), 0)) or codes[0].is_failure:
            _leave(client)
            raise ConnectionError("the MQTT broker refused the connection")
        return client

    def close(self) -> None:
        """Leave the broker, without waiting for it."""
        client, self._client = self._client, None
        if client is not None:
            threading.Thread(target=_leave, args=(client,), daemon=True).start()


def _leave(client: paho.Client) -> None:
    client.disconnect()
    client.loop_stop()
