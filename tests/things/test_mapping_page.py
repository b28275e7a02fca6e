"""The page on which a dataset is mapped to things: a form per column, a look at what comes out, keeping, taking away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.db.installation import Installation
from nhip.graph.service import Graph
from nhip.testing.sector import signed_in_client
from nhip.things import service, store
from nhip.things.keeping import bring_up_to_date
from nhip.things.lines import Line, lines_of, told_by
from nhip.things.model import Attribute, Link, Mapping
from nhip.things.reading import read_mapping
from tests.things.town import A, B, Town

PATH = "/console/things/mapping"
names = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,9}", fullmatch=True)
columns = st.text(min_size=1, max_size=8)
attributes = st.one_of(
    columns,
    st.builds(Attribute, column=columns, unit=st.sampled_from(["", "MTR"])),
    st.builds(Attribute, columns=st.dictionaries(columns, columns, min_size=1), unit=st.sampled_from(["", "MTR"])),
)


@settings(suppress_health_check=[HealthCheck.too_slow])  # names and columns take their time on a busy machine
@given(
    st.dictionaries(names.map("a{}".format), attributes, max_size=3),
    st.dictionaries(names.map("r{}".format), st.builds(Link, columns, names), max_size=2),
    st.lists(columns, max_size=3),
)
def test_lines_tell_the_whole_mapping(attributes: dict[str, Any], links: dict[str, Link], there: list[str]) -> None:
    mapping = Mapping(dataset="d", type="T", id="ma", attributes=attributes, relationships=links)
    lines = lines_of(mapping, there)
    assert {line.column for line in lines} >= set(there)
    found = read_mapping({"dataset": "d", "type": "T", "id": "ma", **told_by(lines)})
    assert {name: found.attribute(name) for name in found.attributes} == {
        name: mapping.attribute(name) for name in mapping.attributes
    }
    assert found.relationships == mapping.relationships


def test_a_dataset_that_is_new_has_empty_lines() -> None:
    assert lines_of(None, ["a", "b"]) == [Line("a"), Line("b")]
    assert told_by([Line("a"), Line("b", unit="MTR")]) == {"attributes": {}, "relationships": {}}


@pytest.fixture
async def officer(city: Installation) -> AsyncIterator[AsyncTestClient[Litestar]]:
    async with signed_in_client(city) as client:
        client.headers.update({"Accept": "text/html"})
        yield client


async def _town(city: Installation, graph: Graph) -> Town:
    town = await Town(city, graph).make()
    await town.deliver(A, B)
    async with city.db.tx() as tx:
        await service.remove_mapping(tx, town.name, keep=True)
    return town


def filled(lines: list[Line], **more: str) -> dict[str, str]:
    told = {}
    for n, line in enumerate(lines):
        told |= {
            f"column-{n}": line.column,
            f"becomes-{n}": line.becomes,
            f"unit-{n}": line.unit,
            f"to-{n}": line.leads_to,
        }
    return {**told, **more}


async def test_from_nothing_to_things_and_back(
    city: Installation, graph: Graph, officer: AsyncTestClient[Litestar]
) -> None:
    town = await _town(city, graph)
    lang = {"lang": "en"}
    at = f"{PATH}?dataset={town.name}&lang=en"
    assert "Cột mốc" in (await officer.get(PATH, params=lang)).text, "it can be chosen"
    empty = (await officer.get(at)).text
    assert 'value="vi_do"' in empty and "nguoi_giu" not in empty and "Take the mapping away" not in empty
    lines = [Line("ten", "name"), Line("do_cao", "height", "MTR"), Line("tuyen", "onRoute", "", "PublicTransportRoute")]
    good = filled(lines, type=town.kind, id="ma", latitude="vi_do", longitude="kinh_do")

    look = await officer.post(at, data={**good, "do": "look"})
    assert look.status_code == 200 and "Trạm Đông" in look.text and "unitCode" in look.text
    async with city.db.read() as tx:
        assert await store.find_held(tx, (await town.dataset()).id) is None, "a look keeps nothing"

    kept = await officer.post(at, data={**good, "do": "save"}, follow_redirects=False)
    assert (kept.status_code, kept.headers["location"].partition("?")[0]) == (303, "/console/things")
    await bring_up_to_date(city, graph, (await town.dataset()).id)
    assert (await town.thing("A1") or {})["onRoute"] == "urn:ngsi-ld:PublicTransportRoute:T1"
    again = (await officer.get(at)).text
    assert 'value="height"' in again and 'value="MTR"' in again
    home = (await officer.get("/console/things", params=lang)).text
    assert f"/console/things/mapping?dataset={town.name}" in home

    gone = await officer.post(f"{PATH}/remove?dataset={town.name}", data={}, follow_redirects=False)
    assert gone.status_code == 303
    assert "is being deleted" in (await officer.get("/console/things", params=lang)).text
    await bring_up_to_date(city, graph, (await town.dataset()).id)
    assert await town.thing("A1") is None


async def test_of_two_people_the_second_is_told(
    city: Installation, graph: Graph, officer: AsyncTestClient[Litestar]
) -> None:
    town = await _town(city, graph)
    at = f"{PATH}?dataset={town.name}&lang=en"

    def seen(page: str) -> str:
        return page.split('name="seen" value="')[1].split('"', maxsplit=1)[0]

    good = filled([Line("ten", "name")], type=town.kind, id="ma", do="save", seen=seen((await officer.get(at)).text))
    for _time in ("once", "pressed twice"):
        sent = await officer.post(at, data=good, follow_redirects=False)
        assert sent.status_code == 303, sent.text.split("<main")[1][:1500]
    mine = good | {"becomes-0": "description"}
    refused = await officer.post(at, data=mine)
    assert refused.status_code == 422 and "Somebody else changed" in refused.text
    assert 'value="description"' in refused.text, "what was typed stays"
    mine["seen"] = seen(refused.text)
    assert (await officer.post(at, data=mine, follow_redirects=False)).status_code == 303
    assert 'value="description"' in (await officer.get(at)).text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"type": ""}, "Say what kind of thing a row is."),
        ({"type": "no word"}, "no word"),
        ({"id": ""}, "Choose the column"),
        ({"latitude": "vi_do"}, "both latitude and longitude"),
        ({"becomes-0": "source"}, "source"),
        ({"unit-0": "metre"}, "name"),
        ({"becomes-0": "a" * 300}, "at most 200"),
    ],
)
async def test_what_is_wrong_is_said_and_what_was_typed_stays(
    city: Installation, graph: Graph, officer: AsyncTestClient[Litestar], changed: dict[str, str], said: str
) -> None:
    town = await _town(city, graph)
    told = {**filled([Line("ten", "name")], type="Post", id="ma"), **changed, "do": "save"}
    answer = await officer.post(f"{PATH}?dataset={town.name}&lang=en", data=told)
    assert answer.status_code == 422 and said in answer.text
    assert 'value="ten"' in answer.text
    async with city.db.read() as tx:
        assert await store.find_held(tx, (await town.dataset()).id) is None


async def test_what_is_not_open_cannot_be_smuggled_in(
    city: Installation, graph: Graph, officer: AsyncTestClient[Litestar]
) -> None:
    town = await _town(city, graph)
    told = {**filled([Line("nguoi_giu", "name")], type=town.kind, id="ma", internal="on"), "do": "look"}
    answer = await officer.post(f"{PATH}?dataset={town.name}&lang=en", data=told)
    assert "Nguyễn" not in answer.text and "does not classify this column" in answer.text


async def test_who_may_not_map_is_refused(
    city: Installation, graph: Graph, officer: AsyncTestClient[Litestar], monkeypatch: pytest.MonkeyPatch
) -> None:
    town = await _town(city, graph)
    assert (await officer.get(f"{PATH}?dataset=khong-co")).status_code == 404
    monkeypatch.setattr("nhip.console.things.mapping.CONTRACT", "no.such.right")
    for method, path in (("GET", PATH), ("POST", PATH), ("POST", f"{PATH}/remove")):
        answer = await officer.request(method, f"{path}?dataset={town.name}")
        assert answer.status_code == 403, path
