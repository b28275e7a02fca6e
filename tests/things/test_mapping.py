"""Mappings by the command line: put, looked at, run, taken away; what is wrong is said, and nothing is left half done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from nhip.db.installation import Installation
from nhip.errors import NhipError, NotText
from nhip.graph.model import Operation, Outcome
from nhip.graph.service import DEFAULT_TENANT, Graph
from nhip.things import service, store
from nhip.things.errors import BadMapping, NoMapping
from nhip.things.keeping import bring_up_to_date, catch_up
from nhip.things.model import Attribute, Link, Mapping, Place
from nhip.things.reading import read_mappings
from nhip.things.writing import mapping_toml
from nhip.things_commands import things
from tests.things.town import A, B, Town

names = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,9}", fullmatch=True)
columns = st.text(min_size=1, max_size=12).filter(lambda text: text.isprintable() or "\x7f" in text)
attributes = st.one_of(
    columns,
    st.builds(Attribute, column=columns, unit=st.sampled_from(["", "MTR"])),
    st.builds(Attribute, columns=st.dictionaries(columns, columns, min_size=1, max_size=3)),
)


@given(
    st.builds(
        Mapping,
        dataset=names,
        type=names,
        id=columns,
        location=st.none() | st.builds(Place, columns, columns),
        attributes=st.dictionaries(names.map("a{}".format), attributes, max_size=3),
        relationships=st.dictionaries(names.map("r{}".format), st.builds(Link, columns, names), max_size=2),
        observed=st.just("") | columns,
        internal=st.booleans(),
    )
)
def test_what_is_shown_can_be_put_again(mapping: Mapping) -> None:
    (found,) = read_mappings(mapping_toml(mapping))
    assert found == mapping


class Commands:
    """`nhip things` on an installation."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation

    def __call__(self, *words: str) -> Result:
        settings = self.installation.settings
        return CliRunner().invoke(things, words, obj=settings, standalone_mode=False)

    def json(self, *words: str) -> Any:
        done = self(*words, "--json")
        assert done.exception is None, done.exception
        return json.loads(done.output)


@pytest.fixture
def nhip(city: Installation) -> Commands:
    return Commands(city)


async def _unmapped(city: Installation, graph: Graph) -> Town:
    """A dataset with two rows whose mapping is not there yet."""
    town = await Town(city, graph).make()
    await town.deliver(A, B)
    async with city.db.tx() as tx:
        await service.remove_mapping(tx, town.name, keep=True)
    return town


@pytest.fixture(scope="module")
async def town(city: Installation, graph: Graph) -> Town:
    return await _unmapped(city, graph)


def test_a_mapping_comes_and_goes(nhip: Commands, town: Town, tmp_path: Path) -> None:
    file = tmp_path / "things.toml"
    file.write_text(mapping_toml(town.mapping), encoding="utf-8")
    with pytest.raises(NoMapping):
        raise nhip("show", town.name).exception or AssertionError

    (seen,) = nhip.json("put", str(file), "--dry-run")
    assert [one["name"]["value"] for one in seen["things"]] == ["Trạm Đông", "Trạm Tây"]
    assert {fault["value"] for fault in seen["faults"]} == {"nguoi_giu", "ghi_chu"}
    assert "Nguyễn" not in json.dumps(seen, ensure_ascii=False)
    assert town.name not in {one["dataset_name"] for one in nhip.json("list")}

    assert nhip.json("put", str(file)) == {"changed": [town.name], "same": []}
    assert nhip.json("put", str(file)) == {"changed": [], "same": [town.name]}
    assert read_mappings(nhip("show", town.name).output) == [town.mapping]
    (done,) = nhip.json("run", town.name)
    assert (done["written"], done["things"], done["removed"]) == (2, 2, False)
    assert nhip.json("run") == []
    held = nhip.json("show", town.name)
    assert (held["things"], held["ending"]) == (2, False)
    assert {fault["value"] for fault in held["faults"]} == {"nguoi_giu", "ghi_chu"}
    assert f"{town.name} " in nhip("list").output

    assert nhip.json("remove", town.name) == {"dataset": town.name, "things": 2, "deleted": True}
    assert isinstance(nhip("show", town.name).exception, NoMapping)


