"""Conflicts between datasets from publication to the page: measured as a job, counted in the virtue, shown to the cell."""

from __future__ import annotations

import re
from pathlib import Path

from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.datasets.catalogue import put_contract, put_dataset
from nhip.datasets.conflicts import measure_conflicts
from nhip.datasets.health import get_dataset_health
from nhip.datasets.store import get_dataset, list_conflicts
from nhip.db.installation import Installation
from tests.e2e import sample
from tests.e2e.pages import vi

Client = AsyncTestClient[Litestar]
REGISTER, KITCHENS = "dang-ky-truong", "bep-an"


def contract(name: str, key: str, more: str = "") -> str:
    return f"""\
apiVersion: v3.1.0
kind: DataContract
id: urn:{name}
version: 1.0.0
status: active
schema:
  - name: {name}
    properties:
      - {{name: {key}, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1{more}}}
      - {{name: ten, logicalType: string}}
      - {{name: so_phong, logicalType: integer}}
"""


async def consistent(city: Installation, name: str) -> float | None:
    async with city.db.read() as tx:
        health = await get_dataset_health(tx, await get_dataset(tx, name))
    return health.virtues.consistent if health.virtues else None


async def test_a_conflict_is_measured_scored_shown_and_gone_when_it_is_put_right(
    officer: Client, city: Installation, tmp_path: Path
) -> None:
    link = f", relationships: [{{type: foreignKey, to: {REGISTER}.ma}}]"
    async with city.db.tx() as tx:
        for name, yaml in ((REGISTER, contract(REGISTER, "ma")), (KITCHENS, contract(KITCHENS, "ma_truong", link))):
            dataset = await put_dataset(tx, name, sample.SCHOOLS_AGENCY, name)
            await put_contract(tx, dataset, yaml, who="test")
    rows = "".join(f"T{n},Trường {n},{n}\n" for n in range(1, 11))
    await sample.deliver(city, REGISTER, tmp_path / "a.csv", f"ma,ten,so_phong\n{rows}".encode())
    other = rows.replace("T4,Trường 4,4", "T4,Trường số bốn,4").replace("Trường 7,7", "Trường 7,8")
    await sample.deliver(city, KITCHENS, tmp_path / "b.csv", f"ma_truong,ten,so_phong\n{other}".encode())
    assert (await consistent(city, REGISTER), await consistent(city, KITCHENS)) == (None, 100.0)

    assert await measure_conflicts(city) >= 2
    assert await measure_conflicts(city) == 0, "nothing changed since"
    async with city.db.read() as tx:
        kept = await list_conflicts(tx, (await get_dataset(tx, KITCHENS)).id)
    assert [(c.other_name, c.compared, c.conflicts) for c in kept] == [(REGISTER, 20, 2)]
    assert await consistent(city, REGISTER) == 90.0
    assert await consistent(city, KITCHENS) == 93.33, "10 references and 20 shared cells, 2 of them differ"

    evidence = (await officer.get(f"/console/datasets/{KITCHENS}/virtues/consistent?lang=vi")).text
    assert f"/console/datasets/{KITCHENS}/conflicts/{REGISTER}" in evidence
    assert "100 × (1 − (0 + 2) ÷ (10 + 20))" in evidence
    page = (await officer.get(f"/console/datasets/{KITCHENS}/conflicts/{REGISTER}")).text
    assert "Trường số bốn" in page and "<q>Trường 4</q>" in page
    narrowed = (await officer.get(f"/console/datasets/{KITCHENS}/conflicts/{REGISTER}?column=so_phong")).text
    assert "Trường số bốn" not in narrowed
    linked = re.search(rf"/console/datasets/{REGISTER}/rows/(\d+)", narrowed)
    assert linked and (await officer.get(linked[0])).status_code == 200
    assert (await officer.get(f"/console/datasets/{KITCHENS}/conflicts/truong-hoc")).status_code == 404

    await sample.deliver(city, KITCHENS, tmp_path / "c.csv", f"ma_truong,ten,so_phong\n{rows}".encode())
    stale = (await officer.get(f"/console/datasets/{KITCHENS}/conflicts/{REGISTER}?lang=vi")).text
    assert vi("One of the two has a newer version; it is compared within minutes.") in stale
    assert await measure_conflicts(city) == 2
    assert (await consistent(city, REGISTER), await consistent(city, KITCHENS)) == (100.0, 100.0)

    async with city.db.tx() as tx:
        await put_contract(tx, await get_dataset(tx, KITCHENS), contract(KITCHENS, "ma_truong"), who="test")
    await sample.deliver(city, KITCHENS, tmp_path / "d.csv", f"ma_truong,ten,so_phong\n{other}".encode())
    await measure_conflicts(city)
    assert await consistent(city, KITCHENS) is None, "no contract relates them any more"
