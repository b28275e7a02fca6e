"""Types, scopes, places, orders, projections, and the whole query they make."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point

from nhip.graph.contexts.model import CORE
from nhip.graph.errors import BadRequestData, TooComplexQuery
from nhip.graph.query.build import Asked, Selected, build
from nhip.graph.query.distance import _divided, distance_between, point_distance, reach_of
from nhip.graph.query.geo import decide_geo, parse_geo, relation_test, window_of
from nhip.graph.query.match import matcher
from nhip.graph.query.ordering import collation_key, parse_order, sort_docs
from nhip.graph.query.projection import overlap, parse_tree
from nhip.graph.query.selection import decide_scopes, decide_types, names_in, parse_scopes, parse_types
from nhip.graph.temporal.asking import read_duration
from nhip.kernel.geo import distance_m
from tests.graph.clauses import clause

VOCAB = "https://uri.etsi.org/ngsi-ld/default-context/"
LOCATION = "https://uri.etsi.org/ngsi-ld/location"
SQUARE = [[[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]]
HOLED = [*SQUARE, [[4, 4], [6, 4], [6, 6], [4, 6], [4, 4]]]


def entity(number: int = 1, types: str = "Thing", place: Any = None, **values: Any) -> dict[str, Any]:
    doc: dict[str, Any] = {"id": f"urn:x:{number}", "type": [VOCAB + one for one in types.split(",")]}
    doc |= {VOCAB + name: [{"type": "Property", "value": value}] for name, value in values.items()}
    if place is not None:
        kind = {float: "Point", int: "Point", list: "LineString"}[type(place[0])]
        kind = "Polygon" if kind == "LineString" and isinstance(place[0][0], list) else kind
        doc[LOCATION] = [{"type": "GeoProperty", "value": {"type": kind, "coordinates": place}}]
    return doc


@pytest.mark.parametrize(
    ("text", "types", "fits"),
    [
        ("A", "A", True),
        ("A", "B", False),
        ("A,B", "B", True),
        ("A|B", "B", True),
        ("(A;B)", "A", False),
        ("(A;B)", "A,B", True),
        ("(A;B),C", "C", True),
        ("A;(B|C)", "A,C", True),
        (f"{VOCAB}A", "A", True),
    ],
)
def test_type_selections(text: str, types: str, fits: bool) -> None:
    node = parse_types(text, CORE)
    assert node is not None and decide_types(node)(entity(types=types)) is fits


def test_every_type() -> None:
    assert parse_types("*", CORE) is None


@pytest.mark.parametrize(
    ("text", "scopes", "fits"),
    [
        ("/A/B", ["/A/B"], True),
        ("/A/B", "/A/B", True),
        ("A/B", ["/A/B"], True),
        ("/A", ["/A/B"], False),
        ("/A/+", ["/A/B"], True),
        ("/A/+", ["/A/B/C"], False),
        ("/+/B", ["/A/B"], True),
        ("/A/#", ["/A/B/C"], True),
        ("/A/#", ["/A"], True),
        ("/A/#", ["/AB"], False),
        ("/#", ["/A"], True),
        ("/#", [], False),
        ("/A;/B", ["/A", "/B"], True),
        ("(/A;/B),/C", ["/C"], True),
        ("(/A;/B)|/C", ["/A"], False),
        ("/Đà_Nẵng/+", ["/Đà_Nẵng/Hải_Châu"], True),
    ],
)
def test_scope_queries(text: str, scopes: Any, fits: bool) -> None:
    assert decide_scopes(parse_scopes(text))({"scope": scopes}) is fits


@pytest.mark.parametrize("text", ["", "(A", "A)", "A,,B", "(A;B", "A;", "A B", "()"])
def test_broken_selections_are_refused(text: str) -> None:
    with pytest.raises(BadRequestData):
        parse_types(text, CORE)


@pytest.mark.parametrize("text", ["/A/#/B", "//", "/A+", "/A//B", "/", "+#"])
def test_broken_scopes_are_refused(text: str) -> None:
    with pytest.raises(BadRequestData):
        parse_scopes(text)


def near(metres: float, geometry: str = "Point", coordinates: Any = (8, 40), least: bool = False) -> Any:
    return decide_geo(parse_geo(f"near;{'min' if least else 'max'}Distance=={metres}", geometry, list(coordinates)))


@pytest.mark.parametrize(
    ("georel", "geometry", "coordinates", "place", "meets"),
    [
        ("within", "Polygon", SQUARE, [5.0, 5.0], True),
        ("within", "Polygon", HOLED, [5.0, 5.0], False),
        ("within", "Polygon", HOLED, [2.0, 2.0], True),
        ("disjoint", "Polygon", HOLED, [5.0, 5.0], True),
        ("contains", "Point", [5, 5], SQUARE, True),
        ("contains", "Point", [5, 5], HOLED, False),
        ("intersects", "LineString", [[-1, 5], [11, 5]], SQUARE, True),
        ("equals", "Point", [5, 5], [5.0, 5.0], True),
        ("equals", "Polygon", SQUARE, [[[10, 0], [10, 10], [0, 10], [0, 0], [10, 0]]], True),
        ("overlaps", "Polygon", SQUARE, [[[5, 5], [15, 5], [15, 15], [5, 15], [5, 5]]], True),
        ("overlaps", "Polygon", SQUARE, SQUARE, False),
    ],
)
def test_relations(georel: str, geometry: str, coordinates: Any, place: Any, meets: bool) -> None:
    assert decide_geo(parse_geo(georel, geometry, coordinates))(entity(place=place)) is meets


def test_distances_are_metres_on_the_sphere() -> None:
    assert near(2000)(entity(place=[8.0, 40.01]))
    assert not near(1000)(entity(place=[8.0, 40.01]))
    assert near(1000, least=True)(entity(place=[8.0, 40.01]))
    assert not near(2000)(entity())
    line = [[0, 60], [10, 60]]
    assert near(2000, "LineString", line)(entity(place=[10.0, 60.009]))
    assert near(2000, "LineString", line)(entity(place=[5.0, 60.009]))
    assert not near(2000, "LineString", [[0, 61], [10, 61]])(entity(place=[10.0, 60.009]))
    arctic = entity(place=[[1, 85], [0, 85.6]])
    assert near(20_000, coordinates=(0, 85))(arctic) and not near(5_000, coordinates=(0, 85))(arctic)


def test_the_distance_of_extended_geometries_is_that_of_their_nearest_points() -> None:
    one = shapely.box(105.0, 21.0, 105.1, 21.1)
    other = shapely.box(105.3, 21.02, 105.4, 21.05)
    assert distance_between(one, other) == pytest.approx(point_distance(105.1, 21.035, 105.3, 21.035), rel=1e-3)
    assert distance_between(one, one) == 0


LON, LAT = st.floats(-179, 179), st.floats(-88, 88)


@settings(max_examples=200, deadline=None)
@given(LON, LAT, LON, LAT)
def test_the_distance_of_points_agrees_with_the_kernel(lon: float, lat: float, lon2: float, lat2: float) -> None:
    expected = distance_m(lon, lat, lon2, lat2)
    assert distance_between(Point(lon, lat), Point(lon2, lat2)) == pytest.approx(expected, rel=5e-3, abs=0.01)
    line = shapely.LineString([(lon2, lat2), (lon2, lat2 + 0.001)])
    assert distance_between(Point(lon, lat), line) <= expected * 1.01 + 1


@settings(max_examples=200, deadline=None)
@given(LON, LAT, st.floats(1, 3_000_000), st.floats(0, 2 * math.pi), st.floats(0, 1))
def test_what_is_near_lies_in_the_reach(lon: float, lat: float, metres: float, bearing: float, share: float) -> None:
    angle, north = share * metres / 6_371_008.8, math.radians(lat)
    sine = math.sin(north) * math.cos(angle) + math.cos(north) * math.sin(angle) * math.cos(bearing)
    there = math.asin(max(-1, min(1, sine)))
    east = math.atan2(
        math.sin(bearing) * math.sin(angle) * math.cos(north), math.cos(angle) - math.sin(north) * math.sin(there)
    )
    far_lon, far_lat = (lon + math.degrees(east) + 180) % 360 - 180, math.degrees(there)
    west, south, right, top = reach_of((lon, lat, lon, lat), metres)
    assert west - 1e-9 <= far_lon <= right + 1e-9 and south - 1e-9 <= far_lat <= top + 1e-9


BOXES = st.tuples(st.floats(-5, 5), st.floats(-5, 5), st.floats(0.1, 4), st.floats(0.1, 4)).map(
    lambda b: shapely.box(b[0], b[1], b[0] + b[2], b[1] + b[3])
)


@settings(max_examples=200, deadline=None)
@given(
    BOXES, BOXES, st.sampled_from(["within", "contains", "intersects", "equals", "overlaps", "near;maxDistance==90000"])
)
def test_the_window_of_a_geoquery_loses_nothing(reference: Any, target: Any, georel: str) -> None:
    coordinates = shapely.geometry.mapping(reference)["coordinates"]
    geo = parse_geo(georel, "Polygon", [[list(point) for point in ring] for ring in coordinates])
    if relation_test(geo)(target):
        window = window_of(geo)
        box = shapely.box(*window.box)
        inside = {"overlap": shapely.intersects, "inside": shapely.covers, "around": shapely.covered_by}[window.how]
        assert inside(box, shapely.box(*target.bounds))


@pytest.mark.parametrize(
    ("georel", "geometry", "coordinates"),
    [
        ("near;maxDistance==0", "Point", [8, 40]),
        ("near;maxDistance==-100", "Point", [8, 40]),
        ("near;maxDistance==inf", "Point", [8, 40]),
        ("near;maxDistance==1e400", "Point", [8, 40]),
        ("near;maxDistance==5;minDistance==1", "Point", [8, 40]),
        ("near", "Point", [8, 40]),
        ("touches", "Point", [8, 40]),
        ("within", "Circle", [8, 40]),
        ("within", "Point", "8,40"),
        ("within", "Point", [181, 40]),
        ("within", "Point", ["8", "40"]),
        ("within", "Point", []),
        ("within", "Polygon", [[[0, 0], [1, 1]]]),
        ("within", "Polygon", [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]),
        ("within", "Point", {"a": 1}),
        ("within", "Point", "[1e999,0]"),
    ],
)
def test_broken_geoqueries_are_refused(georel: str, geometry: str, coordinates: Any) -> None:
    with pytest.raises(BadRequestData):
        parse_geo(georel, geometry, coordinates)


def test_endless_lists_are_refused_before_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[str] = []
    monkeypatch.setattr("nhip.graph.query.build.is_uri", judged.append)
    with pytest.raises(TooComplexQuery):
        build(Asked(entities=[Selected(types="Bus")], attrs=[f"a{n}" for n in range(100_000)]), CORE)
    for some in ({"ids": [f"urn:x:{n}" for n in range(100_000)]}, {}):
        more = {} if some else {"datasets": [f"urn:x:{n}" for n in range(100_000)]}
        with pytest.raises(BadRequestData):
            build(Asked(entities=[Selected(types="Bus", **some)], **more), CORE)  # type: ignore[arg-type]
    assert judged == [], "an eighth of a second for a hundred thousand URIs"


def test_a_huge_geometry_is_refused() -> None:
    with pytest.raises(TooComplexQuery):
        parse_geo("within", "MultiPoint", [[0, 0]] * 20_000)


def ordered(text: str, docs: list[dict[str, Any]], collation: str = "", origin: Any = None) -> list[int]:
    return [int(doc["id"][-1]) for doc in sort_docs(docs, parse_order(text, CORE), origin, collation)]


def test_orders() -> None:
    things = [entity(1, a=5, b={"k": "x"}), entity(2, a="5", b={"k": "z"}), entity(3), entity(4, a=3, b={"k": "x"})]
    assert ordered("a", things) == [4, 1, 2, 3]
    assert ordered("a;desc", things) == [2, 1, 4, 3]
    assert ordered("b[k];desc,a", things) == [2, 4, 1, 3]
    assert ordered("id;desc", things) == [4, 3, 2, 1]
    places = [entity(1, place=[8.5, 40.0]), entity(2), entity(3, place=[8.1, 40.0])]
    assert ordered("location;dist-asc", places, origin=Point(8, 40)) == [3, 1, 2]
    assert ordered("location;dist-desc", places, origin=Point(8, 40)) == [1, 3, 2]


@clause("4.23")
def test_values_of_unlike_kinds_have_an_order() -> None:
    def typed(kind: str, value: str) -> dict[str, str]:
        return {"@type": kind, "@value": value}

    values: list[Any] = [5, "5", {"k": 1}, [1, 2], True, typed("Time", "10:00:00"), typed("Date", "2020-01-01")]
    values += [typed("DateTime", "2019-01-01T00:00:00Z")]
    things = [entity(n, a=value) for n, value in enumerate(values)]
    assert ordered("a", [entity(9), *reversed(things)]) == [0, 1, 2, 3, 4, 5, 6, 7, 9]
    late, soon = (entity(n, a=typed("DateTime", f"20{n}9-01-01T00:00:00Z")) for n in (2, 1))
    assert ordered("a", [late, soon]) == [1, 2]
    no_place = entity(3)
    no_place["https://uri.etsi.org/ngsi-ld/location"] = [{"type": "Property", "value": "unknown"}]
    places = [entity(4), no_place, entity(1, place=[9.0, 40.0]), entity(2, place=[8.1, 40.0])]
    assert ordered("location;dist-asc", places, origin=Point(8, 40)) == [2, 1, 3, 4]


def test_collations() -> None:
    words = [entity(1, name="A"), entity(2, name="b"), entity(3, name="á")]
    assert ordered("name", words) == [1, 2, 3]
    assert ordered("name", words, "und") == ordered("name", words, "und-u-ks-identic") == [1, 3, 2]
    alike = [entity(1, name="résumé"), entity(2, name="RESUME"), entity(3, name="resume")]
    assert ordered("name", alike, "und-u-ks-level1") == [1, 2, 3]
    assert ordered("name", alike, "fr-u-co-standard-ks-level3") == [3, 2, 1]
    assert ordered("name", [entity(1, name="Zebra"), entity(2, name="Ähre")], "de-u-co-phonebk") == [2, 1]
    assert ordered("name", [entity(1, name="mạ"), entity(2, name="mây"), entity(3, name="má")], "vi") == [3, 1, 2]


@pytest.mark.parametrize(
    "tag", ["!!nope", "not a bcp47 tag!!", "sv", "de-u-co-trad", "x", "und-u-ks-level9", "und-u-kn-true"]
)
def test_an_unknown_collation_is_refused(tag: str) -> None:
    with pytest.raises(BadRequestData):
        collation_key(tag)


def test_projections() -> None:
    tree = parse_tree("id,owner{name|boss{id}}", CORE, "pick")
    assert tree.names == {"id"} and tree.depth() == 2
    assert tree.below[VOCAB + "owner"].names == {VOCAB + "name"}
    assert overlap(tree, parse_tree("owner{name}", CORE, "omit"))
    assert not overlap(tree, parse_tree("owner{age}", CORE, "omit"))


@pytest.mark.parametrize(
    "text",
    ["", "id;name", "id,at{name", "id,at{{name}", "id,,name", "id,at{,name}", "id,at{}", "a}", "{a}", "a.b", "a,"],
)
def test_broken_projections_are_refused(text: str) -> None:
    with pytest.raises(BadRequestData):
        parse_tree(text, CORE, "pick")


READERS = [
    lambda text: parse_types(text, CORE),
    parse_scopes,
    lambda text: parse_order(text, CORE),
    lambda text: parse_tree(text, CORE, "omit"),
    collation_key,
    read_duration,
    lambda text: parse_geo(text, "Point", [1, 2]),
    lambda text: parse_geo("within", "Polygon", text),
]


@pytest.mark.parametrize("read", READERS)
@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="aBđ/+#;,|(){}[]PT1HDM0.:-=\"' \\u-co", max_size=30))
def test_any_text_is_read_or_refused(read: Any, text: str) -> None:
    try:
        read(text)
    except (BadRequestData, TooComplexQuery):
        return


@pytest.mark.parametrize("read", READERS[:4])
def test_what_is_too_much_is_refused_quickly(read: Any) -> None:
    for text in ("(" * 5000 + "a" + ")" * 5000, ",".join(["/a"] * 9000), "a{" * 5000, "a" * 40_000):
        start = time.process_time()
        with pytest.raises((BadRequestData, TooComplexQuery)):
            read(text)
        assert time.process_time() - start < 2


THINGS = [Selected(types="Thing")]


@pytest.mark.parametrize(
    "asked",
    [
        Asked(),
        Asked(entities=[Selected(ids=["urn:x:1"])]),
        Asked(entities=[Selected(pattern="urn:.*")]),
        Asked(scope="/A"),
        Asked(attrs=["createdAt"]),
        Asked(q='modifiedAt>"2020-01-01T00:00:00Z"'),
        Asked(entities=[Selected(types="*")], local=False),
        Asked(entities=[Selected(types="Thing", ids=["not a uri"])]),
        Asked(entities=[Selected(types="Thing", pattern="x**")]),
        Asked(entities=THINGS, attrs=["id"]),
        Asked(entities=THINGS, attrs=["a{b}"]),
        Asked(entities=THINGS, attrs=["a"], pick="a"),
        Asked(entities=THINGS, pick="a", omit="a"),
        Asked(entities=THINGS, pick="a{b}"),
        Asked(entities=THINGS, omit="a{b{c}}", join="flat", join_level=1),
        Asked(entities=THINGS, q="a{b}==1"),
        Asked(entities=THINGS, q="a{b{c}}==1", join="inline", join_level=1),
        Asked(entities=THINGS, join="inline", join_level=0),
        Asked(entities=THINGS, georel="within"),
        Asked(entities=THINGS, order="location;dist-asc"),
        Asked(entities=THINGS, order="id", order_from="8,40"),
        Asked(entities=THINGS, csf="))bad(("),
        Asked(entities=THINGS, datasets=["x"]),
    ],
)
def test_queries_that_may_not_be(asked: Asked) -> None:
    with pytest.raises(BadRequestData):
        build(asked, CORE)


@pytest.mark.parametrize(
    "asked",
    [
        Asked(local=True),
        Asked(entities=[Selected(types="*")]),
        Asked(attrs=["speed"]),
        Asked(q="speed"),
        Asked(georel="within", geometry="Point", coordinates="[1,2]"),
        Asked(entities=THINGS, q="a{b{c}}==1", join="inline", join_level=2, datasets=["@none", "urn:d:1"]),
    ],
)
def test_queries_that_may_be(asked: Asked) -> None:
    build(asked, CORE)


def test_a_matcher_needs_every_part() -> None:
    asked = Asked(
        entities=[Selected(ids=["urn:x:1", "urn:x:2"], types="Thing"), Selected(pattern="^urn:x:3$", types="Thing")],
        attrs=["speed"],
        q="speed>10",
        georel="within",
        geometry="Polygon",
        coordinates=SQUARE,
    )
    found = matcher(build(asked, CORE))
    assert found(entity(1, place=[5.0, 5.0], speed=20))
    assert found(entity(3, place=[5.0, 5.0], speed=20))
    assert not found(entity(4, place=[5.0, 5.0], speed=20))
    assert not found(entity(1, types="Other", place=[5.0, 5.0], speed=20))
    assert not found(entity(1, place=[5.0, 5.0], speed=5))
    assert not found(entity(1, place=[50.0, 5.0], speed=20))
    assert not found(entity(1, place=[5.0, 5.0]))
    pick = matcher(build(Asked(local=True, pick="speed"), CORE))
    assert pick(entity(speed=1)) and not pick(entity())
    assert names_in(parse_types("(A;B),C", CORE)) == [VOCAB + name for name in "ABC"]


_numbers = st.one_of(st.floats(-180, 180), st.integers(-90, 90), st.sampled_from([True, "1"]))


@given(st.lists(_numbers, max_size=4), st.floats(1, 2e7))
@settings(max_examples=200, deadline=None)
def test_points_near_a_point_are_found_as_any_geometry_is(position: list[Any], metres: float) -> None:
    geo = parse_geo(f"near;maxDistance=={metres:.3f}", "Point", [108.2, 16.0])
    place = {"type": "Point", "coordinates": position}
    doc = {geo.attribute: [{"type": "GeoProperty", "value": place}]}
    try:
        found = shapely.geometry.shape(place)
    except (TypeError, ValueError, OverflowError):
        found = Point()
    if not found.is_empty and all(type(one) is not str for one in position):
        assert decide_geo(geo)(doc) is relation_test(geo)(shapely.force_2d(found))


def test_many_long_edges_are_not_divided_without_end() -> None:
    """A comb of long teeth: the distance to it took minutes, as each tooth was cut into forty parts."""
    teeth = [point for n in range(2000) for point in ((n / 1000, 10), (n / 1000 + 0.0005, 0.1))]
    comb = shapely.Polygon([(0, 0), *teeth, (20.5, 0)])
    assert shapely.get_num_coordinates(_divided(comb)) < shapely.get_num_coordinates(comb) + 4000
    line = shapely.LineString([(0, 60), (100, 60)])
    assert shapely.get_num_coordinates(_divided(line)) == 401
