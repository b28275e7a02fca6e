"""From canonical documents to what a client asked for: names of its @context, the form, the part, the languages."""

from __future__ import annotations

from typing import Any

import orjson

from nhip.graph.contexts.model import Context
from nhip.graph.document.forms import normalized, several, simplified
from nhip.graph.document.language import in_language
from nhip.graph.document.pack import unpack
from nhip.graph.model import Doc, Instance, Stored, View

SYSTEM = frozenset({"createdAt", "modifiedAt", "deletedAt", "expiresAt"})
"""Shown with sysAttrs alone (6.3.11)."""
NO_ATTRIBUTES = SYSTEM | {"id", "type", "scope"}
"""What of an entity stays, whichever of its attributes are asked for."""
_EXPIRES = b'"expiresAt":'
_LINKED = ("entity", "entityList")
PLAIN = View()


def render(doc: Doc, context: Context, view: View = PLAIN) -> dict[str, Any]:
    """An entity as `view` says, without its @context: that belongs to the answer. `doc` stays as it is."""
    part = _part(doc, view)
    if view.geojson:
        return _feature(doc, part, context, view)
    return _entity(part, context, view)


def render_one(row: Stored, context: Context, view: View = PLAIN) -> bytes:
    """One entity as it rests, as JSON."""
    if view == PLAIN:
        return orjson.dumps(_at_rest(row, context))
    return orjson.dumps(render(unpack(row.doc, row.sys if view.sys else None), context, view))


def _at_rest(row: Stored, context: Context) -> dict[str, Any]:
    """An entity in the plain view; of the system attributes only expiresAt rests in the document."""
    doc = orjson.loads(row.doc)
    return _plain(_part(doc, PLAIN) if _EXPIRES in row.doc else doc, context)


def collected(entities: list[dict[str, Any]], view: View) -> Any:
    """Several rendered entities as the body of an answer: an array, or a FeatureCollection (4.5.16.3)."""
    return {"type": "FeatureCollection", "features": entities} if view.geojson else entities


def _plain(doc: Doc, context: Context) -> dict[str, Any]:
    """Normalised, whole, without system attributes, of a document that has none; what is in `doc` is used on."""
    compact = context.compact
    made: dict[str, Any] = {}
    for key, value in doc.items():
        if ":" in key:
            made[compact(key)] = (
                normalized(value[0], context) if len(value) == 1 else [normalized(one, context) for one in value]
            )
        elif key == "type":
            made["type"] = compact(value[0]) if len(value) == 1 else [compact(one) for one in value]
        else:
            made[key] = value[0] if key == "scope" and len(value) == 1 else value
    return made


def _part(doc: Doc, view: View) -> Doc:
    """What of the document is asked for, in the languages asked for."""
    part: Doc = {}
    for key, value in doc.items():
        if key in view.omit or (view.pick is not None and key not in view.pick):
            continue
        if ":" in key:
            instances = [
                _instance_part(one, view)
                for one in value
                if view.datasets is None or one.get("datasetId", "@none") in view.datasets
            ]
            if instances:
                part[key] = instances
        elif view.sys or key not in SYSTEM:
            part[key] = value
    return part


def _instance_part(instance: Instance, view: View) -> Instance:
    made = {
        key: [_instance_part(one, view) for one in value] if ":" in key else value
        for key, value in instance.items()
        if view.sys or key not in SYSTEM
    }
    return in_language(made, view.lang) if view.lang else made


def _entity(part: Doc, context: Context, view: View) -> dict[str, Any]:
    if view.form == "normalized":
        linked = any(
            name in one for value in part.values() if isinstance(value, list) for one in value for name in _LINKED
        )
        return _plain(_with_linked(part, context, view) if linked else part, context)
    made: dict[str, Any] = {}
    for key, value in part.items():
        if ":" in key:
            made[context.compact(key)] = _formed(value, context, view)
        elif key == "type":
            made["type"] = context.compact(value[0]) if len(value) == 1 else [context.compact(one) for one in value]
        else:
            made[key] = value[0] if key == "scope" and len(value) == 1 else value
    return made


def _formed(instances: list[Instance], context: Context, view: View) -> Any:
    instances = [_inner(one, context, view) for one in instances]
    if view.form == "concise":
        return several(instances, context)
    if len(instances) == 1:
        for name in _LINKED:
            if name in instances[0]:
                return instances[0][name]
    return simplified(instances, context)


def _with_linked(part: Doc, context: Context, view: View) -> Doc:
    return {key: [_inner(one, context, view) for one in value] if ":" in key else value for key, value in part.items()}


def _inner(instance: Instance, context: Context, view: View) -> Instance:
    """With linked entities inside it rendered as the outer one is (4.5.23.2)."""
    found = [name for name in _LINKED if name in instance]
    if not found:
        return instance
    made = dict(instance)
    for name in found:
        inner = instance[name]
        made[name] = (
            [_entity(one, context, view) for one in inner] if isinstance(inner, list) else _entity(inner, context, view)
        )
    return made


def _feature(doc: Doc, part: Doc, context: Context, view: View) -> dict[str, Any]:
    """A GeoJSON Feature (4.5.16, 4.5.17); what has no such geometry gets null."""
    properties = _entity({key: value for key, value in part.items() if key != "id"}, context, view)
    return {"id": doc["id"], "type": "Feature", "geometry": _geometry(doc, view), "properties": properties}


def _geometry(doc: Doc, view: View) -> Any:
    for instance in doc.get(view.geometry, ()):
        if instance["type"] == "GeoProperty" and (
            instance.get("datasetId", "@none") in view.datasets if view.datasets else "datasetId" not in instance
        ):
            return instance.get("value")
    return None
