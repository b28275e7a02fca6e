"""Single pages of the console as an officer reads them, without a browser."""

from __future__ import annotations

import re
import uuid
from typing import NamedTuple, cast
from urllib.parse import urlencode

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.connectors.model import Fetched, RemoteDataset
from nhip.connectors.registry import fields_of, list_connectors
from nhip.connectors.titles import CHOICES, SETTINGS
from nhip.console.evidence import naming_columns, say_cell
from nhip.datasets.contract.model import Contract, Field
from nhip.datasets.pipeline import resume
from nhip.datasets.records import Version
from nhip.datasets.sources import _note_portal, put_source
from nhip.datasets.store import get_dataset, queries
from nhip.db.installation import Installation
from nhip.db.query import execute
from nhip.kernel.time import now
from nhip.web.i18n import speaking
from tests.e2e import sample
from tests.e2e.pages import DATASET, vi

Client = AsyncTestClient[Litestar]
VI = {"Accept-Language": "vi"}


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


async def test_what_a_portal_offers_no_longer_is_told_where_it_matters(officer: Client, city: Installation) -> None:
    name = f"cong-{uuid.uuid4().hex[:6]}"
    async with city.db.tx() as tx:
        what = {"url": "https://example.org"}
        source = await put_source(tx, city, name=name, kind="ckan", settings=what, agency_code=sample.SCHOOLS_AGENCY)
        dataset = await get_dataset(tx, DATASET)
        where = {"source_id": source.id, "remote_id": "r1", "resource": "x", "dataset_id": dataset.id, "now": now()}
        await execute(tx, queries.insert_remote, **where)
    gone, back = Fetched(vanished=["r1"]), Fetched(remote=[RemoteDataset(id="r1", title="x")])
    for fetched, told in ((gone, True), (back, False)):
        async with city.db.tx() as tx:
            await _note_portal(tx, source, fetched)
        overview = (await officer.get(f"/console/datasets/{DATASET}", headers=VI)).text
        page = (await officer.get(f"/console/sources/{name}", headers=VI)).text
        assert (f"/console/sources/{name}" in overview) is told
        assert (vi("No longer offered by the portal") in page) is told
        assert (f"/console/datasets/{DATASET}" in page) is told


def test_every_setting_and_choice_has_a_title() -> None:
    for connector in list_connectors():
        for field in fields_of(connector):
            assert field.name in SETTINGS, f"{connector.kind}.{field.name}"
            assert all(f"{field.name}.{choice}" in CHOICES for choice in field.choices), (
                f"{connector.kind}.{field.name}"
            )


async def test_the_form_of_a_source_speaks_of_titles_and_says_faults_beside_the_field(officer: Client) -> None:
    page = (await officer.get("/console/sources/new?kind=json_api", headers=VI)).text
    assert vi("Where the rows are") in page and vi("address of the next page") in page
    data = {"name": "x", "agency": sample.SCHOOLS_AGENCY, "set-url": "https://a.vn", "set-headers": "{no"}
    answer = await officer.post("/console/sources/new?kind=json_api", data=data, headers=VI)
    assert answer.status_code == 422
    assert 'id="e-set-headers"' in answer.text


MARKED: dict[str, set[str]] = {
    "/console/khong-co": set(),
    "/console/datasets/khong-co": {"/console/datasets"},
    "/console/sources/khong-co": {"/console/sources"},
}
"""What of the menu an error page marks: where one is, and not the start page for what is missing below it."""


async def test_a_fault_inside_the_console_keeps_the_menu(officer: Client, stranger: Client) -> None:
    for address in ("/console/khong-co", "/console/datasets/khong-co", "/console/sources/khong-co"):
        answer = await officer.get(address, headers=VI)
        assert answer.status_code == 404
        assert 'href="/console/queue"' in answer.text, address
        marked = set(re.findall(r'href="([^"]+)" aria-current="(?:page|true)"', answer.text.split("menu-look")[0]))
        assert marked == MARKED[address], address
    answer = await stranger.get("/console/khong-co", headers={"Accept": "text/html"}, follow_redirects=False)
    assert answer.status_code == 303


