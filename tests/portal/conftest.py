"""A dataset that may be open, and one that holds people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.app import create_app
from nhip.datasets.catalogue import put_agency, put_contract, put_dataset
from nhip.datasets.deliveries import receive
from nhip.datasets.pipeline import process
from nhip.datasets.records import Dataset
from nhip.datasets.store import get_dataset
from nhip.db.installation import Installation
from nhip.portal.service import propose, publish
from nhip.security.service import set_administrator_password

STOPS = """\
apiVersion: v3.1.0
kind: DataContract
id: urn:stops
version: 1.0.0
status: active
schema:
  - name: tram-xe-buyt
    businessName: Trạm xe buýt
    properties:
      - {name: ma, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1, businessName: Mã trạm}
      - {name: ten, logicalType: string, businessName: Tên trạm}
      - {name: ghi_chu, logicalType: string}
      - {name: vi_do, logicalType: number, customProperties: [{property: nhip.kind, value: latitude}]}
      - {name: kinh_do, logicalType: number, customProperties: [{property: nhip.kind, value: longitude}]}
      - {name: mo_cua, logicalType: date, customProperties: [{property: nhip.order, value: ymd}]}
"""
PEOPLE = """\
apiVersion: v3.1.0
kind: DataContract
id: urn:people
version: 1.0.0
status: active
schema:
  - name: nguoi-khuyet-tat
    properties:
      - {name: ma, logicalType: string, primaryKey: true, primaryKeyPosition: 1}
      - name: ho_ten
        logicalType: string
        classification: personal
        customProperties: [{property: nhip.kind, value: person_name}]
      - {name: nam_sinh, logicalType: integer}
      - {name: phuong, logicalType: string}
"""
STOP_ROWS = (
    "ma,ten,ghi_chu,vi_do,kinh_do,mo_cua\n"
    "T01,Bến xe phía Nam,,16.4498,107.6021,2019-05-01\n"
    "T02,Chợ Đông Ba,=1+1,16.4726,107.5889,2020-01-15\n"
    "T03,Đại học Huế,,16.4598,107.5901,2021-09-05\n"
)
PEOPLE_ROWS = "ma,ho_ten,nam_sinh,phuong\nK1,Nguyễn Văn An,1950,Vỹ Dạ\nK2,Trần Thị Bình,1962,Phú Hội\n"


async def deliver(installation: Installation, name: str, text: str, folder: Path) -> None:
    """Send a CSV file and work it through."""
    file = folder / f"{name}.csv"
    file.write_text(text, encoding="utf-8")
    async with installation.db.read() as tx:
        dataset = await get_dataset(tx, name)
    receipt = await receive(installation, dataset.id, file, filename=file.name, who="test", later=False)
    if not receipt.unchanged:
        await process(installation, receipt.delivery.id)


async def _made(installation: Installation, name: str, title: str, contract: str, rows: str, folder: Path) -> Dataset:
    async with installation.db.tx() as tx:
        await put_agency(tx, "000.00.10.H57", "Sở Xây dựng", "Department of Construction")
        dataset = await put_dataset(tx, name, "000.00.10.H57", title, description="Mô tả", theme="Giao thông")
        await put_contract(tx, dataset, contract, who="test")
    await deliver(installation, name, rows, folder)
    async with installation.db.read() as tx:
        return await get_dataset(tx, name)


@pytest.fixture
async def stops(installation: Installation, tmp_path: Path) -> Dataset:
    """Bus stops: nothing personal."""
    return await _made(installation, "tram-xe-buyt", "Trạm xe buýt", STOPS, STOP_ROWS, tmp_path)


@pytest.fixture
async def people(installation: Installation, tmp_path: Path) -> Dataset:
    """People with disabilities: names."""
    return await _made(installation, "nguoi-khuyet-tat", "Người khuyết tật", PEOPLE, PEOPLE_ROWS, tmp_path)


WORDS = {
    "licence": "cc-by-4.0",
    "basis": "Quyết định 12/QĐ-UBND",
    "keywords": ["xe buýt"],
    "contact": "sxd@hue.example",
}


@pytest.fixture
async def open_stops(installation: Installation, stops: Dataset) -> Dataset:
    """The bus stops, published."""
    await propose(installation, stops, treatment={}, **WORDS)
    await publish(installation, stops)
    return stops


@asynccontextmanager
async def _served(installation: Installation) -> AsyncIterator[AsyncTestClient[Litestar]]:
    async with installation.db.tx() as tx:
        await set_administrator_password(tx)
    async with AsyncTestClient(create_app(installation.settings), base_url="http://testserver.local") as client:
        yield client


@pytest.fixture
async def portal(installation: Installation) -> AsyncIterator[AsyncTestClient[Litestar]]:
    """A stranger's program."""
    async with _served(installation) as client:
        yield client


@pytest.fixture(scope="module")
async def open_portal(
    shared_installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[AsyncTestClient[Litestar]]:
    """A stranger's program before the published bus stops, for tests that only read: made once a module."""
    folder = tmp_path_factory.mktemp("stops")
    made = await _made(shared_installation, "tram-xe-buyt", "Trạm xe buýt", STOPS, STOP_ROWS, folder)
    await propose(shared_installation, made, treatment={}, **WORDS)
    await publish(shared_installation, made)
    async with _served(shared_installation) as client:
        yield client
