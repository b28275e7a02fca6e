"""What a portal calls its columns is what people read, from the first delivery on."""

from __future__ import annotations

from pathlib import Path

from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.datasets.catalogue import put_dataset
from nhip.datasets.contract.yaml import load
from nhip.datasets.deliveries import keep, record
from nhip.datasets.pipeline import process
from nhip.datasets.store import find_contract, get_dataset
from nhip.db.installation import Installation
from tests.e2e import sample


async def test_titles_of_the_source_come_into_the_drafted_contract(
    officer: AsyncTestClient[Litestar], city: Installation, tmp_path: Path
) -> None:
    file = tmp_path / "le-hoi.ndjson"
    file.write_text('{"tendoituong": "Hội vật làng Sình", "nam": 2024, "khac": "a"}\n' * 3, encoding="utf-8")
    titles = {"tendoituong": "Tên đối tượng ", "nam": "Năm tổ chức", "khong_co": "x", "khac": ""}
    async with city.db.tx() as tx:
        dataset = await put_dataset(tx, "le-hoi", sample.SCHOOLS_AGENCY, "Lễ hội")
    arrival = await keep(city, file, file.name, titles=titles)
    async with city.db.tx() as tx:
        receipt = await record(tx, dataset.id, arrival, who="cong", later=False)
    assert receipt.delivery.titles["nam"] == "Năm tổ chức"
    outcome = await process(city, receipt.delivery.id)
    assert outcome is not None and outcome.state == "published"
    async with city.db.read() as tx:
        contract = await find_contract(tx, await get_dataset(tx, "le-hoi"))
    assert contract is not None
    named = {field.name: field.title for field in load(contract.yaml).fields}
    assert (named["tendoituong"], named["nam"]) == ("Tên đối tượng", "Năm tổ chức")
    assert "Năm tổ chức" in (await officer.get("/console/datasets/le-hoi/rows")).text
