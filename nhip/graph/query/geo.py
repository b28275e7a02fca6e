"""Geoqueries (CIM 009, 4.10): relations are planar in degrees of WGS 84, as GeoJSON means them; distances on the sphere."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
import orjson
import shapely
from shapely.geometry import Point, shape
from shapely.geometry.base import BaseGeometry

from nhip.graph.document.faults import Fault
from nhip.graph.document.geo import mended, read_geometry
from nhip.graph.model import Doc
from nhip.graph.query.distance import distance_between, point_distance, reach_of
from nhip.graph.query.errors import BadParameter, TooLong
from nhip.graph.query.model import Geo, Georel
from nhip.kernel.i18n import _

GEOMETRIES = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon")
DEFAULT_PROPERTY = "https://uri.etsi.org/ngsi-ld/location"
MAX_POSITIONS = 10_000
_NEAR = re.compile(r"near;(maxDistance|minDistance)==(\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?)")
_DISTANCE_LIMIT = 1e12
_NUMERIC = frozenset({int, float})
_FAR = 1e9
_RELATIONS: dict[str, Callable[[BaseGeometry, BaseGeometry], Any]] = {
    "within": shapely.contains,
    "contains": lambda reference, target: shapely.contains(target, reference),
    "intersects": shapely.intersects,
    "equals": shapely.equals,
    "disjoint": shapely.disjoint,
    "overlaps": shapely.overlaps,
}


def parse_geo(georel: str, geometry: str, coordinates: str | list[Any], attribute: str = "") -> Geo:
    """The geoquery of the four parameters (`attribute` is the geoproperty's IRI); raises BadParameter, TooLong."""
    relation, least, most = _relation(georel)
    return Geo(relation, parse_shape(geometry, coordinates), attribute or DEFAULT_PROPERTY, least, most)


def _relation(georel: str) -> tuple[Georel, float | None, float | None]:
    if georel in _RELATIONS:
        return georel, None, None  # type: ignore[return-value]
    found = _NEAR.fullmatch(georel)
    distance = float(found[2]) if found else 0.0
    if found is None or not 0 < distance < _DISTANCE_LIMIT:
        raise BadParameter(
            parameter="georel", what=_("there is no such relation, or its distance is not above 0 metres")
        )
    return ("near", None, distance) if found[1] == "maxDistance" else ("near", distance, None)


def parse_shape(geometry: str, coordinates: str | list[Any], parameter: str = "coordinates") -> BaseGeometry:
    """The reference geometry; raises BadParameter when it is not valid GeoJSON, TooLong past 10,000 positions."""
    if geometry not in GEOMETRIES:
        raise BadParameter(parameter="geometry", what=_("there is no such type of geometry"))
    if isinstance(coordinates, str):
        try:
            coordinates = orjson.loads(coordinates)
        except orjson.JSONDecodeError as error:
            raise BadParameter(
                parameter=parameter, what=_("it is no JSON array, as [107.59,16.46]: longitude first")
            ) from error
    if not isinstance(coordinates, list):
        raise BadParameter(parameter=parameter, what=_("it is no JSON array, as [107.59,16.46]: longitude first"))
    if _positions(coordinates) > MAX_POSITIONS:
        raise TooLong(parameter=parameter, what=_("the geometry has too many positions"), limit=MAX_POSITIONS)
    try:
        found = read_shape(read_geometry({"type": geometry, "coordinates": coordinates}))
    except Fault:
        found = None
    if found is None or not _on_earth(found):
        raise BadParameter(
            parameter=parameter, what=_("this is no valid geometry in degrees of WGS 84, longitude first")
        )
    shapely.prepare(found)
    return found


def _positions(coordinates: list[Any], level: int = 0) -> int:
    """How many positions there are, about; raises BadParameter for what is no number and for nesting that GeoJSON has not."""
    if level > 3 or not all(type(part) in {list, int, float} for part in coordinates):
        raise BadParameter(
            parameter="coordinates", what=_("this is no valid geometry in degrees of WGS 84, longitude first")
        )
    return sum(_positions(part, level + 1) for part in coordinates if isinstance(part, list)) or 1


def _on_earth(geometry: BaseGeometry) -> bool:
    west, south, east, north = map(abs, geometry.bounds)
    return bool(max(west, east) <= 180 and max(south, north) <= 90)


def read_shape(value: Any) -> BaseGeometry | None:
    """The geometry of a GeoJSON value, in two dimensions, a polygon that crosses itself as what it encloses; None: it is none,
    or a tangle."""
    if (position := point_of(value)) is not None:
        return Point(position)
    try:
        found = shapely.force_2d(shape(value))
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, shapely.errors.ShapelyError):
        return None
    if found.is_empty:
        return None
    return found if found.is_valid else mended(found)


