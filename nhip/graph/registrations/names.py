"""Names of the operations that a context source may offer (ETSI GS CIM 009 v1.9.1, 4.20)."""

from __future__ import annotations

from collections.abc import Iterable

_CONSUMED = """retrieveEntity queryEntity queryBatch retrieveEntityTypes retrieveEntityTypeDetails retrieveEntityTypeInfo
    retrieveAttrTypes retrieveAttrTypeDetails retrieveAttrTypeInfo"""
_SUBSCRIBED = "createSubscription updateSubscription retrieveSubscription querySubscription deleteSubscription"
_MAPPED = "retrieveEntityMap updateEntityMap deleteEntityMap createEntityMapQueryEntity"
_WRITTEN = """createEntity updateEntity appendAttrs updateAttrs deleteAttrs deleteEntity mergeEntity replaceEntity
    replaceAttrs purgeEntity"""
_BATCHES = "createBatch upsertBatch updateBatch deleteBatch mergeBatch"
_TEMPORAL = """upsertTemporal appendAttrsTemporal deleteAttrsTemporal updateAttrInstanceTemporal
    deleteAttrInstanceTemporal deleteTemporal retrieveTemporal queryTemporal createEntityMapQueryTemporal"""
_IDENTITY = "retrieveContextSourceIdentity"


def _names(*lists: str) -> frozenset[str]:
    return frozenset(" ".join(lists).split())


GROUPS = {
    "federationOps": _names(_CONSUMED, _SUBSCRIBED, _MAPPED, _IDENTITY),
    "associationOps": _names(_CONSUMED, _SUBSCRIBED, _IDENTITY),
    "updateOps": _names("updateEntity updateAttrs replaceEntity replaceAttrs"),
    "retrieveOps": _names("retrieveEntity queryEntity"),
    "redirectionOps": _names(_WRITTEN, _CONSUMED, _MAPPED, _IDENTITY) - {"queryBatch"},
}
OPERATIONS = _names(_CONSUMED, _SUBSCRIBED, _MAPPED, _WRITTEN, _BATCHES, _TEMPORAL, _IDENTITY)
DEFAULT = "federationOps"
AUXILIARY = GROUPS["retrieveOps"] | {"queryBatch", "retrieveTemporal", "queryTemporal"}
"""What may be asked of a source that only supplements what is here (4.3.6.2): reading."""


def spelled_out(names: Iterable[str]) -> frozenset[str]:
    """The single operations behind names of operations and of groups."""
    return frozenset(one for name in names for one in GROUPS.get(name, (name,)))
