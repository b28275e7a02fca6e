"""Histories of which two cities hold parts: one series, each instant once; the last ones, averages and windows over the whole."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhip.graph.temporal.model import Range
from tests.graph.clauses import clause
from tests.graph.federation.test_relays import BUS, REG

if TYPE_CHECKING:
    from tests.graph.federation.conftest import City

OFFERED = ["retrieveTemporal", "queryTemporal"]
SINCE = "timerel=after&timeAt=2026-01-01T00:00:00Z"


@pytest.fixture
async def split(hue: City, vinh: City) -> None:
    """The bus has days 1 and 3 here, 2 and 3 there; another is there alone."""
    await hue.knows(vinh, REG, operations=OFFERED)
    await hue.series(BUS, d1=10, d3=30)
    await vinh.series(BUS, d2=20, d3=33)
    await vinh.series(f"{BUS}:there", d1=99)


def values(told: dict[str, Any]) -> list[int]:
    return [one["value"] for one in told["speed"]]


@clause("5.7.3", "5.7.4")
async def test_one_series_of_two_cities(hue: City, vinh: City, split: None) -> None:
    told = await hue.ask("GET", f"/temporal/entities/{BUS}?{SINCE}")
    assert values(told) == [10, 20, 33], "the third day was last told of there"
    two = await hue.ask("GET", f"/temporal/entities?type=Bus&{SINCE}")
    assert [(one["id"], values(one)) for one in two] == [(BUS, [10, 20, 33]), (f"{BUS}:there", [99])]
    assert values(await hue.ask("GET", f"/temporal/entities/{BUS}?{SINCE}&lastN=2")) == [20, 33]
    between = "timerel=between&timeAt=2026-05-02T00:00:00Z&endTimeAt=2026-05-03T00:00:00Z"
    assert values(await hue.ask("GET", f"/temporal/entities/{BUS}?{between}")) == [20]
    pairs = await hue.ask("GET", f"/temporal/entities/{BUS}?{SINCE}&options=temporalValues")
    assert [value for value, _at in pairs["speed"]["values"]] == [10, 20, 33]


@clause("4.11", "5.7.4")
async def test_aggregates_are_of_the_whole(hue: City, vinh: City, split: None) -> None:
    period = "timerel=between&timeAt=2026-05-01T00:00:00Z&endTimeAt=2026-05-03T00:00:00Z"
    asked = f"{period}&options=aggregatedValues&aggrMethods=avg,totalCount"
    told = await hue.ask("GET", f"/temporal/entities/{BUS}?{asked}")
    assert told["speed"]["avg"] == [[15.0, "2026-05-01T00:00:00Z", "2026-05-03T00:00:00Z"]]
    daily = await hue.ask("GET", f"/temporal/entities/{BUS}?{asked}&aggrPeriodDuration=P1D")
    assert [one[0] for one in daily["speed"]["totalCount"]] == [1, 1]


@clause("5.7.4", "5.14", "6.3.17")
async def test_queries_pages_and_maps(hue: City, vinh: City, split: None) -> None:
    fast = await hue.ask("GET", f"/temporal/entities?type=Bus&{SINCE}&q=speed>90")
    assert [one["id"] for one in fast] == [f"{BUS}:there"]
    page = await hue.client.get(f"/temporal/entities?type=Bus&{SINCE}&limit=1&offset=1&count=true&entityMap=true")
    assert ([one["id"] for one in page.json()], page.headers["ngsild-results-count"]) == ([f"{BUS}:there"], "2")
    address = page.headers["ngsild-entitymap"]
    told = await hue.ask("GET", address.removeprefix("/ngsi-ld/v1"))
    assert told["entityMap"] == {BUS: ["@none", REG], f"{BUS}:there": [REG]}
    await vinh.series("urn:ngsi-ld:Bus:0later", d1=1)
    again = await hue.client.get(f"/temporal/entities?type=Bus&{SINCE}", headers={"NGSILD-EntityMap": address})
    assert [one["id"] for one in again.json()] == [BUS, f"{BUS}:there"]
    vinh.door.refuses = 5
    alone = await hue.client.get(f"/temporal/entities/{BUS}?{SINCE}")
    assert values(alone.json()) == [10, 30] and "299" in alone.headers["ngsild-warning"]
    body = {
        "type": "Query",
        "entities": [{"type": "Bus"}],
        "temporalQ": {"timerel": "after", "timeAt": "2026-01-01T00:00:00Z"},
    }
    vinh.door.refuses = 0
    posted = await hue.ask("POST", "/temporal/entityOperations/query", body)
    assert [one["id"] for one in posted] == ["urn:ngsi-ld:Bus:0later", BUS, f"{BUS}:there"]


@clause("5.7.3", "5.7.4")
async def test_a_source_is_asked_only_for_times_that_it_knows(hue: City, vinh: City) -> None:
    known = {"startAt": "2026-05-01T00:00:00Z", "endAt": "2026-05-10T00:00:00Z"}
    await hue.knows(vinh, REG, operations=OFFERED, observationInterval=known)
    await vinh.series(BUS, d2=20)
    before = len(vinh.door.asked)
    later = "/temporal/entities?type=Bus&timerel=after&timeAt=2026-06-01T00:00:00Z"
    assert await hue.ask("GET", later) == [] and len(vinh.door.asked) == before
    assert [values(one) for one in await hue.ask("GET", f"/temporal/entities?type=Bus&{SINCE}")] == [[20]]
    assert await hue.ask("GET", f"/temporal/entities?type=Bus&{SINCE}&local=true") == []
    await hue.ask("DELETE", f"/csourceRegistrations/{REG}")  # which a listing without times does not find


@clause("5.7.3", "5.7.4", "6.3.10")
async def test_what_a_source_tells_in_part_is_told_in_part(
    hue: City, vinh: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Vinh tells three instances at once; whoever asks Huế goes on where it ended, and gets everything once."""
    monkeypatch.setattr(vinh.app, "limits", msgspec.structs.replace(vinh.app.limits, instances=3))
    await hue.knows(vinh, REG, operations=OFFERED)
    await vinh.series(BUS, d1=1, d3=3, d5=5, d7=7, d9=9)
    await hue.series(BUS, d2=2, d8=8)
    for path in (f"/temporal/entities/{BUS}?", "/temporal/entities?type=Bus&"):
        got: list[int] = []
        since = "2026-05-01T00:00:00Z"
        for status in (206, 200):
            answer = await hue.client.get(f"{path}timerel=after&timeAt={since}")
            assert answer.status_code == status and "ngsild-warning" not in answer.headers
            told = answer.json()
            got += [value for value in values(told if isinstance(told, dict) else told[0]) if value not in got]
            if status == 206:
                assert answer.headers["content-range"] == "date-time 2026-05-01T00:00:00Z-2026-05-05T00:00:00Z/*"
                assert got == [1, 2, 3, 5]
                since = "2026-05-05T00:00:00Z"
        assert got == [1, 2, 3, 5, 7, 8, 9]
        last = await hue.client.get(f"{path}{SINCE}&lastN=6")
        assert last.status_code == 206
        assert values(last.json() if "type=Bus" not in path else last.json()[0]) == [5, 7, 8, 9]
        assert last.headers["content-range"].endswith("-2026-05-05T00:00:00Z/6")
    worked_out = await hue.client.get(f"/temporal/entities/{BUS}?{SINCE}&options=aggregatedValues&aggrMethods=sum")
    assert worked_out.status_code == 200 and "199" in worked_out.headers["ngsild-warning"], "a part cannot be summed up"


@pytest.mark.parametrize("text", ["", "bytes 1-2/3", "date-time x-y/*", "date-time 2026-05-01T00:00:00Z/*"])
def test_what_is_no_range_of_times(text: str) -> None:
    assert Range.parsed(text) is None


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)), st.none() | st.integers(0, 9))
def test_a_range_is_read_as_it_is_written(start: datetime, end: datetime, size: int | None) -> None:
    found = Range.parsed(Range(start, end, size).header())
    assert found is None or (found.start, found.end) == (start, end)
    assert found is not None or min(start, end).year < 1000, "such years are not written with four digits"
