"""Which types and attributes there are, as a client with an @context sees it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from nhip.graph.contexts.model import Context
from nhip.graph.document.times import said
from nhip.graph.errors import ResourceNotFound
from nhip.graph.model import Operation
from nhip.graph.query import counting, discovery
from nhip.graph.service import Graph
from nhip.kernel.time import held, now

NAMES = Context({"Bus": "https://x.example/Bus", "speed": "https://x.example/speed", "stop": "https://x.example/stop"})
BUS, SPEED, STOP = (f"https://x.example/{name}" for name in ("Bus", "speed", "stop"))


async def test_types_and_attributes_follow_the_entities(graph: Graph, tenant: int) -> None:
    speed, link = {"type": "Property", "value": 1}, {"type": "Relationship", "object": "urn:x:1"}
    docs = [
        {"id": "urn:x:1", "type": [BUS], SPEED: [speed], STOP: [link]},
        {"id": "urn:x:2", "type": [BUS], STOP: [{"type": "Property", "value": "x"}]},
        {"id": "urn:x:3", "type": ["urn:t:Other"], SPEED: [speed]},
    ]
    await graph.write(tenant, [Operation(name="create", id=str(doc["id"]), doc=doc) for doc in docs])

    assert (await discovery.list_types(graph, tenant, NAMES))["typeList"] == ["Bus", "urn:t:Other"]
    assert (await discovery.list_attributes(graph, tenant, NAMES))["attributeList"] == ["speed", "stop"]
    types = await discovery.describe_types(graph, tenant, NAMES)
    assert types[0] == {"id": BUS, "type": "EntityType", "typeName": "Bus", "attributeNames": ["speed", "stop"]}
    attributes = await discovery.describe_attributes(graph, tenant, NAMES)
    assert attributes[0]["typeNames"] == ["Bus", "urn:t:Other"]
    kind = await discovery.describe_type(graph, tenant, NAMES, BUS)
    assert kind["entityCount"] == 2
    assert [one["attributeTypes"] for one in kind["attributeDetails"]] == [["Property"], ["Property", "Relationship"]]
    one = await discovery.describe_attribute(graph, tenant, NAMES, SPEED)
    assert (one["attributeCount"], one["attributeTypes"], one["typeNames"]) == (2, ["Property"], ["Bus", "urn:t:Other"])

    await graph.write(tenant, [Operation(name="delete", id="urn:x:3")])
    assert (await discovery.list_types(graph, tenant, NAMES))["typeList"] == ["Bus"]
    with pytest.raises(ResourceNotFound):
        await discovery.describe_type(graph, tenant, NAMES, "urn:t:Other")
    with pytest.raises(ResourceNotFound):
        await discovery.describe_attribute(graph, tenant, NAMES, "https://x.example/none")


async def test_what_has_expired_is_in_use_no_more(graph: Graph, tenant: int) -> None:
    start = now()
    soon = said(start + timedelta(hours=1))
    docs = [
        {"id": "urn:x:1", "type": [BUS], SPEED: [{"type": "Property", "value": 1, "expiresAt": soon}]},
        {"id": "urn:x:2", "type": ["urn:t:Brief"], "expiresAt": soon},
    ]
    await graph.write(tenant, [Operation(name="create", id=str(doc["id"]), doc=doc) for doc in docs])
    assert (await discovery.list_attributes(graph, tenant, NAMES))["attributeList"] == ["speed"]
    counting._due.clear()
    with held(start + timedelta(hours=2)):
        assert (await discovery.list_types(graph, tenant, NAMES))["typeList"] == ["Bus"]
        assert (await discovery.list_attributes(graph, tenant, NAMES))["attributeList"] == []
        assert (await discovery.describe_type(graph, tenant, NAMES, BUS))["entityCount"] == 1
