"""Points: VN-2000 against PROJ and known facts, swapped and misplaced coordinates."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path

import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nhip
from nhip.kernel.geo import (
    VIETNAM,
    Point,
    UnknownZone,
    distance_m,
    inside,
    read_point,
    vn2000_array,
    vn2000_to_wgs84,
    wgs84_to_vn2000,
)
from nhip.kernel.values.meridians import MERIDIANS, ZONES, central_meridian, meridians

HUE = (107.5905, 16.4637)
HUE_BOX = (107.0, 15.9, 108.3, 16.8)
CITADEL = (107.5, 16.4, 107.7, 16.5)
NORTH, EAST = "1820978.806", "562855.175"
"""Huế in EPSG:9214."""

DATA = Path(nhip.__file__).parents[2] / "shared" / "data" / "admin"


def _near(point: Point, place=HUE, metres=1.0) -> bool:
    return point.lon is not None and point.lat is not None and distance_m(point.lon, point.lat, *place) < metres


@pytest.mark.parametrize("epsg", ZONES)
def test_zones_are_those_of_proj(epsg):
    parameters = {p.name: p.value for p in pyproj.CRS(epsg).coordinate_operation.params}
    assert pyproj.CRS(epsg).name.startswith("VN-2000")
    assert central_meridian(epsg) == (
        parameters["Longitude of natural origin"],
        parameters["Scale factor at natural origin"],
    )
    assert (parameters["False easting"], parameters["False northing"]) == (500_000, 0)


def test_facts_of_hue():
    """Forgetting the datum moves Huế by about 225 m; the meridian of Đà Nẵng moves it by about 80 km."""
    east, north = wgs84_to_vn2000(*HUE, 9214)
    geographic = pyproj.Transformer.from_crs(9214, 4756, always_xy=True).transform(east, north)
    assert 215 < distance_m(*geographic, *HUE) < 235
    assert 79_000 < distance_m(*vn2000_to_wgs84(east, north, 5899), *HUE) < 81_000


def _helmert(lon: float, lat: float) -> tuple[float, float]:
    """VN-2000 geographic to WGS 84 by the seven published parameters (coordinate frame), written out independently of PROJ."""
    a, f = 6378137.0, 1 / 298.257223563
    e2 = f * (2 - f)
    phi, lam = math.radians(lat), math.radians(lon)
    n = a / math.sqrt(1 - e2 * math.sin(phi) ** 2)
    x, y, z = n * math.cos(phi) * math.cos(lam), n * math.cos(phi) * math.sin(lam), n * (1 - e2) * math.sin(phi)
    second = math.pi / 648000
    rx, ry, rz = -0.00928836 * second, 0.01975479 * second, -0.00427372 * second
    scale = 1 + 0.252906278e-6
    x2 = -191.90441429 + scale * (x + rz * y - ry * z)
    y2 = -39.30318279 + scale * (-rz * x + y + rx * z)
    z2 = -111.45032835 + scale * (ry * x - rx * y + z)
    p, latitude = math.hypot(x2, y2), math.atan2(z2, math.hypot(x2, y2))
    for _ in range(10):
        n2 = a / math.sqrt(1 - e2 * math.sin(latitude) ** 2)
        latitude = math.atan2(z2 + e2 * n2 * math.sin(latitude), p)
    return math.degrees(math.atan2(y2, x2)), math.degrees(latitude)


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(sorted(MERIDIANS.values())), st.floats(380_000, 620_000), st.floats(950_000, 2_580_000))
def test_datum_shift_is_the_published_one(epsg, east, north):
    geographic = pyproj.Transformer.from_crs(epsg, 4756, always_xy=True).transform(east, north)
    expected = _helmert(*geographic)
    assert distance_m(*vn2000_to_wgs84(east, north, epsg), *expected) < 0.01


def test_proj_agrees_where_it_takes_the_same_parameters():
    """Outside the delta PROJ's own choice is the official transformation; inside, its oil survey parameters differ by 0.8 m."""
    for lon, lat, same in ((107.5905, 16.4637, True), (105.85, 21.03, True), (105.78, 10.03, False)):
        theirs = pyproj.Transformer.from_crs(9209, 4326, always_xy=True).transform(*wgs84_to_vn2000(lon, lat, 9209))
        assert (distance_m(*theirs, lon, lat) < 0.01) == same


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(sorted(MERIDIANS.values())), st.floats(102.5, 109.5), st.floats(8.5, 23.3))
def test_there_and_back(epsg, lon, lat):
    assert distance_m(*vn2000_to_wgs84(*wgs84_to_vn2000(lon, lat, epsg), epsg), lon, lat) < 0.01


