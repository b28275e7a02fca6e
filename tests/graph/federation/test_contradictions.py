"""Sources that contradict each other: the latest word counts, wherever it comes from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from tests.graph.clauses import clause
from tests.graph.federation.conftest import Door
from tests.graph.federation.test_relays import BUS, REG, bus

if TYPE_CHECKING:
    from tests.graph.federation.conftest import City


@pytest.fixture
async def third(vinh: City) -> AsyncIterator[Door]:
    """A second address of Vinh, under which a tenant of it is reached as a city of its own."""
    door = Door()
    await door.open()
    door.app = vinh.app
    yield door
    door.close()


@clause("4.5", "5.7.1", "5.7.2")
@pytest.mark.parametrize("first", [True, False])
async def test_the_latest_word_counts(hue: City, vinh: City, third: Door, first: bool) -> None:
    """Whichever of the registrations comes first in the alphabet."""
    tenant = {"NGSILD-Tenant": "third"}
    await vinh.ask("POST", "/entities?local=true", bus(speed=1, name="29B"))
    await vinh.ask("POST", "/entities?local=true", bus(speed=2), **tenant)
    ids = (f"{REG}:a", f"{REG}:b") if first else (f"{REG}:b", f"{REG}:a")
    await hue.knows(vinh, ids[0])
    information = [{"entities": [{"type": "Bus"}]}]
    other = {"id": ids[1], "type": "ContextSourceRegistration", "endpoint": third.url, "information": information}
    await hue.ask("POST", "/csourceRegistrations", {**other, "tenant": "third"})
    assert await hue.ask("GET", "/entities?type=Bus") == [bus(speed=2, name="29B")]
    assert await hue.ask("GET", f"/entities/{BUS}") == bus(speed=2, name="29B")
    asked = len(third.asked)
    await vinh.ask("DELETE", f"/entities/{BUS}?local=true", None, **tenant)
    assert await hue.ask("GET", f"/entities/{BUS}") == bus(speed=1, name="29B")
    assert len(third.asked) == asked + 1, "nothing to ask again where nobody contradicts"
