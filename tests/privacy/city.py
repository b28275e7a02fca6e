"""Two datasets of people for the tests of this folder, made by the real pipeline."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from nhip.datasets.catalogue import put_agency, put_contract, put_dataset
from nhip.datasets.deliveries import receive
from nhip.datasets.pipeline import process
from nhip.datasets.records import Dataset, Version
from nhip.datasets.store import find_version_in_force, get_dataset
from nhip.db.installation import Installation
from nhip.privacy.processing import Entry, LegalBasis, Processing, service
from nhip.security.subjects import subject_of

AGENCY, POLICE = "000.00.10.H57", "000.00.15.H57"
LAN, MINH, HOA = "046190000014", "046090000025", "046301000036"
"""Citizen numbers of people who do not exist."""
CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: urn:{name}
version: 1.0.0
status: active
name: {title}
schema:
  - name: {name}
    businessName: {title}
    properties:
      - {{name: ma, businessName: Mã, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}}
      - name: dinh_danh
        businessName: Số định danh
        logicalType: string
        classification: sensitive
        customProperties: [{{property: nhip.kind, value: citizen_id}}]
      - {{name: ho_ten, businessName: Họ tên, logicalType: string, classification: personal}}
"""
PHONES_ONLY = """\
apiVersion: v3.1.0
kind: DataContract
id: urn:danh-ba
version: 1.0.0
status: active
name: Danh bạ
schema:
  - name: danh-ba
    properties:
      - {name: ma, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: ho_ten, logicalType: string, classification: personal}
"""


def table(*rows: tuple[str, str, str]) -> str:
    return "ma,dinh_danh,ho_ten\n" + "".join(",".join(row) + "\n" for row in rows)


FIRST = table(("N1", LAN, "Nguyễn Thị Lan"), ("N2", MINH, "Trần Văn Minh"))
SECOND = table(("N2", MINH, "Trần Văn Minh"), ("N3", "0463 0100 0036", "Lê Thị Hoa"))


async def make(installation: Installation) -> Dataset:
    """Agencies, `hanh-nghe` with a contract that knows citizen numbers, `danh-ba` with one that does not."""
    async with installation.db.tx() as tx:
        await put_agency(tx, AGENCY, "Sở Y tế", "Department of Health")
        await put_agency(tx, POLICE, "Công an thành phố", "City Police")
        made = await put_dataset(tx, "hanh-nghe", AGENCY, "Người hành nghề", title_en="Practitioners")
        await put_contract(tx, made, CONTRACT.format(name="hanh-nghe", title="Người hành nghề"), who="thử")
        other = await put_dataset(tx, "danh-ba", AGENCY, "Danh bạ")
        await put_contract(tx, other, PHONES_ONLY, who="thử")
        return await get_dataset(tx, "hanh-nghe")


async def deliver(installation: Installation, text: str, name: str = "hanh-nghe") -> Version:
    """Deliver a table and work it through; gives the version in force."""
    async with installation.db.read() as tx:
        dataset = await get_dataset(tx, name)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "bang.csv"
        file.write_text(text, encoding="utf-8")
        receipt = await receive(installation, dataset.id, file, filename=file.name, who="thử", later=False)
        outcome = await process(installation, receipt.delivery.id)
    assert outcome is not None and outcome.state == "published", outcome
    async with installation.db.read() as tx:
        version = await find_version_in_force(tx, await get_dataset(tx, name))
    assert version is not None
    return version


async def register(installation: Installation, basis: str = "consent", name: str = "nhac-lich") -> Processing:
    entry = Entry(
        title="Nhắc lịch cập nhật kiến thức",
        title_en="Reminders",
        purpose="Nhắn tin nhắc hạn",
        legal_basis=(LegalBasis(basis, "Điều 9"),),
        controller=AGENCY,
        processors=("Công ty Tin nhắn",),
        data_categories=("Số điện thoại", "Họ tên"),
        recipients=("Bộ Y tế",),
        datasets=("hanh-nghe",),
        retention_months=24,
    )
    async with installation.db.tx() as tx:
        return await service.register(tx, name, entry)


def subject(installation: Installation, number: str) -> bytes:
    found = subject_of(installation.settings, number)
    assert found is not None
    return found


async def kinds(installation: Installation, *of: str) -> list[str]:
    """Kinds of events in the ledger that begin with one of `of`, in order."""
    async with installation.db.read() as tx:
        rows = await (await tx.execute("select kind from ledger.event order by seq")).fetchall()
    return [kind for (kind,) in rows if kind.startswith(of)]


async def close_ledger(installation: Installation) -> None:
    """Make the ledger refuse every further event."""
    async with installation.db.tx() as tx:
        await tx.execute("drop function ledger.append")
