"""A live simulator: buses that move, rivers and air that are measured. Model data, told to the running node as an agency's own
system would: through its NGSI-LD interface over HTTP, with a program's key. Everything that it writes says `urn:nhip:simulated`.
"""

from __future__ import annotations

import logging
import math
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import msgspec

from nhip.errors import NhipError
from nhip.kernel.geo import distance_m
from nhip.kernel.time import now
from nhip.security.outgoing import Outgoing
from nhip.security.outgoing_auth import HeaderCredentials
from nhip.settings import Settings
from nhip.things.words import PATH

EVERY_S: Final = 20.0
BUSES: Final = 16
STOPS_OF_A_BUS: Final = 25
SIMULATED: Final = "urn:nhip:simulated"
_TIDE_S = 12.42 * 3600
_DAY_S = 86_400
log = logging.getLogger(__name__)
Entity = dict[str, Any]


class Stop(msgspec.Struct, frozen=True):
    """A stop that buses call at."""

    id: str
    lon: float
    lat: float


class Bus:
    """A bus that goes up and down a line of stops at its own speed."""

    def __init__(self, number: int, stops: list[Stop], route: str, rng: random.Random) -> None:
        self.number, self.stops, self.route, self.rng = number, stops, route, rng
        self.leg, self.way, self.gone_m = rng.randrange(len(stops) - 1), 1, 0.0
        self.speed = 0.0

    @property
    def id(self) -> str:
        """Its identifier in the graph."""
        return f"urn:ngsi-ld:Vehicle:mau-{self.number:02d}"

    def move(self, seconds: float) -> None:
        """Drive for so long; at the end of the line turn back."""
        self.speed = self.rng.uniform(14, 38)
        self.gone_m += self.speed / 3.6 * seconds
        while self.gone_m >= (length := self._length()):
            self.gone_m -= length
            self.leg += self.way
            if not 0 <= self.leg + self.way < len(self.stops):
                self.way = -self.way

    def _ends(self) -> tuple[Stop, Stop]:
        return self.stops[self.leg], self.stops[self.leg + self.way]

    def _length(self) -> float:
        a, b = self._ends()
        return max(distance_m(a.lon, a.lat, b.lon, b.lat), 1.0)

    def told(self, at: str) -> Entity:
        """What the bus says of itself at an instant."""
        a, b = self._ends()
        part = self.gone_m / self._length()
        place = [round(a.lon + (b.lon - a.lon) * part, 6), round(a.lat + (b.lat - a.lat) * part, 6)]
        return {
            "id": self.id,
            "type": "Vehicle",
            "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": place}, "observedAt": at},
            "speed": {"type": "Property", "value": round(self.speed, 1), "unitCode": "KMH", "observedAt": at},
            "nextStop": {"type": "Relationship", "object": b.id, "observedAt": at},
        }

    def whole(self, at: str) -> Entity:
        """The same with what does not change."""
        name = {"type": "Property", "value": f"Xe buýt mô phỏng {self.number:02d}"}
        source = {"type": "Property", "value": SIMULATED}
        made = {**self.told(at), "name": name, "source": source}
        return {**made, "onRoute": {"type": "Relationship", "object": self.route}} if self.route else made


def line(stops: list[Stop], rng: random.Random) -> list[Stop]:
    """A line as buses have it: from some stop on always to the nearest one that it does not have yet."""
    left = list(stops)
    found = [left.pop(rng.randrange(len(left)))]
    while left and len(found) < STOPS_OF_A_BUS:
        last = found[-1]
        left.sort(key=lambda stop: distance_m(last.lon, last.lat, stop.lon, stop.lat))
        found.append(left.pop(0))
    return found