def point_of(value: Any) -> tuple[float, float] | None:
    """The position of a GeoJSON Point; None: it is another geometry, or none."""
    if type(value) is not dict or value.get("type") != "Point":
        return None
    position = value.get("coordinates")
    if type(position) is not list or not 2 <= len(position) <= 3 or not _NUMERIC.issuperset(map(type, position)):
        return None
    return (position[0], position[1]) if all(-_FAR < number < _FAR for number in position) else None


def shapes_of(doc: Doc, attribute: str) -> list[BaseGeometry]:
    """The geometries of a document's GeoProperty, one for each instance."""
    instances = doc.get(attribute)
    if not isinstance(instances, list):
        return []
    found = (read_shape(instance.get("value")) for instance in instances if isinstance(instance, dict))
    return [geometry for geometry in found if geometry is not None]


def decide_geo(geo: Geo) -> Callable[[Doc], bool]:
    """Whether one instance of the document's GeoProperty meets the relation; without the property nothing does."""
    meets = relation_test(geo)
    if geo.relation == "near" and geo.most is not None and isinstance(geo.shape, Point):
        return _near_point(geo.attribute, geo.shape, geo.most, meets)
    return lambda doc: any(meets(target) for target in shapes_of(doc, geo.attribute))


def _near_point(
    attribute: str, centre: Point, most: float, meets: Callable[[BaseGeometry], bool]
) -> Callable[[Doc], bool]:
    """The usual question, for the usual answer: points, which need no geometry to be made of them."""
    lon, lat = centre.x, centre.y

    def decide(doc: Doc) -> bool:
        instances = doc.get(attribute)
        if type(instances) is list and len(instances) == 1 and type(only := instances[0]) is dict:
            position = point_of(only.get("value"))
            if position is not None:
                return point_distance(lon, lat, *position) <= most
        return any(meets(target) for target in shapes_of(doc, attribute))

    return decide


def relation_test(geo: Geo) -> Callable[[BaseGeometry], bool]:
    """The test of one geometry against the reference."""
    reference = geo.shape
    if geo.relation != "near":
        relation = _RELATIONS[geo.relation]
        return lambda target: bool(relation(reference, target))
    if geo.most is not None:
        most = geo.most
        return lambda target: distance_between(reference, target) <= most
    least = geo.least or 0.0
    return lambda target: distance_between(reference, target) >= least


class Window(msgspec.Struct, frozen=True):
    """What the boxes of candidates must do to the box (west, south, east, north): the part of a geoquery that an index knows."""

    how: str
    """`overlap` (&&), `inside` (<@), `around` (@>), or `any` (only the property must be there)."""
    box: tuple[float, float, float, float]


def window_of(geo: Geo) -> Window:
    """The narrowing of a geoquery: everything that meets it lies in the window, not the reverse."""
    box = geo.shape.bounds
    if geo.relation == "disjoint" or (geo.relation == "near" and geo.most is None):
        return Window("any", box)
    if geo.relation == "near":
        return Window("overlap", reach_of(box, geo.most or 0.0))
    return Window({"within": "inside", "contains": "around"}.get(geo.relation, "overlap"), box)