async def test_the_list_of_datasets_stands_under_their_agencies(officer: Client) -> None:
    page = (await officer.get("/console/upload", headers=VI)).text
    for agency in {agency for agency, _title, _en in sample.TITLES.values()}:
        assert page.count("<optgroup") >= 2, agency
    assert re.search(r'<optgroup label="[^"]+">\s*<option value="[a-z0-9-]+"', page)


async def test_findings_name_their_rows_and_repeat_no_cell(officer: Client) -> None:
    page = (
        await officer.get(f"/console/datasets/{DATASET}/findings?rule=enum&column=cap&severity=error", headers=VI)
    ).text
    row = re.search(
        rf'<a class="row-link" href="/console/datasets/{DATASET}/rows/(\d+)">.*?<span class="about">([^<]+)', page
    )
    assert row is not None and "T" in row[2], "the key and the name of the row"
    heads = re.findall(r"<th scope=\"col\"[^>]*>([^<]+)</th>", page.split("</thead>")[0])
    assert heads == [vi("Row"), vi("Delivered"), vi("Should be")]
    single = text_of((await officer.get(f"/console/datasets/{DATASET}/rows/{row[1]}", headers=VI)).text)
    assert row[2].strip() in single


class _Columns(NamedTuple):
    manifest: dict[str, list[dict[str, str]]]


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        ("BOOLEAN", "false", "không"),
        ("BOOLEAN", "•••", "•••"),
        ("DATE", "1976-09-05", "05/09/1976"),
        ("DATE", "1976", "1976"),
        ("TIMESTAMP", "2026-10-01 07:30:00", "07:30 01/10/2026"),
        ("DOUBLE", "16.0739951", "16,0739951"),
        ("DOUBLE", "1234567.5", "1.234.567,5"),
        ("DOUBLE", "1e-05", "0,00001"),
        ("DOUBLE", "nan", "nan"),
        ("BIGINT", "1976", "1976"),
        ("VARCHAR", "1.5", "1.5"),
    ],
)
def test_a_cell_is_told_as_people_write_it(kind: str, text: str, told: str) -> None:
    version = cast(Version, _Columns({"columns": [{"name": "x", "type": kind}]}))
    with speaking("vi"):
        assert say_cell(version, "x", text) == told


def test_a_row_is_called_by_its_key_and_its_name() -> None:
    fields = (
        Field(name="so_luong", type="integer"),
        Field(name="tinh_trang"),
        Field(name="ten_truong"),
        Field(name="ma", primary_key=1),
    )
    contract = Contract(id="c", version="1", dataset="d", fields=fields)
    assert naming_columns(contract) == ["ma", "ten_truong"]
    assert naming_columns(None) == []


async def test_after_saving_it_is_told_what_changed(officer: Client, city: Installation) -> None:
    await resume(city)
    narrowed = {"rule": "enum", "column": "cap", "severity": "error"}
    listed = (await officer.get(f"/console/datasets/{DATASET}/findings?{urlencode(narrowed)}", headers=VI)).text
    cell = re.search(r'name="cell-1" value="([^"]+)"', listed)
    was = re.search(r'name="was-1" value="([^"]+)"', listed)
    assert cell and was
    data = {**narrowed, "cell-1": cell[1], "was-1": was[1], "now-1": "Tiểu học"}
    answer = await officer.post(f"/console/datasets/{DATASET}/corrections", data=data, follow_redirects=False)
    back = answer.headers["location"]
    assert "rule=enum" in back and "since=" in back, "the officer stays in the list"
    working = (await officer.get(back, headers=VI)).text
    assert vi("Being worked through again") in working and "<progress" in working
    await resume(city)
    done = text_of((await officer.get(back, headers=VI)).text)
    assert vi("What your corrections changed") in done
    assert re.search(rf"{vi('Findings')} ?: \d+ → \d+", done)
    for nonsense in ("99", "-1", ""):
        page = (await officer.get(f"/console/datasets/{DATASET}/findings?since={nonsense}", headers=VI)).text
        assert vi("What your corrections changed") not in page
