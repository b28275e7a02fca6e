"""The temporal interface's own changes of the history (CIM 009, 5.6.11 to 5.6.16). The entities themselves stay as they are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from nhip.graph.contexts.model import CORE, Context
from nhip.graph.document.expand import expand_entity
from nhip.graph.document.faults import Fault
from nhip.graph.document.times import read_instant
from nhip.graph.errors import BadRequestData, ResourceNotFound
from nhip.graph.merging import is_whole
from nhip.graph.model import ENTITY_MEMBERS, NULL, VALUE_MEMBER, Doc, Instance
from nhip.graph.pieces import pieces
from nhip.graph.query.stores import Store
from nhip.graph.rows import instant, number
from nhip.graph.temporal.reading import SCOPE, Lives, instance_number, queries, read_lives
from nhip.kernel.i18n import _
from nhip.kernel.time import now

Row = tuple[int, int, datetime, bool, bool, float | None, bytes | None, int]
"""attr, ds, at, observed, gone, num, val, iid."""
_MEMBERS_OF_HISTORY = frozenset({"instanceId", "createdAt", "modifiedAt", "deletedAt"})


def expand_temporal(payload: dict[str, Any], context: Context, *, fragment: bool = False) -> tuple[Doc, list[Instance]]:
    """A temporal entity (or fragment) as a document whose attributes are series, and the series of its scopes.

    Raises BadRequestData. NGSI-LD Null may stand as a value: what was deleted then (4.5.7).
    """
    if any(payload.get(member) == NULL for member in ("expiresAt", "scope", "type", "id")):
        raise BadRequestData(what=_("NGSI-LD Null stands only in updates"))
    scopes = _scopes(payload.get("scope"))
    rest = {name: value for name, value in payload.items() if name != "scope"}
    doc = expand_entity(rest, context, fragment=fragment, temporal=True, nulls="members")
    instances = [one for name, series in doc.items() if ":" in name for one in series]
    if any(one.get(name) == NULL for one in instances for name in ("observedAt", "expiresAt")):
        raise BadRequestData(what=_("NGSI-LD Null stands only in updates"))
    if fragment and not all(map(is_whole, instances)):
        raise BadRequestData(what=_("the attribute has no value"))
    return doc, scopes


def _scopes(given: Any) -> list[Instance]:
    """The sightings of a scope: a series of Properties, or a plain scope that holds from now on."""
    if given is None:
        return []
    series = given if isinstance(given, list) and given and isinstance(given[0], dict) else [given]
    return [_scope(one if isinstance(one, dict) else {"value": one}) for one in series]


def _scope(given: dict[str, Any]) -> Instance:
    if given.get("value") in (None, []):
        raise BadRequestData(
            what=_("a scope is written as /district/ward: names that begin with a letter, between slashes")
        )
    head = {"id": "urn:x:scope", "type": "Scope", "scope": given.get("value")}
    made: Instance = {"type": "Property", "value": expand_entity(head, CORE).get("scope", [])}
    if "observedAt" in given:
        try:
            made["observedAt"] = read_instant(given["observedAt"])
        except Fault as error:
            raise BadRequestData(what=_("an instant is written as 2026-11-22T08:00:00Z, in UTC")) from error
    return made


async def put(graph: Store, tenant: int, doc: Doc, scopes: list[Instance]) -> bool:
    """Create a temporal evolution, or add to it (5.6.11); True when there was none."""
    lives = (await read_lives(graph, tenant, [doc["id"]])).get(doc["id"])
    at = now()
    eno = _target(lives)
    if eno == 0:
        await graph.numbers.prepare(1, 0)
        eno = graph.numbers.eno()
    if lives is None or not lives.alive or eno not in await _living(graph, tenant, doc["id"]):
        await graph.codes.need(doc["type"])
        types = sorted(graph.codes.iris[one] for one in doc["type"])
        await graph.fetch(queries.add_past, tenant, doc["id"], eno, types, at)
    await _add(graph, eno, doc, scopes, at)
    return lives is None


async def add(graph: Store, tenant: int, id: str, doc: Doc, scopes: list[Instance]) -> None:
    """Add instances to the evolution of an entity (5.6.12). Raises ResourceNotFound."""
    lives = await _known(graph, tenant, id)
    await _add(graph, _target(lives), doc, scopes, now())


def _target(lives: Lives | None) -> int:
    """The life that new instances belong to: the latest; 0: there is none."""
    return max(lives.enos) if lives is not None else 0


async def _living(graph: Store, tenant: int, id: str) -> set[int]:
    """The life of the entity as it is now, which has its types from there."""
    rows = await graph.fetch(queries.list_lives, tenant, [id])
    return {row["eno"] for row in rows if row["sys"] is not None}


async def _known(graph: Store, tenant: int, id: str) -> Lives:
    lives = (await read_lives(graph, tenant, [id])).get(id)
    if lives is None:
        raise ResourceNotFound(what=id)
    return lives


async def _add(graph: Store, eno: int, doc: Doc, scopes: list[Instance], at: datetime) -> None:
    series = {name: found for name, found in doc.items() if name not in ENTITY_MEMBERS}
    if scopes:
        series[SCOPE] = scopes
    datasets = {one["datasetId"] for found in series.values() for one in found if "datasetId" in one}
    await graph.codes.need([*series, *datasets])
    count = sum(map(len, series.values()))
    await graph.numbers.prepare(0, count)
    iids = iter(graph.numbers.iids(count))
    rows: list[Row] = []
    for name, found in series.items():
        async for some in pieces(found):
            rows += [_row(graph.codes.iris, name, one, at, next(iids)) for one in some]
    if rows:
        await graph.fetch(queries.add_sightings, eno, *map(list, zip(*rows, strict=True)), at)


def _row(codes: Mapping[str, int], name: str, instance: Instance, at: datetime, iid: int) -> Row:
    observed = instance.get("observedAt")
    kept = {key: value for key, value in instance.items() if key not in _MEMBERS_OF_HISTORY}
    return (
        codes[name],
        codes[instance["datasetId"]] if "datasetId" in instance else 0,
        at if observed is None else instant(observed),
        observed is not None,
        False,
        number(instance),
        orjson.dumps(kept),
        iid,
    )


async def delete(graph: Store, tenant: int, id: str) -> None:
    """Delete everything that the history knows of an entity (5.6.16). Raises ResourceNotFound."""
    lives = await _known(graph, tenant, id)
    rows = await graph.fetch(queries.delete_lives, tenant, id, lives.enos)
    if not rows[0][0]:
        raise ResourceNotFound(what=id)


async def delete_attribute(
    graph: Store, tenant: int, id: str, attribute: str, dataset: str | None = None, *, every: bool = False
) -> None:
    """Delete the series of an attribute, of one dataset or all (5.6.13). Raises ResourceNotFound."""
    lives = await _known(graph, tenant, id)
    code = await graph.codes.find(attribute)
    ds = 0 if dataset is None else await graph.codes.find(dataset) or -1
    rows = await graph.fetch(queries.delete_attribute, lives.enos, code, None if every else ds)
    if not rows[0][0]:
        raise ResourceNotFound(what=attribute)


async def delete_instance(graph: Store, tenant: int, id: str, attribute: str, instance_id: str) -> None:
    """Delete one instance (5.6.15). Raises ResourceNotFound."""
    lives = await _known(graph, tenant, id)
    code = await graph.codes.find(attribute)
    rows = await graph.fetch(queries.delete_sighting, lives.enos, code, instance_number(instance_id))
    if not rows[0][0]:
        raise ResourceNotFound(what=instance_id)


async def change_instance(
    graph: Store, tenant: int, id: str, attribute: str, instance_id: str, fragment: Instance
) -> None:
    """Change members of one instance (5.6.14); it keeps its instanceId. Raises ResourceNotFound, BadRequestData."""
    lives = await _known(graph, tenant, id)
    code = await graph.codes.find(attribute)
    found = await graph.fetch(queries.get_sighting, lives.enos, code, instance_number(instance_id))
    if not found:
        raise ResourceNotFound(what=instance_id)
    row = found[0]
    old: Instance = orjson.loads(row["val"])
    if fragment.get("type", old["type"]) != old["type"]:
        raise BadRequestData(what=_("the type of an attribute stays as it is"))
    given = {key: value for key, value in fragment.items() if key not in _MEMBERS_OF_HISTORY}
    gone = {key for key, value in given.items() if value == NULL and key != VALUE_MEMBER[old["type"]]}
    new = {key: value for key, value in {**old, **given}.items() if key not in gone}
    if not is_whole(new):
        raise BadRequestData(what=_("the attribute has no value"))
    observed = new.get("observedAt")
    at = instant(observed) if observed else row["at"]
    dataset = new.get("datasetId")
    if dataset is not None:
        await graph.codes.need([dataset])
    ds = graph.codes.iris[dataset] if dataset else row["ds"]
    await graph.fetch(
        queries.change_sighting,
        row["eno"],
        code,
        row["iid"],
        at,
        bool(observed),
        number(new),
        orjson.dumps(new),
        now(),
        ds,
    )


async def forget(
    graph: Store, tenant: int, id: str, attribute: str, dataset: str | None = None, *, every: bool = False
) -> bool:
    """Note that an attribute (or `scope`) of an entity that only the history knows was deleted; False: there is none such.

    For the core interface's deletions, where the entity was only ever told to the temporal interface: one store behind both.
    """
    lives = (await read_lives(graph, tenant, [id])).get(id)
    if lives is None or not lives.alive:
        return False
    code = await graph.codes.find(attribute)
    there = {row[0] for row in await graph.fetch(queries.list_datasets, lives.enos, code)}
    wanted = there if every else there & {0 if dataset is None else await graph.codes.find(dataset) or -1}
    if not wanted:
        return False
    at = now()
    await graph.numbers.prepare(0, len(wanted))
    iids = graph.numbers.iids(len(wanted))
    rows: list[Row] = [
        (code, ds, at, False, True, None, None, iid) for ds, iid in zip(sorted(wanted), iids, strict=True)
    ]
    await graph.fetch(queries.add_sightings, _target(lives), *map(list, zip(*rows, strict=True)), at)
    return True
