"""The temporal interface on the real tables: windows, conditions, scopes, cuts, aggregates, and its own changes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from nhip.graph.contexts.model import CORE
from nhip.graph.errors import BadRequestData, ResourceNotFound, TooManyResults
from nhip.graph.model import Operation
from nhip.graph.query.build import Asked, Selected, build
from nhip.graph.service import Graph
from nhip.graph.temporal import reading, service, writing
from nhip.graph.temporal.asking import TimesAsked, ask, read_duration
from nhip.graph.temporal.model import Question, Span
from nhip.graph.temporal.service import Answer, Shape, query, retrieve

VOCAB = "https://uri.etsi.org/ngsi-ld/default-context/"
IN, OUT = "2026-03-01T12:00:00Z", "2026-01-05T00:00:00Z"
DAY = TimesAsked(timerel="between", time_at="2026-03-01T00:00:00Z", end_time_at="2026-03-02T00:00:00Z")
PLAIN, EVER = Shape(), TimesAsked()
SIMPLE = Shape(simplified=True)


def told(value: Any, at: str = IN, **more: Any) -> dict[str, Any]:
    return {"type": "Property", "value": value, "observedAt": at, **more}


async def put(graph: Graph, tenant: int, payload: dict[str, Any]) -> bool:
    return await writing.put(graph, tenant, *writing.expand_temporal(payload, CORE))


def question(times: TimesAsked = EVER, most: int = 1000, **asked: Any) -> Question:
    asked.setdefault("entities", [Selected(types="Bus")])
    return ask(times, build(Asked(**asked), CORE), most=most)


async def ids(graph: Graph, tenant: int, times: TimesAsked = DAY, **asked: Any) -> list[str]:
    found = await query(graph, tenant, question(times, **asked), CORE)
    return [one["id"].removeprefix("urn:x:") for one in found.found]


async def one(graph: Graph, tenant: int, times: TimesAsked = EVER, shape: Shape = PLAIN, **more: Any) -> Answer:
    return await retrieve(graph, tenant, "urn:x:bus", question(times, **more), CORE, shape)


@pytest.fixture(scope="module")
async def fleet(graph: Graph) -> int:
    """Buses that only the history knows."""
    tenant = await graph.tenant("fleet", create=True)
    place = {"type": "Point", "coordinates": [17.1, 48.1]}
    buses: dict[str, dict[str, Any]] = {
        "fast": {"speed": [told(30), told(90, OUT)], "heading": [told(45)], "route": [told("550")]},
        "slow": {"speed": [told(10), told(80, OUT)], "heading": [told(170)]},
        "shapes": {
            "name": [told("m")],
            "ref": [{"type": "Relationship", "object": "urn:dest:1", "observedAt": IN}],
            "tags": [told(["a", "b"])],
            "label": [{"type": "LanguageProperty", "languageMap": {"en": "red", "fr": "rouge"}, "observedAt": IN}],
            "location": [{"type": "GeoProperty", "value": place, "observedAt": IN}],
        },
        "nowin": {"speed": [told(99, OUT)], "location": [{"type": "GeoProperty", "value": place, "observedAt": OUT}]},
        "multi": {"speed": [told(5), told(60, datasetId="urn:d:gps")]},
    }
    for name, attributes in buses.items():
        assert await put(graph, tenant, {"id": f"urn:x:{name}", "type": "Bus", **attributes})
    return tenant


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("speed>25", ["fast", "multi"]),
        ("speed>=5;heading<90", ["fast"]),
        ("speed>25|heading>100", ["fast", "multi", "slow"]),
        ('speed>25|name~="^m"', ["fast", "multi", "shapes"]),
        ("speed!=10", ["fast", "multi"]),
        ("!heading;speed>25", ["multi"]),
        ("!speed", ["shapes"]),
        ("speed==10..40", ["fast", "slow"]),
        ('route=="550","551"', ["fast"]),
        ('ref=="urn:dest:1"', ["shapes"]),
        ('tags=="a"', ["shapes"]),
        ("speed>50", ["multi"]),
        ('label[en]=="red"', ["shapes"]),
        ('label[en]=="rouge"', []),
    ],
)
async def test_conditions_look_at_the_window_alone(graph: Graph, fleet: int, q: str, expected: list[str]) -> None:
    assert await ids(graph, fleet, q=q) == expected


async def test_windows_attributes_and_places(graph: Graph, fleet: int) -> None:
    assert await ids(graph, fleet) == ["fast", "multi", "shapes", "slow"]
    assert await ids(graph, fleet, attrs=["heading"]) == ["fast", "slow"]
    near = {"georel": "near;maxDistance==1000", "geometry": "Point", "coordinates": [17.1, 48.1]}
    assert await ids(graph, fleet, **near) == ["shapes"]
    assert await ids(graph, fleet, entities=[Selected(types="Bus", ids=["urn:x:slow", "urn:x:nowin"])]) == ["slow"]
    assert await ids(graph, fleet, entities=[Selected(types="Other")]) == []
    assert await ids(graph, fleet, entities=[Selected(types="Bus", pattern="^urn:x:s")], order="id;desc") == [
        "slow",
        "shapes",
    ]
    pages = [
        await query(graph, fleet, question(DAY, q="speed>25", limit=1, offset=n, count=True), CORE) for n in range(3)
    ]
    assert [[shown["id"] for shown in page.found] for page in pages] == [["urn:x:fast"], ["urn:x:multi"], []]
    assert [(page.count, page.more) for page in pages] == [(2, True), (2, False), (2, False)]
    only = await query(graph, fleet, question(DAY, pick="id"), CORE)
    assert only.found[0] == {"id": "urn:x:fast"}
    gps = await query(graph, fleet, question(DAY, datasets=["urn:d:gps"]), CORE, SIMPLE)
    assert gps.found[0]["speed"] == {"type": "Property", "datasetId": "urn:d:gps", "values": [[60, IN]]}


@pytest.mark.parametrize(
    ("relation", "since", "until", "expected"),
    [
        ("after", "2020-08-01T12:05:00Z", "", ["12:05", "12:07"]),
        ("after", "2020-08-01T12:05:00.000Z", "", ["12:05", "12:07"]),
        ("before", "2020-08-01T12:05:00Z", "", ["12:03"]),
        ("between", "2020-08-01T12:03:00Z", "2020-08-01T12:05:00Z", ["12:03"]),
    ],
)
async def test_the_beginning_of_a_window_belongs_to_it_and_its_end_does_not(
    graph: Graph, tenant: int, relation: str, since: str, until: str, expected: list[str]
) -> None:
    series = [told(n, f"2020-08-01T12:{minute}:00Z") for n, minute in enumerate(("03", "05", "07"))]
    await put(graph, tenant, {"id": "urn:x:bus", "type": "Bus", "speed": series})
    found = await one(graph, tenant, TimesAsked(timerel=relation, time_at=since, end_time_at=until))
    assert [instance["observedAt"][11:16] for instance in found.found[0]["speed"]] == expected
    assert found.found[0]["speed"][0]["instanceId"].startswith("urn:ngsi-ld:Instance:")
    assert "createdAt" not in found.found[0]["speed"][0]


async def test_scopes_hold_from_when_they_are_set_until_they_are_replaced(graph: Graph, tenant: int) -> None:
    def scope(value: Any, at: str) -> dict[str, Any]:
        return {"type": "Property", "value": value, "observedAt": f"2026-03-01T{at}:00Z"}

    def speed(value: str, at: str) -> dict[str, Any]:
        return told(value, f"2026-03-01T{at}:00Z")

    buses = {
        "ab": ([scope("/A/B", "10:00")], [speed("ab", "12:05")]),
        "bare": ([], [speed("bare", "12:05")]),
        "both": ([scope(["/A/B", "/C"], "10:00")], [speed("both", "12:05")]),
        "rep": ([scope("/R", "10:00"), scope("/S", "12:30")], [speed("old", "12:15"), speed("new", "12:45")]),
        "late": ([scope("/Z", "14:00")], [speed("late", "12:05")]),
    }
    for name, (scopes, speeds) in buses.items():
        payload = {"id": f"urn:x:{name}", "type": "Bus", "speed": speeds} | ({"scope": scopes} if scopes else {})
        await put(graph, tenant, payload)
    hour = TimesAsked(timerel="between", time_at="2026-03-01T12:00:00Z", end_time_at="2026-03-01T13:00:00Z")
    assert await ids(graph, tenant, hour, scope="/A/B") == ["ab", "both"]
    assert await ids(graph, tenant, hour, scope="/A/#") == ["ab", "both"]
    assert await ids(graph, tenant, hour, scope="/#") == ["ab", "both", "rep"]
    assert await ids(graph, tenant, hour, scope="(/A/B;/C)") == ["both"]
    assert await ids(graph, tenant, hour, scope="/Z") == []
    old = (await query(graph, tenant, question(hour, scope="/R"), CORE)).found[0]
    new = (await query(graph, tenant, question(hour, scope="/S"), CORE)).found[0]
    assert [x["value"] for x in old["speed"]] == ["old"] and [x["value"] for x in new["speed"]] == ["new"]
    assert [x["value"] for x in old["scope"]] == [["/R"]] or [x["value"] for x in old["scope"]] == ["/R"]


def minutes(count: int, day: int = 1) -> list[dict[str, Any]]:
    return [told(n, f"2020-01-{day:02}T01:{n:02}:00Z") for n in range(1, count + 1)]


async def test_a_long_answer_is_cut_to_a_range_of_time(graph: Graph, tenant: int) -> None:
    await put(graph, tenant, {"id": "urn:x:bus", "type": "Bus", "speed": minutes(20), "fuel": minutes(20)})
    whole = await one(graph, tenant, most=40)
    assert whole.range is None and len(whole.found[0]["speed"]) == 20
    cut = await one(graph, tenant, most=31)
    assert len(cut.found[0]["speed"]) == len(cut.found[0]["fuel"]) == 15
    assert cut.range is not None
    assert cut.range.header() == "date-time 2020-01-01T01:01:00Z-2020-01-01T01:15:00Z/*"
    after = await one(graph, tenant, TimesAsked(timerel="after", time_at="2019-01-01T00:00:00Z"), most=31)
    assert after.range is not None and after.range.header().startswith("date-time 2019-01-01T00:00:00Z-")
    last = await one(graph, tenant, TimesAsked(last="20"), most=30)
    assert last.range is not None
    assert last.range.header() == "date-time 2020-01-01T01:20:00Z-2020-01-01T01:06:00Z/20"
    before = TimesAsked(last=20, timerel="before", time_at="2021-01-01T00:00:00Z")
    cut_before = await one(graph, tenant, before, most=30)
    assert cut_before.range is not None and cut_before.range.header().startswith("date-time 2021-01-01T00:00:00Z-")
    few = await one(graph, tenant, TimesAsked(last=3))
    assert few.range is None and [x["value"] for x in few.found[0]["speed"]] == [18, 19, 20]


async def test_attributes_beyond_the_cut_stay_with_an_empty_series(graph: Graph, tenant: int) -> None:
    await put(graph, tenant, {"id": "urn:x:bus", "type": "Bus", "speed": minutes(59), "fuel": minutes(59, day=2)})
    forwards = (await one(graph, tenant, most=30)).found[0]
    assert len(forwards["speed"]) == 30 and forwards["fuel"] == []
    backwards = (await one(graph, tenant, TimesAsked(last=100), most=30)).found[0]
    assert len(backwards["fuel"]) == 30 and backwards["speed"] == []


async def test_an_instant_larger_than_the_limit_is_given_whole(graph: Graph, tenant: int) -> None:
    many = [told(n, IN, datasetId=f"urn:d:{n}") for n in range(20)]
    await put(graph, tenant, {"id": "urn:x:bus", "type": "Bus", "speed": [*many, told(1, "2026-03-02T00:00:00Z")]})
    cut = await one(graph, tenant, most=5)
    assert len(cut.found[0]["speed"]) in {6, 20} and cut.range is not None


@pytest.mark.parametrize(
    ("methods", "duration", "speed", "fuel"),
    [
        ("avg", "PT1H", {"avg": [[100.0, 0, 1]]}, {"avg": [[67.0, 0, 1], [53.0, 1, 2], [40.0, 2, 3]]}),
        (
            "min,max",
            "P1D",
            {"min": [[80.0, 0, 24]], "max": [[120.0, 0, 24]]},
            {"min": [[40.0, 0, 24]], "max": [[67.0, 0, 24]]},
        ),
        ("totalCount,sum", "P1M", {"totalCount": [[3, 0, 744]], "sum": [[300.0, 0, 744]]}, None),
        ("distinctCount,sumsq,stddev", "", {"distinctCount": [[3, 0, None]], "sumsq": [[30800.0, 0, None]]}, None),
    ],
)
async def test_aggregates(graph: Graph, tenant: int, methods: str, duration: str, speed: Any, fuel: Any) -> None:
    def at(minute: str, value: float) -> dict[str, Any]:
        return told(value, f"2020-08-01T{minute}:00Z")

    series = {"speed": [at("12:03", 120), at("12:05", 80), at("12:07", 100)]}
    series["fuel"] = [at("12:03", 67), at("13:05", 53), at("14:07", 40)]
    await put(graph, tenant, {"id": "urn:x:bus", "type": "Bus", **series})
    shown = (await one(graph, tenant, TimesAsked(methods=methods, duration=duration, aggregated=True))).found[0]

    def expected(found: dict[str, Any]) -> dict[str, Any]:
        def hour(hours: int) -> str:
            return (
                "2020-09-01T12:03:00Z"
                if hours == 744
                else f"2020-08-{1 + (12 + hours) // 24:02}T{(12 + hours) % 24:02}:03:00Z"
            )

        return {
            method: [
                [value, hour(start), "2020-08-01T14:07:00Z" if end is None else hour(end)] for value, start, end in rows
            ]
            for method, rows in found.items()
        }

    told_speed = {name: value for name, value in shown["speed"].items() if name not in {"type", "stddev"}}
    assert told_speed == expected(speed)
    if fuel is not None:
        assert shown["fuel"] == {"type": "Property", **expected(fuel)}


async def test_aggregates_of_what_is_no_number(graph: Graph, tenant: int) -> None:
    series = {
        "name": [told("b", IN), told("a", "2026-03-01T12:30:00Z")],
        "on": [told(True), told(False, "2026-03-01T13:30:00Z")],
    }
    await put(graph, tenant, {"id": "urn:x:bus", "type": "Bus", **series})
    times = TimesAsked(methods="min,max,totalCount,avg", duration="PT1H", aggregated=True)
    shown = (await one(graph, tenant, times)).found[0]
    assert shown["name"]["min"][0][0] == "a" and shown["name"]["totalCount"][0][0] == 2 and "avg" not in shown["name"]
    assert [row[0] for row in shown["on"]["avg"]] == [1.0, 0.0]


@pytest.mark.parametrize("duration", ["PT1H", "P1M"])
async def test_aggregates_of_numbers_whose_sums_are_none(graph: Graph, tenant: int, duration: str) -> None:
    series = [told(1e308, IN), told(1e308, "2026-03-01T12:30:00Z"), told(-1e200, "2026-03-01T12:45:00Z")]
    await put(graph, tenant, {"id": "urn:x:bus", "type": "Bus", "speed": series})
    times = TimesAsked(methods="min,max,sum,avg,stddev,sumsq,totalCount", duration=duration, aggregated=True)
    shown = (await one(graph, tenant, times)).found[0]["speed"]
    assert [shown[name][0][0] for name in ("min", "max", "totalCount")] == [-1e200, 1e308, 3]
    assert not {"sum", "stddev", "sumsq"} & shown.keys()


@pytest.mark.parametrize("duration", ["PT1H", "P1M", "P300Y", ""])
@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "0900-03-01T00:00:00Z", "9999-12-31T23:59:59.5Z"])
async def test_aggregates_at_the_ends_of_time(graph: Graph, tenant: int, at: str, duration: str) -> None:
    await put(graph, tenant, {"id": "urn:x:bus", "type": "Bus", "speed": [told(1, at)]})
    times = TimesAsked(methods="sum", duration=duration, aggregated=True)
    [[value, start, end]] = (await one(graph, tenant, times)).found[0]["speed"]["sum"]
    assert value == 1 and start[:19] == at[:19] and start <= end and len(end) >= 20


async def test_simplified_series_of_every_type(graph: Graph, tenant: int) -> None:
    series = {
        "place": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [1, 2]}},
        "road": {"type": "Relationship", "object": "urn:r:1"},
        "street": {"type": "LanguageProperty", "languageMap": {"fr": "Grand Place"}},
        "kind": {"type": "VocabProperty", "vocab": "monument"},
        "raw": {"type": "JsonProperty", "json": {"a": 1}},
        "depths": {"type": "ListProperty", "valueList": [1.2, 3.4]},
        "roads": {"type": "ListRelationship", "objectList": ["urn:r:1", "urn:r:2"]},
    }
    payload = {name: [{**instance, "observedAt": IN}] for name, instance in series.items()}
    await put(graph, tenant, {"id": "urn:x:bus", "type": "Bus", **payload})
    shown = (await one(graph, tenant, shape=SIMPLE)).found[0]
    assert shown["place"]["values"] == [[{"type": "Point", "coordinates": [1, 2]}, IN]]
    assert shown["road"] == {"type": "Relationship", "objects": [["urn:r:1", IN]]}
    assert shown["street"]["languageMaps"] == [[{"languageMap": {"fr": "Grand Place"}}, IN]]
    assert shown["kind"]["vocabs"] == [[{"vocab": "monument"}, IN]]
    assert shown["raw"]["jsons"] == [[{"json": {"a": 1}}, IN]]
    assert shown["depths"]["valueLists"] == [[[1.2, 3.4], IN]]
    assert shown["roads"]["objectLists"] == [[["urn:r:1", "urn:r:2"], IN]]
    french = (await one(graph, tenant, shape=Shape(lang="fr"))).found[0]
    assert french["street"][0]["value"] == "Grand Place"


async def test_changes_by_the_core_interface_are_history(graph: Graph, tenant: int) -> None:
    speed = VOCAB + "speed"
    doc = {"id": "urn:x:bus", "type": [VOCAB + "Bus"], "scope": ["/Old"], speed: [{"type": "Property", "value": 1}]}
    await graph.write(tenant, [Operation(name="create", id="urn:x:bus", doc=doc)])
    new = {"scope": ["/New"], speed: [{"type": "Property", "value": 2, "observedAt": IN}]}
    await graph.write(tenant, [Operation(name="update", id="urn:x:bus", doc=new)])
    shown = (await one(graph, tenant, shape=Shape(sys=True))).found[0]
    assert sorted(instance["value"] for instance in shown["speed"]) == [1, 2]
    scope = next(instance for instance in shown["scope"] if instance["value"] in ("/New", ["/New"]))
    assert scope["observedAt"] == scope["modifiedAt"] and scope["type"] == "Property"
    assert "createdAt" in shown and "modifiedAt" in shown["speed"][0]
    await graph.write(tenant, [Operation(name="delete-attribute", id="urn:x:bus", attribute=speed)])
    gone = (await one(graph, tenant, TimesAsked(timeproperty="deletedAt"))).found[0]
    assert gone["speed"][0]["value"] == "urn:ngsi-ld:null" and "deletedAt" in gone["speed"][0]
    await graph.write(tenant, [Operation(name="delete", id="urn:x:bus")])
    after = (await one(graph, tenant, shape=Shape(sys=True))).found[0]
    assert "deletedAt" in after and len(after["speed"]) == 2
    since = TimesAsked(timerel="after", time_at="2020-01-01T00:00:00Z", timeproperty="createdAt")
    assert await ids(graph, tenant, since) == ["bus"]


async def test_too_much_at_once_is_refused(graph: Graph, tenant: int, monkeypatch: pytest.MonkeyPatch) -> None:
    await put(graph, tenant, {"id": "urn:x:bus", "type": "Bus", "speed": minutes(50)})
    monkeypatch.setattr(reading, "MAX_ROWS", 40)
    with pytest.raises(TooManyResults):
        await one(graph, tenant)
    assert len((await one(graph, tenant, TimesAsked(last=40))).found[0]["speed"]) == 40
    monkeypatch.setattr(service, "_DECIDED_BY", 20)
    with pytest.raises(TooManyResults):
        await ids(graph, tenant, TimesAsked(timerel="after", time_at="2000-01-01T00:00:00Z"), q="speed>1")


async def test_what_is_kept_for_a_time_alone_has_no_history_after_it(graph: Graph, tenant: int) -> None:
    def flash(expires: str) -> dict[str, Any]:
        return {"type": "Property", "value": 1, "expiresAt": expires}

    steady = [{"type": "Property", "value": 2}]
    attributes = {VOCAB + "over": [flash("2020-01-01T00:00:00Z")], VOCAB + "soon": [flash("2100-01-01T00:00:00Z")]}
    doc = {"id": "urn:x:bus", "type": [VOCAB + "Bus"], VOCAB + "steady": steady, **attributes}
    await graph.write(tenant, [Operation(name="create", id="urn:x:bus", doc=doc)])
    shown = (await one(graph, tenant)).found[0]
    assert "over" not in shown and "soon" in shown and "expiresAt" not in shown["soon"][0]
    assert "expiresAt" in (await one(graph, tenant, shape=Shape(sys=True))).found[0]["soon"][0]
    await graph.write(tenant, [Operation(name="delete", id="urn:x:bus")])
    assert set((await one(graph, tenant)).found[0]) == {"id", "type", "steady"}


async def test_deletions_of_what_only_the_history_knows_leave_a_mark(graph: Graph, tenant: int) -> None:
    name = {"type": "LanguageProperty", "languageMap": {"vi": "một"}, "observedAt": IN}
    payload = {"id": "urn:x:bus", "type": "Bus", "scope": ["/A", "/B"], "fuel": [told(1)], "name": [name]}
    await put(graph, tenant, payload)
    gone = TimesAsked(timeproperty="deletedAt")
    for attribute in (VOCAB + "fuel", VOCAB + "name", "scope"):
        assert await writing.forget(graph, tenant, "urn:x:bus", attribute)
        assert not await writing.forget(graph, tenant, "urn:x:bus", attribute), "it is gone already"
    assert not await writing.forget(graph, tenant, "urn:x:none", VOCAB + "fuel")
    shown = (await one(graph, tenant, gone)).found[0]
    assert set(shown) == {"id", "type", "fuel", "name", "scope"}
    assert shown["name"][0]["languageMap"] == {"@none": "urn:ngsi-ld:null"} and shown["scope"][0]["value"] == []
    simple = (await one(graph, tenant, gone, shape=SIMPLE)).found[0]
    assert simple["scope"]["values"][0][0] == [] and simple["scope"]["values"][0][1].endswith("Z")
    assert simple["fuel"]["values"][0][0] == "urn:ngsi-ld:null"


async def test_what_is_told_twice_for_an_instant_is_told_once(graph: Graph, tenant: int) -> None:
    first = {"speed": [told(120, "2020-09-01T12:03:00Z")], "fuel": [told(40, datasetId="urn:d:1")]}
    again = {"speed": [told(121, "2020-09-01T12:03:00Z"), told(80, "2020-09-01T12:05:00Z")], "fuel": [told(40)]}
    assert await put(graph, tenant, {"id": "urn:x:bus", "type": "Bus", **first})
    assert not await put(graph, tenant, {"id": "urn:x:bus", "type": ["Bus", "Vehicle"], **again})
    shown = (await one(graph, tenant)).found[0]
    assert [x["value"] for x in shown["speed"]] == [121, 80] and len(shown["fuel"]) == 2
    assert shown["type"] == ["Bus", "Vehicle"]
    null = {"id": "urn:x:bus", "type": "Bus", "speed": [told("urn:ngsi-ld:null", "2026-01-02T00:00:00Z")]}
    assert not await put(graph, tenant, null)
    before = await one(graph, tenant, TimesAsked(timerel="before", time_at="2030-01-01T00:00:00Z"))
    assert len(before.found[0]["speed"]) == 3


async def test_what_is_told_at_once_has_numbers_of_its_own(graph: Graph, tenant: int) -> None:
    await put(graph, tenant, {"id": "urn:x:bus", "type": "Bus", "speed": minutes(1)})
    seen = [{"type": "Property", "value": n} for n in range(30)]
    doc, scopes = writing.expand_temporal({"fuel": seen}, CORE, fragment=True)
    await asyncio.gather(*(writing.add(graph, tenant, "urn:x:bus", doc, scopes) for _each in range(20)))
    ids = [x["instanceId"] for x in (await one(graph, tenant, attrs=["fuel"])).found[0]["fuel"]]
    assert len(set(ids)) == len(ids) == 600


async def test_single_instances_are_changed_and_deleted(graph: Graph, tenant: int) -> None:
    payload = {"id": "urn:x:bus", "type": "Bus", "speed": minutes(3), "fuel": [told(1), told(2, datasetId="urn:d:1")]}
    await put(graph, tenant, payload)
    speed, fuel = VOCAB + "speed", VOCAB + "fuel"
    first = (await one(graph, tenant)).found[0]["speed"][0]["instanceId"]
    await writing.change_instance(graph, tenant, "urn:x:bus", speed, first, {"value": 500})
    changed = (await one(graph, tenant)).found[0]["speed"][0]
    assert (changed["value"], changed["instanceId"]) == (500, first)
    await writing.delete_instance(graph, tenant, "urn:x:bus", speed, first)
    assert [x["value"] for x in (await one(graph, tenant)).found[0]["speed"]] == [2, 3]
    await writing.delete_attribute(graph, tenant, "urn:x:bus", fuel, "urn:d:1")
    assert [x["value"] for x in (await one(graph, tenant)).found[0]["fuel"]] == [1]
    doc, scopes = writing.expand_temporal({"fuel": [told(9, OUT)]}, CORE, fragment=True)
    await writing.add(graph, tenant, "urn:x:bus", doc, scopes)
    await writing.delete_attribute(graph, tenant, "urn:x:bus", fuel, every=True)
    assert "fuel" not in (await one(graph, tenant)).found[0]
    for wrong in (
        writing.delete_instance(graph, tenant, "urn:x:bus", speed, first),
        writing.delete_instance(graph, tenant, "urn:x:bus", speed, "urn:other:1"),
        writing.change_instance(graph, tenant, "urn:x:bus", speed, first, {"value": 1}),
        writing.delete_attribute(graph, tenant, "urn:x:bus", fuel),
        writing.add(graph, tenant, "urn:x:none", doc, scopes),
        writing.delete(graph, tenant, "urn:x:none"),
        one(graph, tenant, attrs=["unknown"]),
    ):
        with pytest.raises(ResourceNotFound):
            await wrong
    await writing.delete(graph, tenant, "urn:x:bus")
    with pytest.raises(ResourceNotFound):
        await one(graph, tenant)


@pytest.mark.parametrize(
    "times",
    [
        TimesAsked(timerel="during", time_at=IN),
        TimesAsked(timerel="after"),
        TimesAsked(timerel="between", time_at=IN),
        TimesAsked(timerel="after", time_at="2020-08-01"),
        TimesAsked(timerel="after", time_at=5),
        TimesAsked(time_at=IN),
        TimesAsked(timeproperty="seenAt"),
        TimesAsked(last="0"),
        TimesAsked(last=1.5),
        TimesAsked(aggregated=True),
        TimesAsked(aggregated=True, methods="median"),
        TimesAsked(aggregated=True, methods=["avg", 5]),
        TimesAsked(aggregated=True, methods="avg", duration="1 hour"),
    ],
)
def test_times_that_may_not_be(times: TimesAsked) -> None:
    with pytest.raises(BadRequestData):
        question(times)


def test_durations() -> None:
    assert read_duration("PT1H") == Span(0, 3600) and read_duration("P1Y2M") == Span(14, 0)
    assert read_duration("P1W") == Span(0, 604_800) and read_duration("PT0S") == Span()
    assert read_duration("P1DT0.5S") == Span(0, 86_400.5)
    for wrong in ("P", "PT", "P1M1D", "-PT1H", "PT1H ", 5, "P99999999Y", "PT1.S"):
        with pytest.raises(BadRequestData):
            read_duration(wrong)


@pytest.mark.parametrize("asked", [{"order": "name"}, {"order": "id,name"}, {"q": "a{b}==1", "join": "flat"}])
def test_questions_that_the_history_cannot_answer(asked: dict[str, Any]) -> None:
    with pytest.raises(BadRequestData):
        question(DAY, **asked)
    with pytest.raises(BadRequestData):
        ask(TimesAsked(), build(Asked(local=True), CORE), required=True)
