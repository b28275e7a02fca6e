"""A small installation for tests of rights: the agencies of the browser tests, one with personal data, a person a role."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.datasets.catalogue import put_agency, put_contract, put_dataset
from nhip.datasets.corrections import CellFix, correct
from nhip.datasets.health import get_dataset_health
from nhip.datasets.sources import put_source
from nhip.datasets.store import get_dataset, list_corrections, list_deliveries, queries
from nhip.db.installation import Installation
from nhip.db.query import execute
from nhip.kernel.ids import new_id
from nhip.kernel.time import now
from nhip.security.model import Account, Party
from nhip.security.parties.service import make_account, make_party, suspend
from nhip.security.passwords import token_hash
from nhip.security.permissions.catalogue import built_in_roles
from nhip.security.permissions.service import give_role
from nhip.security.service import begin_session
from nhip.security.sessions import cookie_name
from nhip.security.store import NewSession
from tests.e2e import sample

AGENT = "nhip tests"
HELP_AGENCY = "000.00.25.H57"
HELP, HELP_TITLE = "bao-tro", "Đối tượng bảo trợ"
HELP_SOURCE = "thu-muc-bao-tro"
PEOPLE = [("001099012345", "Nguyễn Thị Bí Mật"), ("046188023456", "Trần Văn Kín"), ("079201034567", "Lê Thị Giấu")]
MARKERS = [part for number, name in PEOPLE for part in (number, name)] + ["0460881", "12 Kiệt Riêng"]
"""Texts that stand in personal columns only."""


def leaks(text: str, asked: str = "") -> list[str]:
    """The marked values in `text` that were not asked with."""
    return [marker for marker in MARKERS if marker in text and marker not in asked]


CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: urn:bao-tro
version: 1.0.0
status: active
name: Đối tượng bảo trợ
schema:
  - name: bao-tro
    businessName: Đối tượng bảo trợ
    properties:
      - {name: ma, businessName: Mã, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: ho_ten, businessName: Họ tên, logicalType: string, required: true, classification: personal}
      - name: cccd
        businessName: CCCD
        logicalType: string
        unique: true
        classification: sensitive
        customProperties: [{property: nhip.kind, value: citizen_id}]
      - {name: dia_chi, businessName: Địa chỉ, logicalType: string, classification: personal}
      - {name: muc, businessName: Mức, logicalType: integer, logicalTypeOptions: {minimum: 0, maximum: 9000}}
      - {name: ghi_chu, businessName: Ghi chú, logicalType: string}
    quality:
      - {type: custom, engine: nhip, name: du-muc, implementation: "muc > 100 OR ho_ten IS NULL"}
"""
HEADER = "Mã,Họ tên,CCCD,Địa chỉ,Mức,Ghi chú,Cột lạ\n"
ROWS = [
    f"B1,{PEOPLE[0][1]},{PEOPLE[0][0]},12 Kiệt Riêng,500,tốt,{PEOPLE[0][0]}\n",
    f"B2,{PEOPLE[1][1]},0460881,12 Kiệt Riêng,50,số {PEOPLE[1][0]} của ông,x\n",
    f"B3,{PEOPLE[2][1]},{PEOPLE[2][0]},,9999,gọi sau,{PEOPLE[2][1]}\n",
    f"B4,Người khác,{PEOPLE[0][0]},12 Kiệt Riêng,600,trùng,y\n",
    f"B4,{PEOPLE[1][1]},{PEOPLE[1][0]},12 Kiệt Riêng,700,giữ lại,z\n",
]
LATER = [*ROWS[:2], f"B3,{PEOPLE[2][1]} Hai,{PEOPLE[2][0]},12 Kiệt Riêng,800,gọi sau,t\n", *ROWS[3:]]


class Person(msgspec.Struct, frozen=True):
    """Somebody with an account."""

    party: Party
    account: Account


class Town(msgspec.Struct):
    """The installation, who is in it, and the ids that stand in addresses."""

    installation: Installation
    people: dict[str, Person]
    agencies: dict[str, uuid.UUID]
    ids: dict[str, str]

    async def token(self, name: str, *, level: int = 3, ago: timedelta = timedelta()) -> str:
        """The cookie of a new session of `people[name]`, confirmed `ago`."""
        ends = now() + timedelta(hours=1)
        new = NewSession(method="passkey", level=level, ends_at=ends, address="testclient", agent=AGENT)
        async with self.installation.db.tx() as tx:
            token = await begin_session(tx, self.people[name].account, new)
            if ago:
                old = {"at": now() - ago, "hash": token_hash(token)}
                await tx.execute("update security.session set confirmed_at = %(at)s where token_hash = %(hash)s", old)
        return token

    async def headers(self, name: str | None, **more: str) -> dict[str, str]:
        """Headers of a request by `people[name]` (None: a stranger) from a page of ours."""
        return self.headers_of(await self.token(name) if name else "", **more)

    def headers_of(self, token: str, **more: str) -> dict[str, str]:
        """Headers of a request with the session of `token`."""
        kept = {"user-agent": AGENT, "sec-fetch-site": "same-origin", "accept": "application/json", **more}
        return {**kept, "cookie": f"{cookie_name(self.installation.settings)}={token}"} if token else kept


