"""Two people at the same thing: whoever saves second is told, and nothing that was typed is lost in silence."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlencode

from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.datasets.catalogue import put_contract
from nhip.datasets.pipeline import resume
from nhip.datasets.store import find_contract, get_dataset, list_corrections
from nhip.db.installation import Installation
from tests.e2e.pages import DATASET

Client = AsyncTestClient[Litestar]
VI = {"Accept-Language": "vi"}
BASE = f"/console/datasets/{DATASET}"


def field(page: str, name: str) -> str:
    """What a hidden or filled-in field of `page` holds."""
    found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', page)
    assert found is not None, name
    return unescape(found[1])


async def corrected(city: Installation) -> list[tuple[int, str, str | None]]:
    """The corrections in force."""
    async with city.db.read() as tx:
        made = await list_corrections(tx, await get_dataset(tx, DATASET))
    return [(one.row_no, one.column_name, one.now) for one in made]


async def test_the_second_of_two_corrections_is_asked_about(officer: Client, city: Installation) -> None:
    await resume(city)
    before = len(await corrected(city))
    listed = (await officer.get(f"{BASE}/findings?{urlencode({'severity': 'error'})}", headers=VI)).text
    seen, cell, was = (field(listed, name) for name in ("seen", "cell-1", "was-1"))
    row, column = cell.split(":")
    typed = {"seen": seen, "cell-1": cell, "was-1": was}
    await officer.post(f"{BASE}/corrections", data={**typed, "now-1": "của người kia"})
    assert len(await corrected(city)) == before + 1
    twice = await officer.post(f"{BASE}/corrections", data={**typed, "now-1": "của người kia"}, follow_redirects=False)
    assert twice.status_code == 303 and len(await corrected(city)) == before + 1, "a form sent twice changes nothing"
    asked = await officer.post(f"{BASE}/corrections", data={**typed, "now-1": "của tôi"}, headers=VI)
    assert asked.status_code == 409 and len(await corrected(city)) == before + 1, "nobody's work is laid over unasked"
    assert "của người kia" in asked.text and field(asked.text, "now-1") == "của tôi"
    again = {name: field(asked.text, name) for name in ("seen", "cell-1", "was-1", "now-1")}
    answer = await officer.post(f"{BASE}/corrections", data=again, headers=VI)
    assert answer.status_code == 200
    assert [now for r, c, now in await corrected(city) if (str(r), c) == (row, column)][-1] == "của tôi"
    page = (await officer.get(f"{BASE}/findings", headers=VI)).text
    await resume(city)
    raw = (await officer.get(f"{BASE}/rows/{row}", headers=VI)).text
    assert was in unescape(raw) and "của tôi" in raw, "what was delivered, and what it is corrected to"
    assert "của tôi" in page and "của người kia" not in page, "the one that counts"


async def test_a_cell_of_endless_text_is_refused(officer: Client, city: Installation) -> None:
    data = {"cell-1": "2:cap", "was-1": "", "now-1": "x" * 2_001}
    answer = await officer.post(f"{BASE}/corrections", data=data, headers=VI)
    assert answer.status_code == 400 and "2000" in answer.text
    assert "x" * 2_001 not in {now for _row, _column, now in await corrected(city)}


async def test_a_contract_does_not_take_the_place_of_one_that_nobody_saw(officer: Client, city: Installation) -> None:
    shown = (await officer.get(f"{BASE}/contract", headers=VI)).text
    edition = field(shown, "edition")
    async with city.db.tx() as tx:
        dataset = await get_dataset(tx, DATASET)
        record = await find_contract(tx, dataset)
        assert record is not None
        await put_contract(tx, dataset, record.yaml + "# của Lan\n", who="Lan")
    mine = record.yaml + "# của tôi\n"
    answer = await officer.post(f"{BASE}/contract", data={"yaml": mine, "edition": edition}, headers=VI)
    assert answer.status_code == 422 and "Lan" in answer.text and "# của tôi" in answer.text
    again = {"yaml": mine, "edition": field(answer.text, "edition")}
    sent = await officer.post(f"{BASE}/contract", data=again, headers=VI, follow_redirects=False)
    assert sent.status_code == 303
    twice = await officer.post(f"{BASE}/contract", data=again, headers=VI, follow_redirects=False)
    assert twice.status_code == 303, "sent twice, it is the one in force"
    async with city.db.tx() as tx:
        await put_contract(tx, dataset, record.yaml, who="test")
    await resume(city)