def test_columns_are_transformed_like_single_points():
    east, north = np.array([562855.175, 500000.0]), np.array([1820978.806, 1800000.0])
    lon, lat = vn2000_array(east, north, 9214)
    for n in range(2):
        assert (lon[n], lat[n]) == pytest.approx(vn2000_to_wgs84(east[n], north[n], 9214))
    with pytest.raises(UnknownZone, match="4326"):
        vn2000_array(east, north, 4326)


def test_provinces_have_their_meridians():
    assert meridians("46") == (9214,)
    assert meridians("48") == (5899,)
    assert meridians("79") == (9210, 5899)
    assert meridians("44") == (9212, 9211)
    assert meridians("45") == (9212,)
    assert meridians("01") == (5897,)
    assert meridians("99") == ()


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "code"), [("46_hue", "46"), ("48_da_nang", "48"), ("01_ha_noi", "01"), ("22_quang_ninh", "22")]
)
def test_real_provinces_lie_near_their_meridian(name, code):
    """A 3-degree zone is 1.5 degrees to either side; a wrong table would put a province off its map."""
    path = DATA / f"{name}.geojson.gz"
    if not path.exists():
        pytest.skip("the real administrative units are not beside this checkout")
    features = json.loads(gzip.decompress(path.read_bytes()))["features"]
    text = json.dumps([feature["geometry"]["coordinates"] for feature in features[:3]])
    numbers = [float(n) for n in text.replace("[", " ").replace("]", " ").replace(",", " ").split()]
    lon, lat = numbers[0], numbers[1]
    assert inside(lon, lat)
    for epsg in meridians(code):
        east, _ = wgs84_to_vn2000(lon, lat, epsg)
        assert 340_000 < east < 660_000


@pytest.mark.real
def test_every_present_province_is_in_the_table():
    path = DATA / "units_2026-07-25.json"
    if not path.exists():
        pytest.skip("the real administrative units are not beside this checkout")
    codes = [province["Code"] for province in json.loads(path.read_text("utf-8"))]
    assert len(codes) == 34
    assert all(meridians(code) for code in codes)


@pytest.mark.parametrize(
    ("texts", "options", "rule", "severity"),
    [
        (("16.4637", "107.5905"), {}, "", "mended"),
        (("16,4637", "107,5905"), {}, "", "mended"),
        (("16°27'49.32\"N", "107°35'25.8\"E"), {}, "", "mended"),
        (("16.4637, 107.5905", ""), {}, "", "mended"),
        (("107.5905, 16.4637", ""), {}, "point.swapped", "mended"),
        (("107.5905", "16.4637"), {}, "point.swapped", "mended"),
        (("107°35'25.8\"E", "16°27'49.32\"N"), {}, "point.swapped", "mended"),
        (("16.4637", "107.5905"), {"expected_box": HUE_BOX}, "", "mended"),
        (("16.4637", "107.5905"), {"expected_box": (105.0, 20.0, 106.0, 22.0)}, "point.unexpected", "warning"),
        ((NORTH, EAST), {"kind": "xy", "crs": "EPSG:9214"}, "", "mended"),
        ((NORTH, EAST), {"kind": "xy", "crs": "VN-2000", "province": "46"}, "", "mended"),
        ((NORTH, EAST), {"kind": "xy", "province": "46"}, "", "mended"),
        ((EAST, NORTH), {"kind": "xy", "province": "46"}, "point.swapped", "mended"),
        ((EAST, NORTH), {"kind": "en", "province": "46"}, "", "mended"),
        ((NORTH, EAST), {"kind": "en", "province": "46"}, "point.swapped", "mended"),
        ((NORTH, EAST), {"kind": "metres", "province": "46"}, "", "mended"),
        (("1.820.978,806", "562.855,175"), {"kind": "xy", "province": "46"}, "", "mended"),
        (("1 820 978.806 m", "562855,175 m"), {"kind": "xy", "province": "46"}, "", "mended"),
        ((NORTH, EAST), {"kind": "xy", "crs": "EPSG:5899", "expected_box": CITADEL}, "point.meridian", "warning"),
        ((NORTH, EAST), {"kind": "latlon", "province": "46"}, "point.metres", "mended"),
        (("16.4637", "107.5905"), {"kind": "xy", "province": "46"}, "point.degrees", "mended"),
    ],
)
def test_hue_in_every_way(texts, options, rule, severity):
    point = read_point(*texts, **options)
    assert (point.rule, point.severity) == (rule, severity)
    assert _near(point)


