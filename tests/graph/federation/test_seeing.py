"""What sources tell is no way around what somebody may not see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from nhip.graph.api.app import ASKER
from nhip.graph.query import narrowing
from nhip.graph.query.model import Path, Term, Value
from nhip.graph.query.narrowing import Clause
from tests.graph.clauses import clause

if TYPE_CHECKING:
    from tests.graph.federation.conftest import City

SLOW = Clause(q=Term(Path(("https://uri.etsi.org/ngsi-ld/default-context/speed",)), "<", (Value("number", 50),)))


LAN = {"User": "lan"}


@clause("5.7.1", "5.7.2", "5.7.3", "5.7.4")
async def test_what_a_source_tells_is_held_against_what_the_asker_may_see(
    hue: City, vinh: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lan, who asks in Huế, may see slow buses; those of Vinh are no other."""
    monkeypatch.setattr(narrowing, "narrowing", lambda asker: (SLOW,) if asker.who == "lan" else ())

    async def permit(scope: dict[str, Any], _permission: str) -> None:
        scope[ASKER] = dict(scope["headers"]).get(b"user", b"").decode()

    monkeypatch.setattr(hue.app, "permit", permit)
    offered = ["retrieveEntity", "queryEntity", "retrieveTemporal", "queryTemporal"]
    await hue.knows(vinh, "urn:x:reg:seen", operations=offered)
    speeds = {"slow": 30, "fast": 60}
    for name, speed in speeds.items():
        await vinh.ask("POST", "/entities", {"id": f"urn:x:v:{name}", "type": "Bus", "speed": speed})
    # here a part of each that is hidden, or seen, by itself
    await hue.ask("POST", "/entities", {"id": "urn:x:v:hidden", "type": "Bus", "speed": 90, "secret": 1})
    await vinh.ask("POST", "/entities", {"id": "urn:x:v:hidden", "type": "Bus", "speed": 10})

    async def ids(path: str, **headers: str) -> list[str]:
        found = await hue.client.get(path, headers=headers)
        assert found.status_code == 200, found.text
        return [one["id"].rpartition(":")[2] for one in found.json() if one["id"].startswith("urn:x:v:")]

    times = "timerel=after&timeAt=2020-01-01T00:00:00Z&timeproperty=createdAt"
    for path in ("/entities?type=Bus", "/entities?type=Bus&splitEntities=true"):
        assert await ids(path) == ["fast", "hidden", "slow"], path
        assert await ids(path, **LAN) == ["hidden", "slow"], path
        assert "secret" not in (await hue.client.get(path, headers=LAN)).text
    assert await ids(f"/temporal/entities?type=Bus&{times}") == ["fast", "hidden", "slow"]
    assert await ids(f"/temporal/entities?type=Bus&{times}", **LAN) == ["slow"]
    for name, status in (("slow", 200), ("fast", 404)):
        for path in (f"/entities/urn:x:v:{name}", f"/temporal/entities/urn:x:v:{name}"):
            assert (await hue.client.get(path)).status_code == 200
            assert (await hue.client.get(path, headers=LAN)).status_code == status, path
    one = await hue.client.get("/entities/urn:x:v:hidden", headers=LAN)
    assert "secret" not in one.text