class Simulator:
    """The simulated city; `step` moves it on and tells the node."""

    def __init__(self, settings: Settings, key: str, *, seed: int = 46) -> None:
        self.address = f"http://{settings.host}:{settings.port}"
        self.link = f'<{settings.base_url or self.address}{PATH}>; rel="http://www.w3.org/ns/json-ld#context"'
        self.web = Outgoing(settings, HeaderCredentials("Authorization", f"Bearer {key}"))
        self.rng = random.Random(seed)
        self.buses: list[Bus] = []
        self.meters: dict[str, list[str]] = {"WaterObserved": [], "AirQualityObserved": []}

    def ready(self) -> bool:
        """Look what things there are; whether there is a city to move in."""
        stops = [
            Stop(one["id"], *one["location"]["coordinates"])
            for one in self._list("PublicTransportStop")
            if "location" in one
        ]
        routes = [one["id"] for one in self._list("PublicTransportRoute")]
        self.meters = {kind: [one["id"] for one in self._list(kind)] for kind in self.meters}
        if len(stops) < 2 or not all(self.meters.values()):
            return False
        self.buses = [
            Bus(n, line(stops, self.rng), routes[(n - 1) % len(routes)] if routes else "", self.rng)
            for n in range(1, BUSES + 1)
        ]
        self._post("upsert?options=update", [bus.whole(_said(now())) for bus in self.buses])
        return True

    def step(self, seconds: float) -> None:
        """Let so much time go by and tell what is measured then."""
        at = now()
        for bus in self.buses:
            bus.move(seconds)
        readings = [self._water(id, at) for id in self.meters["WaterObserved"]]
        readings += [self._air(id, at) for id in self.meters["AirQualityObserved"]]
        self._post("update", [*(bus.told(_said(at)) for bus in self.buses), *readings])

    def _water(self, id: str, at: datetime) -> Entity:
        phase = sum(id.encode()) % 7
        level = 0.9 + 0.5 * math.sin(at.timestamp() / _TIDE_S * 2 * math.pi + phase) + self.rng.gauss(0, 0.02)
        return {"id": id, "type": "WaterObserved", "waterLevel": _reading(round(level, 2), "MTR", at)}

    def _air(self, id: str, at: datetime) -> Entity:
        rush = 1 + 0.4 * math.cos((at.timestamp() + 7 * 3600) / (_DAY_S / 2) * 2 * math.pi)
        fine = max(2.0, 24 * rush + sum(id.encode()) % 11 + self.rng.gauss(0, 2))
        readings = {"pm25": _reading(round(fine, 1), "GQ", at), "pm10": _reading(round(fine * 1.7, 1), "GQ", at)}
        return {"id": id, "type": "AirQualityObserved", **readings}

    def _list(self, kind: str) -> list[Entity]:
        told = {"type": kind, "limit": "1000", "options": "keyValues", "pick": "id,location"}
        answer = self.web.get(f"{self.address}/ngsi-ld/v1/entities", params=told, headers={"Link": self.link}, tries=1)
        found: list[Entity] = msgspec.json.decode(answer.content)
        return found

    def _post(self, what: str, entities: list[Entity]) -> None:
        headers = {"Content-Type": "application/json", "Link": self.link}
        url = f"{self.address}/ngsi-ld/v1/entityOperations/{what}"
        self.web.send("POST", url, msgspec.json.encode(entities), headers=headers, max_bytes=1 << 20)


def _reading(value: float, unit: str, at: datetime) -> Entity:
    source = {"type": "Property", "value": SIMULATED}
    return {"type": "Property", "value": value, "unitCode": unit, "observedAt": _said(at), "source": source}


def _said(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def simulated(settings: Settings, key: str) -> Iterator[None]:
    """Run the simulator in a thread for as long as the block lasts."""
    stop = threading.Event()
    thread = threading.Thread(target=_run, args=(Simulator(settings, key), stop), name="simulator", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()


def _run(simulator: Simulator, stop: threading.Event) -> None:
    """What the node cannot take now is left out, as a bus without reception does; nor does anything else end it."""
    there = False
    while not stop.wait(EVERY_S):
        try:
            if there:
                simulator.step(EVERY_S)
            else:
                there = simulator.ready()
        except NhipError as error:
            log.info("the simulator is not heard: %s", error)
        except Exception:
            log.exception("the simulator could not go on; it tries again")
            there = False  # what there is is looked at anew
