"""`nhip demo --load-only`: the whole model city through the real connectors, and the command line on top of its data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nhip.db.embedded import EmbeddedServer
from nhip.portal.dcat.mqa import EXCELLENT
from nhip.settings import load
from nhip.testing.plugin import installation_folder
from tests.acceptance.conftest import Done, Nhip
from tests.acceptance.described import judge

LOAD_S = 900.0
pytestmark = pytest.mark.timeout(2 * LOAD_S)
KEYS = {
    "agencies",
    "datasets",
    "deliveries",
    "failed",
    "rows",
    "findings",
    "false_alarms",
    "virtues",
    "seconds",
    "users",
    "open",
    "refused",
}
VIRTUES = {"accurate", "complete", "clean", "live", "consistent", "shared"}

PARTLY: dict[str, float] = {}
"""Kinds that are known to be found in part only, with their floors; every other kind is found at 95 % or more."""
FLOOR = 0.95
FALSE_ALARMS = 120
"""Of 329,919 rows; 89 are reached."""
ON_PURPOSE = {"che-a-luoi", "nha-van-hoa-kim-long"}
"""A file without a required column, and an empty one."""


class City(Nhip):
    """The loaded city: `loaded` is what the command printed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, NHIP_OUTGOING_PRIVATE="127.0.0.0/8")
        self.first = self.load(LOAD_S)

    def load(self, within_s: float) -> Done:
        """`nhip demo` without serving."""
        return self("demo", "--load-only", "--json", "--data-dir", self.folder, within_s=within_s)


@pytest.fixture(scope="session")
def city() -> Iterator[City]:
    with installation_folder() as folder:
        server = EmbeddedServer(folder / "postgres")
        server.start()
        yield City(folder)
        server.stop()


@pytest.fixture
def loaded(city: City) -> Any:
    assert city.first.code == 0, city.first
    return city.first.json


def published(city: City) -> dict[str, tuple[int | None, int | None]]:
    """Version in force and its rows by dataset."""
    return {d["name"]: (d["version"], d["rows"]) for d in city.good("dataset", "list", "--json").json}


@pytest.mark.slow
def test_the_whole_city_is_loaded(loaded: Any) -> None:
    assert set(loaded) == KEYS
    assert (loaded["agencies"], loaded["datasets"]) == (32, 115)
    assert loaded["deliveries"] >= 115
    assert loaded["rows"] > 250_000
    assert set(loaded["virtues"]) == VIRTUES
    assert all(0 <= score <= 100 for score in loaded["virtues"].values())
    assert {failure["dataset"] for failure in loaded["failed"]} <= ON_PURPOSE, loaded["failed"]
    assert all(failure["problem"] for failure in loaded["failed"])


def test_planted_faults_are_found(loaded: Any) -> None:
    short = {}
    for kind, score in loaded["findings"].items():
        assert set(score) == {"planted", "found", "otherwise", "missed"}
        assert score["planted"] == score["found"] + score["otherwise"] + score["missed"] > 0, kind
        share = (score["found"] + score["otherwise"]) / score["planted"]
        if share < PARTLY.get(kind, FLOOR):
            short[kind] = score
    assert short == {}
    assert len(loaded["findings"]) >= 60
    of = {name: sum(s[name] for s in loaded["findings"].values()) for name in ("planted", "missed")}
    assert of["missed"] <= 0.05 * of["planted"], of


def test_false_alarms_are_few(loaded: Any) -> None:
    assert sum(loaded["false_alarms"].values()) <= FALSE_ALARMS, loaded["false_alarms"]


def test_a_second_run_loads_and_changes_nothing(city: City, loaded: Any) -> None:
    before = published(city)
    again = city.load(LOAD_S)
    shown = again.json
    users = shown.pop("users")
    assert (again.code, shown) == (0, {name: value for name, value in loaded.items() if name != "users"}), (
        "the seconds too: nothing was loaded again"
    )
    assert [user["account"] for user in users] == [user["account"] for user in loaded["users"]]
    assert all(user["password"] or user["key"] for user in loaded["users"]), "told at the first start"
    assert not any(user["password"] or user["key"] for user in users), "and never again"
    assert len(before) == 115 and published(city) == before


def test_datasets_in_lists(city: City, loaded: Any) -> None:
    listed = city.good("dataset", "list", "--json").json
    assert len(listed) == loaded["datasets"]
    assert all(set(row) >= {"name", "version", "rows", *VIRTUES} for row in listed)
    agencies = city.good("agency", "list", "--json").json
    assert len(agencies) == 32
    of_one = city.good("dataset", "list", "--agency", agencies[0]["code"], "--json").json
    assert 0 < len(of_one) < len(listed)
    assert len(city.good("source", "list", "--json").json) == 115
    assert listed[0]["name"] in city.good("dataset", "list").out


async def test_every_open_dataset_is_described_as_europe_asks(city: City, loaded: Any) -> None:
    found = await judge(load({"data_dir": city.folder, "memory_mb": 300}, environ={}))
    assert len(found.points) == loaded["open"] > 90
    assert found.broken == {}, "SHACL of DCAT-AP 3.0.1"
    assert {name: points for name, points in found.points.items() if points < EXCELLENT} == {}


def changed(city: City) -> str:
    """A dataset whose two last versions differ in their rows."""
    return next(name for name, (version, _rows) in published(city).items() if (version or 0) >= 2)


def test_versions_differences_and_restoring(city: City, loaded: Any) -> None:
    name = changed(city)
    versions = city.good("dataset", "versions", name, "--json").json
    assert [v["no"] for v in versions] == list(range(len(versions), 0, -1))
    difference = city("dataset", "diff", name, 1, 2, "--json")
    assert difference.code == (1 if difference.json["rows"] else 0)
    assert set(difference.json) >= {"added", "changed", "removed", "rows"}
    restored = city.good("dataset", "restore", name, 1)
    shown = city.good("dataset", "show", name, "--json").json
    assert shown["version"]["restored_from"] == 1
    assert str(shown["version"]["no"]) in restored.out
    same = city.good("dataset", "diff", name, 1, shown["version"]["no"], "--json").json
    assert (same["added"], same["changed"], same["removed"]) == (0, 0, 0)
    city.good("dataset", "restore", name, versions[0]["no"])
    assert name in city.good("dataset", "show", name).out


def test_a_source_is_tried_and_fetched_again(city: City, loaded: Any) -> None:
    source = next(s for s in city.good("source", "list", "--json").json if s["kind"] == "folder" and not s["problem"])
    tried = city.good("source", "test", source["name"], "--json").json
    assert tried["would_fetch"] and tried["datasets"] == 1
    before = published(city)
    synced = city.good("sync", source["name"], "--json").json
    assert [row["state"] for row in synced] == ["unchanged"]
    assert published(city) == before


@pytest.mark.parametrize(
    "command",
    [("dataset", "show", "no-such"), ("dataset", "versions", "no-such"), ("dataset", "diff", "no-such", 1), ("sync", "no-such"),
     ("source", "test", "no-such"), ("dataset", "restore", "no-such", 1)],
)  # fmt: skip
def test_what_does_not_exist_is_said_so(city: City, command: tuple[object, ...]) -> None:
    done: Done = city(*command)
    assert done.code == 2
    assert done.err.count("no-such") == 2, done