def client_of(app: Litestar) -> AsyncTestClient[Litestar]:
    """A client in this process; its cookies are given with each request."""
    return AsyncTestClient(app, base_url="http://testserver.local")


async def build(installation: Installation, folder: Path) -> Town:
    """Make the town in an empty installation."""
    await sample.make(installation)
    for filename, body in sample.DELIVERIES["truong-hoc"]:
        await sample.deliver(installation, "truong-hoc", folder / filename, body)
    async with installation.db.tx() as tx:
        await put_agency(tx, HELP_AGENCY, "Phòng Bảo trợ", "Social Help")
        await put_contract(tx, await put_dataset(tx, HELP, HELP_AGENCY, HELP_TITLE), CONTRACT, who="thử")
        where = {"path": "/nowhere/bao-tro"}
        named = {"name": HELP_SOURCE, "kind": "folder", "agency_code": HELP_AGENCY, "dataset": HELP}
        await put_source(tx, installation, **named, settings=where)  # type: ignore[arg-type]
    for number, rows in enumerate((ROWS, LATER), 1):
        await sample.deliver(installation, HELP, folder / f"bt-{number}.csv", (HEADER + "".join(rows)).encode())
    await _correct(installation)
    await sample.deliver(installation, HELP, folder / "bt-3.csv", "".join(ROWS).encode())  # no header: cannot be used
    people = await _people(installation)
    return Town(installation, people, await _agencies(installation), await ids(installation))


async def _correct(installation: Installation) -> None:
    """An officer put a personal cell right, and a plain one."""
    async with installation.db.read() as tx:
        health = await get_dataset_health(tx, await get_dataset(tx, HELP))
    assert health.version is not None
    fixes = [
        CellFix(row=3, column="cccd", was="0460881", now=PEOPLE[1][0]),
        CellFix(row=4, column="ghi_chu", was="gọi sau", now="đã gọi"),
    ]
    made = await correct(
        installation, health.dataset, health.version.delivery_id, fixes, who="thử", keys={3: {"ma": "B2"}}, later=False
    )
    from nhip.datasets.pipeline import process

    await process(installation, made.id)


async def _agencies(installation: Installation) -> dict[str, uuid.UUID]:
    async with installation.db.read() as tx:
        rows = await (await tx.execute("select code, id from datasets.agency")).fetchall()
    return {str(code): found for code, found in rows}


async def _people(installation: Installation) -> dict[str, Person]:
    """One person a role, a second officer of another agency, one suspended, one without any role."""
    agencies = await _agencies(installation)
    people: dict[str, Person] = {}
    limited = {"agency_officer": HELP_AGENCY, "agency_leader": HELP_AGENCY, "officer_elsewhere": sample.SCHOOLS_AGENCY}
    async with installation.db.tx() as tx:
        for name in (*built_in_roles(), "officer_elsewhere", "suspended", "nobody"):
            place = agencies.get(limited.get(name, ""))
            party = await make_party(tx, "person", f"Người {name}", parent_id=place)
            people[name] = Person(party, await make_account(tx, party, name, None))
            role = {"officer_elsewhere": "agency_officer", "suspended": "administrator"}.get(name, name)
            if role != "nobody":
                await give_role(tx, party.id, role, organisation_id=place)
    async with installation.db.tx() as tx:
        await suspend(tx, people["suspended"].party, True)
    return people


async def ids(installation: Installation, dataset: str = HELP) -> dict[str, str]:
    """What stands in addresses: of `dataset`, its delivery, an alert and a correction of it, its agency and its source."""
    async with installation.db.tx() as tx:
        found = await get_dataset(tx, dataset)
        deliveries = await list_deliveries(tx, found, 10)
        corrections = await list_corrections(tx, found)
        alert: dict[str, Any] = {"id": new_id(), "dataset_id": found.id, "virtue": "clean", "was": 90, "now": 60}
        await execute(tx, queries.insert_alert, **alert, at=now())
    return {
        "name": dataset,
        "code": found.agency_code,
        "virtue": "clean",
        "no": "2",
        "row": "3",
        "delivery_id": str(deliveries[-1].id),
        "failed_id": str(deliveries[0].id),
        "alert_id": str(alert["id"]),
        "correction_id": str(corrections[0].id) if corrections else str(uuid.UUID(int=7)),
    }
