"""The table of the interface: address, method, operation."""

from __future__ import annotations

from nhip.graph.api import (
    attributes,
    batch,
    discovering,
    entities,
    hosted,
    identity,
    mapping,
    maps,
    mirroring,
    querying,
    registering,
    relaying,
    retrieving,
    snapshots,
    subscribing,
    temporal,
)
from nhip.graph.api.media import WITH_GEO
from nhip.graph.api.routing import WRITE, Handler, Route, add

_FORM = frozenset({"options", "format", "local", "type"})
_LOCAL = frozenset({"local"})
"""What every operation on what is kept here knows (6.3.18)."""


def _write(path: str, method: str, handler: Handler, *known: str, makes_tenant: bool = False) -> None:
    add(path, method, Route(handler=handler, permission=WRITE, params=_FORM | set(known), makes_tenant=makes_tenant))


def install() -> None:
    """Fill the tree; doing so again changes nothing."""
    _entities()
    _batches()
    _contexts()
    _discovery()
    _temporal()
    _maps()
    _snapshots()
    _registrations()
    _subscriptions()
    _mirrors()
    add("remote-notify", "POST", Route(handler=relaying.remote_notify, by_token=True, any_tenant=True))
    add("info/sourceIdentity", "GET", Route(handler=identity.source_identity, any_tenant=True))


def _entities() -> None:
    add("entities", "GET", Route(handler=querying.query_entities, params=querying.QUERY, offered=WITH_GEO))
    _write("entities", "POST", entities.create_entity, makes_tenant=True)
    add("entities", "DELETE", Route(handler=querying.purge_entities, permission=WRITE, params=querying.PURGE))
    one = "entities/*"
    add(one, "GET", Route(handler=retrieving.retrieve_entity, params=retrieving.RETRIEVE, offered=WITH_GEO))
    _write(one, "PUT", entities.replace_entity)
    _write(one, "PATCH", entities.merge_entity, "observedAt", "lang")
    _write(one, "DELETE", entities.delete_entity)
    _write(f"{one}/attrs", "POST", attributes.append_attributes)
    _write(f"{one}/attrs", "PATCH", attributes.update_attributes)
    _write(f"{one}/attrs/*", "PATCH", attributes.patch_attribute)
    _write(f"{one}/attrs/*", "PUT", attributes.replace_attribute)
    _write(f"{one}/attrs/*", "DELETE", attributes.delete_attribute, "datasetId", "deleteAll")


def _batches() -> None:
    here = "entityOperations"
    _write(f"{here}/create", "POST", batch.create_batch, makes_tenant=True)
    _write(f"{here}/upsert", "POST", batch.upsert_batch, makes_tenant=True)
    _write(f"{here}/update", "POST", batch.update_batch)
    _write(f"{here}/merge", "POST", batch.merge_batch, "observedAt", "lang")
    _write(f"{here}/delete", "POST", batch.delete_batch)
    add(f"{here}/query", "POST", Route(handler=querying.query_posted, params=querying.POSTED, offered=WITH_GEO))


def _contexts() -> None:
    here = "jsonldContexts"
    add(here, "GET", Route(handler=hosted.list_contexts, params=hosted.LISTED, any_tenant=True))
    add(here, "POST", Route(handler=hosted.add_context, permission=WRITE, makes_tenant=True))
    add(f"{here}/*", "GET", Route(handler=hosted.serve_context, params=hosted.SERVED))
    add(f"{here}/*", "DELETE", Route(handler=hosted.delete_context, permission=WRITE, params=hosted.DELETED))


def _discovery() -> None:
    add("types", "GET", Route(handler=discovering.list_types, params=discovering.LISTED))
    add("types/*", "GET", Route(handler=discovering.describe_type, params=discovering.ONE))
    add("attributes", "GET", Route(handler=discovering.list_attributes, params=discovering.LISTED))
    add("attributes/*", "GET", Route(handler=discovering.describe_attribute, params=discovering.ONE))


