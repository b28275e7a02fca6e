"""A dataset of its own with its mapping to things, delivered to again and again."""

from __future__ import annotations

import itertools
from typing import Any

import orjson

from nhip.datasets.catalogue import put_contract, put_dataset
from nhip.datasets.contract.model import Contract, Field
from nhip.datasets.contract.yaml import dump
from nhip.datasets.deliveries import receive
from nhip.datasets.pipeline import process
from nhip.datasets.records import Dataset
from nhip.datasets.store import get_dataset
from nhip.db.installation import Installation
from nhip.graph.document.pack import unpack
from nhip.graph.service import DEFAULT_TENANT, Graph
from nhip.things import store
from nhip.things.model import Attribute, Link, Mapping, Place
from nhip.things.words import city_context

_names = itertools.count(1)
HEAD = "ma,ten,do_cao,ngay_do,vi_do,kinh_do,nguoi_giu,ghi_chu,tuyen"


def contract(name: str, **classes: str) -> Contract:
    """Everything public but who keeps it; `classes` say otherwise."""
    classes = {"nguoi_giu": "personal", "ghi_chu": "", **classes}

    def field(column: str, **more: Any) -> Field:
        return Field(name=column, classification=classes.get(column, "public"), **more)

    fields = (
        field("ma"), field("ten"), field("do_cao", type="number", maximum=1000), field("ngay_do", type="timestamp"),
        field("vi_do", type="number", kind="latitude"), field("kinh_do", type="number", kind="longitude"),
        field("nguoi_giu", kind="person_name"), field("ghi_chu"), field("tuyen"),
    )  # fmt: skip
    return Contract(id=f"00000000-0000-4000-8000-{int(name[1:]):012d}", version="1.0.0", dataset=name, fields=fields)


class Town:
    """A dataset of its own with its mapping, delivered to again and again."""

    def __init__(self, installation: Installation, graph: Graph, **changes: Any) -> None:
        self.installation, self.graph = installation, graph
        self.name = f"d{next(_names)}"
        self.kind = f"Post{self.name}"
        told: dict[str, Any] = {
            "dataset": self.name, "type": self.kind, "id": "ma", "location": Place("vi_do", "kinh_do"),
            "attributes": {"name": "ten", "height": Attribute(column="do_cao", unit="MTR"), "keeper": "nguoi_giu",
                           "note": "ghi_chu"},
            "relationships": {"onRoute": Link("tuyen", "PublicTransportRoute")},
        }  # fmt: skip
        self.mapping = Mapping(**{**told, **changes})

    async def make(self, **classes: str) -> Town:
        async with self.installation.db.tx() as tx:
            dataset = await put_dataset(tx, self.name, "000.01.10.H57", "Cột mốc")
            await put_contract(tx, dataset, dump(contract(self.name, **classes)), who="test")
            await store.put_mapping(tx, dataset.id, self.mapping)
        return self

    async def dataset(self) -> Dataset:
        async with self.installation.db.read() as tx:
            return await get_dataset(tx, self.name)

    async def deliver(self, *rows: str) -> None:
        file = self.installation.settings.data_dir / f"{self.name}.csv"
        file.write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")
        dataset = await self.dataset()
        taken = await receive(self.installation, dataset.id, file, filename=file.name, who="test", later=False)
        outcome = await process(self.installation, taken.delivery.id)
        assert outcome is not None and not outcome.problem, outcome

    async def thing(self, id: str) -> dict[str, Any] | None:
        """The thing with short names and bare values; None when the graph has none."""
        found = await self.graph.get(DEFAULT_TENANT, f"urn:ngsi-ld:{self.kind}:{id}")
        if found is None:
            return None
        doc = unpack(found.doc)
        compact = city_context().compact
        return {compact(k): v[0].get("value", v[0].get("object")) for k, v in doc.items() if isinstance(v[0], dict)}

    async def all(self) -> dict[str, dict[str, Any]]:
        async with self.installation.db.read() as tx:
            ids = await store.page_of_held(tx, (await self.dataset()).id, "", 1000)
        return {id: orjson.loads(one.doc) for one in await self.graph.get_many(DEFAULT_TENANT, ids) for id in [one.id]}


A = "A1,Trạm Đông,12.5,2026-11-01 08:00,16.46,107.59,Nguyễn Văn A,riêng,T1"
B = "B 2,Trạm Tây,,2026-11-01 08:00,16.47,107.58,Lê B,,"