async def test_what_is_taken_away_is_gone_and_what_is_kept_stays(city: Installation, graph: Graph, town: Town) -> None:
    assert await town.thing("A1") is None
    other = await Town(city, graph).make()
    await other.deliver(A)
    await catch_up(city, graph)
    async with city.db.tx() as tx:
        found = await service.remove_mapping(tx, other.name, keep=True)
    assert (found.things, await catch_up(city, graph)) == (1, [])
    assert (await other.thing("A1") or {})["name"] == "Trạm Đông"
    async with city.db.tx() as tx:
        assert await service.put_mapping(tx, other.mapping)
    (report,) = await catch_up(city, graph)
    assert (report.written, report.things) == (1, 1)


class Dying:
    """The graph of a process that is killed after its first write."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    async def write(self, tenant: int, operations: list[Operation]) -> list[Outcome]:
        await self.graph.write(tenant, operations)
        raise KeyboardInterrupt


async def test_a_removal_that_was_cut_short_is_ended_by_the_next_process(
    city: Installation, graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nhip.things.work._DELETED_AT_ONCE", 1)
    town = await Town(city, graph).make()
    await town.deliver(A, B)
    await catch_up(city, graph)
    async with city.db.tx() as tx:
        await service.remove_mapping(tx, town.name)
    dying: Any = Dying(graph)
    with pytest.raises(KeyboardInterrupt):
        await bring_up_to_date(city, dying, (await town.dataset()).id)
    (report,) = await catch_up(city, graph)
    assert (report.removed, report.things) == (True, 0)
    assert await graph.get_many(DEFAULT_TENANT, [f"urn:ngsi-ld:{town.kind}:{id}" for id in ("A1", "B%202")]) == []
    async with city.db.read() as tx:
        assert await store.find_held(tx, (await town.dataset()).id) is None
    assert await catch_up(city, graph) == []


async def test_who_puts_it_again_before_it_is_gone_keeps_it(city: Installation, graph: Graph) -> None:
    town = await Town(city, graph).make()
    await town.deliver(A)
    await catch_up(city, graph)
    async with city.db.tx() as tx:
        await service.remove_mapping(tx, town.name)
        assert await service.put_mapping(tx, town.mapping)
    (report,) = await catch_up(city, graph)
    assert (report.removed, report.things) == (False, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "[[thing]]\ntype = 'School'\nid = 'ma'\n",
        "[[thing]]\ndataset = 'd1'\ntype = 'A B'\nid = 'ma'\n",
        "[[thing]]\ndataset = 'd1'\ntype = 'School'\nid = 'ma'\nattributes.source = 'x'\n",
        "[[thing]]\ndataset = 'd1'\ntype = 'School'\nid = 'ma'\nwho = 'x'\n",
        "[[thing]\n",
    ],
)
def test_what_is_no_mapping_is_refused(nhip: Commands, tmp_path: Path, wrong: str) -> None:
    file = tmp_path / "things.toml"
    file.write_text(wrong, encoding="utf-8")
    assert isinstance(nhip("put", str(file)).exception, BadMapping)


def test_a_mapping_of_no_dataset_is_refused(nhip: Commands, tmp_path: Path) -> None:
    file = tmp_path / "things.toml"
    file.write_text("[[thing]]\ndataset = 'khong-co'\ntype = 'School'\nid = 'ma'\n", encoding="utf-8")
    for words in (("put", str(file)), ("put", str(file), "--dry-run"), ("remove", "khong-co"), ("run", "khong-co")):
        failed = nhip(*words).exception
        assert isinstance(failed, NhipError) and "khong-co" in failed.message(), words


def test_a_file_that_is_no_text_is_refused(nhip: Commands, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes('[[thing]]\ndataset = "trường"'.encode("utf-16"))
    assert isinstance(nhip("put", str(tmp_path / "a.toml")).exception, NotText)
