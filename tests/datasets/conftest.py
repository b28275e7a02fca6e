"""A small dataset to deliver to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from nhip.datasets.catalogue import put_agency, put_contract, put_dataset
from nhip.datasets.deliveries import receive
from nhip.datasets.pipeline import process
from nhip.datasets.publish import Outcome
from nhip.datasets.records import Dataset
from nhip.db.installation import Installation

SCHOOLS = """\
apiVersion: v3.1.0
kind: DataContract
id: urn:schools
version: 1.0.0
status: active
schema:
  - name: truong-hoc
    businessName: Trường học
    properties:
      - {name: ma, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: ten, logicalType: string, required: true, customProperties: [{property: nhip.delivered, value: [Tên trường]}]}
      - {name: ngay, logicalType: date, customProperties: [{property: nhip.order, value: dmy}]}
      - {name: hoc_sinh, logicalType: integer, logicalTypeOptions: {minimum: 0, maximum: 5000}}
slaProperties:
  - {property: frequency, value: 1, unit: m}
"""
HEADER = "ma,Tên trường,ngay,hoc_sinh\n"
FIRST = HEADER + "A1,Trường Một,01/09/2001,100\nA2,Trường Hai,02/09/2002,200\nA3,Trường Ba,03/09/2003,9999\n"
SECOND = HEADER + "A1,Trường Một,01/09/2001,150\nA2,Trường Hai,02/09/2002,200\nA4,Trường Bốn,04/09/2004,400\n"

Deliver = Callable[..., Awaitable[Outcome | None]]


@pytest.fixture
async def schools(installation: Installation) -> Dataset:
    """A dataset with a contract and no delivery."""
    async with installation.db.tx() as tx:
        await put_agency(tx, "000.00.14.H57", "Sở Giáo dục và Đào tạo", "Department of Education")
        dataset = await put_dataset(tx, "truong-hoc", "000.00.14.H57", "Trường học")
        await put_contract(tx, dataset, SCHOOLS, who="test")
    return dataset


@pytest.fixture
def deliver(installation: Installation, schools: Dataset, tmp_path: Path) -> Deliver:
    """Deliver a text as a file and work it through; None when the bytes were here already."""

    async def send(text: str | bytes, filename: str = "truong.csv") -> Outcome | None:
        file = tmp_path / filename
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        receipt = await receive(installation, schools.id, file, filename=filename, who="test", later=False)
        return None if receipt.unchanged else await process(installation, receipt.delivery.id)

    return send
