"""Kill either of two cities again and again while one changes; in the end the mirror is as its peer, entity by entity.

.venv/bin/python -m tests.graph.mirrors.killing --rounds 20
"""

from __future__ import annotations

import argparse
import random
import tempfile
import threading
import time
from pathlib import Path

import httpx

from nhip.db.embedded import EmbeddedServer
from tests.graph.mirrors.conftest import City, until

THERE, HERE = "hue", "mirror-soak"


def change(theirs: City, chance: random.Random, stop: threading.Event) -> int:
    """Change whatever comes until told to stop; a peer that is down meanwhile is tried again. How many changes were made."""
    made = 0
    with httpx.Client(base_url=f"{theirs.url}/ngsi-ld/v1", headers={"NGSILD-Tenant": THERE}, timeout=10) as client:
        while not stop.is_set():
            one = f"/entities/urn:ngsi-ld:Bus:{chance.randrange(200)}"
            try:
                match chance.randrange(6):
                    case 0:
                        client.delete(one)
                    case 1:
                        client.delete(f"{one}/attrs/fuel")
                    case 2:
                        client.patch(f"{one}/attrs/speed", json={"value": chance.random()})
                    case _:
                        buses = [
                            {
                                "id": f"urn:ngsi-ld:Bus:{chance.randrange(200)}",
                                "type": ["Bus", "Ferry"][: chance.randrange(1, 3)],
                                "speed": [{"value": chance.random()}, {"value": 1, "datasetId": "urn:gps:1"}][
                                    : chance.randrange(1, 3)
                                ],
                                "fuel": chance.randrange(5),
                            }
                            for _n in range(5)
                        ]
                        client.post("/entityOperations/upsert", json=buses)
                made += 1
            except httpx.TransportError:
                time.sleep(0.05)
    return made


def soak(rounds: int, seed: int) -> int:
    """How many changes the mirror followed. Raises AssertionError when it did not."""
    chance, total = random.Random(seed), 0
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedServer(Path(folder) / "postgres")
        url = server.start()
        ours, theirs = City("ours", url, Path(folder), processes=2), City("theirs", url, Path(folder))
        try:
            for city in (ours, theirs):
                city.start()
            theirs.ask("POST", "/entities", THERE, json={"id": "urn:ngsi-ld:Bus:0", "type": "Bus"})
            ours.nhip("add", "soak", theirs.url, "--type", "Bus", "--peer-tenant", THERE)
            for number in range(rounds):
                total += _round(ours, theirs, chance)
                until(lambda: ours.state(HERE, "Bus") == theirs.state(THERE, "Bus"), "the same state", 90)
                print(
                    f"round {number + 1}: {total} changes, {len(theirs.state(THERE, 'Bus'))} entities, the same",
                    flush=True,
                )
        finally:
            for city in (ours, theirs):
                city.kill()
            server.stop()
    return total


def _round(ours: City, theirs: City, chance: random.Random) -> int:
    stop, made = threading.Event(), [0]
    worker = threading.Thread(target=lambda: made.__setitem__(0, change(theirs, random.Random(chance.random()), stop)))
    worker.start()
    try:
        for city in chance.choices((ours, theirs), k=2):
            time.sleep(chance.random() * 2)
            city.kill()
            time.sleep(chance.random() * 2)
            city.start()
        time.sleep(chance.random())
    finally:
        stop.set()
        worker.join()
    return made[0]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=5)
    told = parser.parse_args()
    print(f"{soak(told.rounds, told.seed)} changes followed through {2 * told.rounds} kills; nothing lost")
