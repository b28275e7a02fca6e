"""A small city for the browser: two agencies, six datasets in the writings that agencies use, made by the real pipeline."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import xlsxwriter

from nhip.datasets.catalogue import put_agency, put_contract, put_dataset
from nhip.datasets.decode.charsets import encode
from nhip.datasets.deliveries import receive
from nhip.datasets.pipeline import process
from nhip.datasets.sources import put_source
from nhip.datasets.store import get_dataset
from nhip.db.installation import Installation, opened
from nhip.graph.document.expand import expand_entity
from nhip.graph.model import Operation
from nhip.graph.service import DEFAULT_TENANT, Graph
from nhip.security.permissions.service import give_role
from nhip.security.permissions.store import list_of_party
from nhip.security.store import find_account
from nhip.settings import Settings
from nhip.things.model import Mapping
from nhip.things.store import put_mapping
from nhip.things.words import city_context

SCHOOLS_AGENCY, HEALTH_AGENCY = "000.00.14.H57", "000.00.10.H57"
AGENCIES = {
    SCHOOLS_AGENCY: ("Sở Giáo dục và Đào tạo", "Department of Education and Training"),
    HEALTH_AGENCY: ("Sở Y tế", "Department of Health"),
}
TITLES = {
    "truong-hoc": (SCHOOLS_AGENCY, "Trường học", "Schools"),
    "giao-vien": (SCHOOLS_AGENCY, "Giáo viên", "Teachers"),
    "lop-hoc": (SCHOOLS_AGENCY, "Lớp học", "Classes"),
    "co-so-y-te": (HEALTH_AGENCY, "Cơ sở y tế", "Places of care"),
    "phong-kham": (HEALTH_AGENCY, "Phòng khám", "Clinics"),
    "tiem-chung": (HEALTH_AGENCY, "Điểm tiêm chủng", "Vaccination points"),
}
SOURCE = "thu-muc-cu"
GAUGE, READING = "urn:ngsi-ld:RiverGauge:TV01", "urn:ngsi-ld:WaterObserved:TV01"
"""Things of the live city: a river gauge, and what it measures."""
LEVELS = ["Mầm non", "Tiểu học", "Trung học cơ sở", "Trung học phổ thông"]
HEADER = "ma,Tên trường,cap,ngay,hoc_sinh\n"
GOOD = [f"T{n:02d},Trường số {n},{LEVELS[n % 4]},{n % 28 + 1:02d}/09/20{n % 20:02d},{100 + n}\n" for n in range(1, 31)]
WRONG = [
    "T31,=1+1,Tiểu học,01/09/2001,120\n",
    "T32,Trường số 32,Tieu hoc,02/09/2002,9999\n",
    "T33,Trường số 33,Mâm non,03/09/2003,-5\n",
    "T34,,Trung học cơ sở,31/02/2004,130\n",
]


def contract(name: str, title: str, *, every: str = "1, unit: m") -> str:
    """The contract of every table of schools here; `every` is its cadence."""
    return f"""\
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
      - {{name: ten, logicalType: string, required: true, customProperties: [{{property: nhip.delivered, value: [Tên trường]}}]}}
      - name: cap
        logicalType: string
        quality:
          - {{metric: invalidValues, mustBe: 0, arguments: {{validValues: [{", ".join(LEVELS)}]}}}}
      - {{name: ngay, logicalType: date, customProperties: [{{property: nhip.order, value: dmy}}]}}
      - {{name: hoc_sinh, logicalType: integer, logicalTypeOptions: {{minimum: 0, maximum: 5000}}}}
slaProperties:
  - {{property: frequency, value: {every}}}