@pytest.mark.parametrize(
    ("texts", "options", "rule", "note"),
    [
        (("0", "0"), {}, "point.zero", ""),
        (("16.4637", "0"), {}, "point.zero", ""),
        (("16.4637", ""), {}, "point.incomplete", ""),
        (("", ""), {}, "value.blank", ""),
        (("-", "-"), {}, "value.blank", ""),
        (("Huế", "107.5905"), {}, "coordinate.unreadable", ""),
        (("16.463.713", "107.590.123"), {}, "coordinate.point", "16.463713, 107.590123"),
        ((NORTH, EAST), {"kind": "xy", "province": "44"}, "point.meridianUnknown", "EPSG:9212 EPSG:9211"),
        ((NORTH, EAST), {"kind": "xy"}, "point.meridianUnknown", ""),
        ((NORTH, "12"), {"kind": "xy", "province": "46"}, "point.range", ""),
        ((NORTH, NORTH), {"kind": "xy", "province": "46"}, "point.range", ""),
        (("x", EAST), {"kind": "xy", "province": "46"}, "number.unreadable", ""),
    ],
)
def test_no_point_is_guessed(texts, options, rule, note):
    assert read_point(*texts, **options) == Point(
        None, None, rule, "mended" if rule == "value.blank" else "error", note
    )


def test_a_wide_expected_place_does_not_settle_the_meridian():
    """Four zones put the point somewhere in the province: none is taken."""
    point = read_point(NORTH, EAST, kind="xy", crs="EPSG:5899", expected_box=HUE_BOX)
    assert point == Point(None, None, "point.meridian", "error", "EPSG:9213 EPSG:9214 EPSG:9215 EPSG:9216")


def test_a_merged_province_is_settled_by_the_place():
    """Bắc Ninh of today measures in 105-30 (old Bắc Ninh) and 107-00 (old Bắc Giang)."""
    giang = (106.19, 21.28)
    east, north = wgs84_to_vn2000(*giang, 9214)
    point = read_point(str(north), str(east), kind="xy", province="24", expected_box=(106.1, 21.2, 106.3, 21.4))
    assert point.rule == "" and point.note == "EPSG:9214"
    assert _near(point, giang)


def test_places_abroad_are_told_and_kept():
    assert read_point("48.85", "2.35") == Point(2.35, 48.85, "point.outside", "error")
    assert not inside(2.35, 48.85)
    for lon, lat in ((111.6, 16.5), (114.4, 10.4), (105.3, 23.39), (104.7, 8.56)):
        assert inside(lon, lat, VIETNAM)


def test_other_systems_are_refused():
    for crs in ("EPSG:3857", "EPSG:32648"):
        with pytest.raises(UnknownZone, match=crs.split(":")[1]):
            read_point(NORTH, EAST, kind="xy", crs=crs)


@settings(max_examples=100, deadline=None)
@given(
    st.text(max_size=20),
    st.text(st.sampled_from("0123456789.,°'\"NE -"), max_size=20),
    st.sampled_from(["latlon", "xy", "en", "metres"]),
)
def test_any_texts(a, b, kind):
    for first, second in ((a, b), (b, a), (b, b)):
        point = read_point(first, second, kind=kind, province="46", expected_box=HUE_BOX)
        assert (point.lon is None) == (point.lat is None)
        assert point.lon is None or -180 <= point.lon <= 180
        assert point.lon is not None or point.rule