def _temporal() -> None:
    here = "temporal/entities"
    add(here, "GET", Route(handler=temporal.query_evolutions, params=temporal.QUERY))
    _write(here, "POST", temporal.put_evolution, makes_tenant=True)
    add("temporal/entityOperations/query", "POST", Route(handler=temporal.query_posted, params=temporal.POSTED))
    one = f"{here}/*"
    add(one, "GET", Route(handler=temporal.retrieve_evolution, params=temporal.RETRIEVE))
    _write(one, "DELETE", temporal.delete_evolution)
    _write(f"{one}/attrs", "POST", temporal.add_attributes)
    _write(f"{one}/attrs/*", "DELETE", temporal.delete_attribute, "datasetId", "deleteAll")
    _write(f"{one}/attrs/*/*", "PATCH", temporal.change_instance)
    _write(f"{one}/attrs/*/*", "DELETE", temporal.delete_instance)


def _maps() -> None:
    add("entityMaps", "GET", Route(handler=mapping.create_map, params=mapping.QUERY))
    add("entityMaps", "POST", Route(handler=mapping.create_map_posted, params=mapping.POSTED))
    add("temporal/entityMaps", "GET", Route(handler=temporal.create_map, params=temporal.QUERY))
    add("temporal/entityMaps", "POST", Route(handler=temporal.create_map_posted, params=temporal.POSTED))
    one = "entityMaps/*"
    add(one, "GET", Route(handler=maps.retrieve_map))
    add(one, "PATCH", Route(handler=maps.update_map))
    add(one, "DELETE", Route(handler=maps.delete_map))


def _snapshots() -> None:
    here, one = "snapshots", "snapshots/*"
    add(here, "POST", Route(handler=snapshots.create_snapshot, permission=WRITE))
    add(here, "DELETE", Route(handler=snapshots.purge_snapshots, permission=WRITE, params=snapshots.PURGED))
    add(one, "GET", Route(handler=snapshots.retrieve_snapshot))
    add(one, "PATCH", Route(handler=snapshots.update_snapshot, permission=WRITE))
    add(one, "DELETE", Route(handler=snapshots.delete_snapshot, permission=WRITE))
    add(f"{one}/clone", "POST", Route(handler=snapshots.clone_snapshot, permission=WRITE))


def _registrations() -> None:
    here = "csourceRegistrations"
    add(here, "GET", Route(handler=registering.query_registrations, params=registering.LISTED | _LOCAL))
    add(here, "POST", Route(handler=registering.register, permission=WRITE, params=_LOCAL, makes_tenant=True))
    add(here, "PATCH", Route(handler=registering.update_nothing, permission=WRITE))
    add(f"{here}/*", "GET", Route(handler=registering.retrieve_registration, params=registering.RETRIEVED | _LOCAL))
    add(f"{here}/*", "PATCH", Route(handler=registering.update_registration, permission=WRITE, params=_LOCAL))
    add(f"{here}/*", "DELETE", Route(handler=registering.delete_registration, permission=WRITE, params=_LOCAL))


def _subscriptions() -> None:
    for here, of in (
        ("subscriptions", subscribing.TO_ENTITIES),
        ("csourceSubscriptions", subscribing.TO_REGISTRATIONS),
    ):
        add(here, "GET", Route(handler=of.query, params=subscribing.LISTED | _LOCAL))
        add(here, "POST", Route(handler=of.subscribe, permission=WRITE, params=_LOCAL, makes_tenant=True))
        add(f"{here}/*", "GET", Route(handler=of.retrieve, params=subscribing.ONE | _LOCAL))
        add(f"{here}/*", "PATCH", Route(handler=of.update, permission=WRITE, params=_LOCAL))
        add(f"{here}/*", "DELETE", Route(handler=of.delete, permission=WRITE, params=_LOCAL))


def _mirrors() -> None:
    add("mirrors", "GET", Route(handler=mirroring.list_mirrors, any_tenant=True))
    add("mirrors/*", "GET", Route(handler=mirroring.show_provenance, params=mirroring.ONE, any_tenant=True))
    add("mirrors/*", "POST", Route(handler=mirroring.take_notification, any_tenant=True, by_token=True))