"""


def table(*more: str, rows: int = 30) -> bytes:
    """A CSV of `rows` good rows and the lines `more`."""
    return (HEADER + "".join(GOOD[:rows]) + "".join(more)).encode()


def old_letters(charset: str) -> bytes:
    """A list of teachers as an old program wrote it, in TCVN3 or VNI."""
    lines = [f"GV{n:02d}\tNguyễn Thị Hồng Thủy\tTrường Tiểu học Phường Đúc số {n}\n" for n in range(1, 40)]
    return encode("Mã\tHọ tên\tNơi làm việc\n" + "".join(lines), charset)


def workbook() -> bytes:
    """A spreadsheet with a title and a note above the table, as it is printed and signed."""
    target = BytesIO()
    book = xlsxwriter.Workbook(target)
    sheet = book.add_worksheet("Danh sách")
    sheet.write(0, 0, "DANH SÁCH CƠ SỞ Y TẾ NĂM 2025")
    sheet.write(1, 0, "(Kèm theo báo cáo của Sở Y tế)")
    for column, text in enumerate(["Mã", "Tên cơ sở", "Số giường", "Ngày cấp phép"]):
        sheet.write(3, column, text)
    for n in range(1, 26):
        for column, text in enumerate([f"YT{n:02d}", f"Trạm y tế số {n}", str(n * 10), f"{n:02d}/03/2019"]):
            sheet.write(3 + n, column, text)
    book.close()
    return target.getvalue()


DELIVERIES: dict[str, list[tuple[str, bytes]]] = {
    "truong-hoc": [
        ("truong-2025.csv", table(rows=30)),
        ("truong-2026.csv", table(*WRONG, rows=24)),
        ("truong-hong.xlsx", b"PK\x03\x04broken"),
    ],
    "giao-vien": [("gv-abc.txt", old_letters("tcvn3"))],
    "lop-hoc": [("lop.csv", table(*WRONG, rows=8))],
    "co-so-y-te": [("co-so-y-te.xlsx", workbook())],
    "phong-kham": [("pk-1.csv", table(rows=10)), ("pk-2.csv", table("T40,Phòng 40,Tiểu học,01/01/2020,7\n", rows=9))],
    "tiem-chung": [],
}
"""What each dataset was sent, oldest first."""
WITH_CONTRACT = ("truong-hoc", "lop-hoc", "phong-kham", "tiem-chung")


async def load(settings: Settings) -> None:
    """Deliver everything to the installation of `settings` and work it through."""
    async with opened(settings, pool_size=3) as installation:
        await make(installation)
        with TemporaryDirectory() as folder:
            for name, files in DELIVERIES.items():
                for filename, body in files:
                    await deliver(installation, name, Path(folder) / filename, body)
        await give_things(installation)
        await give_every_page(installation)


async def make(installation: Installation) -> None:
    """The agencies, the datasets without data, and a source whose folder is not there."""
    async with installation.db.tx() as tx:
        for code, (vi, en) in AGENCIES.items():
            await put_agency(tx, code, vi, en)
        for name, (agency, title, title_en) in TITLES.items():
            dataset = await put_dataset(tx, name, agency, title, title_en=title_en)
            if name in WITH_CONTRACT:
                await put_contract(tx, dataset, contract(name, title), who="thử")
        where = {"path": "/nowhere/tiem-chung"}
        await put_source(
            tx,
            installation,
            name=SOURCE,
            kind="folder",
            agency_code=HEALTH_AGENCY,
            settings=where,
            dataset="tiem-chung",
        )


async def deliver(installation: Installation, name: str, file: Path, body: bytes) -> None:
    """Deliver `body` as `file` and work it through."""
    file.write_bytes(body)
    async with installation.db.read() as tx:
        dataset = await get_dataset(tx, name)
    receipt = await receive(installation, dataset.id, file, filename=file.name, who="thử", later=False)
    await process(installation, receipt.delivery.id)


async def give_things(installation: Installation) -> None:
    """A gauge that measured three times, in the live graph; and a dataset mapped to things whose contract lets nothing in."""
    async with installation.db.tx() as tx:
        schools = await get_dataset(tx, "truong-hoc")
        mapping = Mapping(dataset=schools.name, type="School", id="ma", attributes={"name": "ten"})
        await put_mapping(tx, schools.id, mapping)
    place = {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [107.5905, 16.4637]}}
    found: list[dict[str, Any]] = [{"id": GAUGE, "type": "RiverGauge", "name": "Trạm Kim Long", "location": place}]
    for hour, level in ((1, 0.5), (2, 0.75), (3, 1.25)):
        told = {"type": "Property", "value": level, "unitCode": "MTR", "observedAt": f"2026-11-22T0{hour}:00:00Z"}
        link = {"type": "Relationship", "object": GAUGE}
        found.append({"id": READING, "type": "WaterObserved", "waterLevel": told, "measuredAt": link})
    graph = Graph(installation.db.url)
    await graph.open()
    try:
        for entity in found:
            doc = expand_entity(entity, city_context())
            (outcome,) = await graph.write(DEFAULT_TENANT, [Operation(name="upsert-update", id=doc["id"], doc=doc)])
            assert outcome.error is None
    finally:
        await graph.close()


async def give_every_page(installation: Installation) -> None:
    """Let the administrator open every page, so that one browser can look at all of them. Nobody should hold all this."""
    async with installation.db.tx() as tx:
        account = await find_account(tx, "admin")
        assert account is not None
        held = {assignment.role for assignment in await list_of_party(tx, account.party_id)}
        for role in {"data_steward", "privacy_officer", "auditor"} - held:
            await give_role(tx, account.party_id, role)
