"""The core @context of NGSI-LD 1.9 as facts about its terms (ETSI GS CIM 009 v1.9.1, annex B).

It always wins over what users define (4.4, 5.5.7). The document that others may fetch is made from this table.
"""

from __future__ import annotations

import re
from typing import Any

NAMESPACE = "https://uri.etsi.org/ngsi-ld/"
GEOJSON = "https://purl.org/geojson/vocab#"
VOCAB = "https://uri.etsi.org/ngsi-ld/default-context/"
PREFIXES = {"ngsi-ld": NAMESPACE, "geojson": GEOJSON}
VERSION = "1.9"
_PLACE = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context"
CORE_URL = f"{_PLACE}-v{VERSION}.jsonld"
_KNOWN = re.compile(r"https?://uri\.etsi\.org/ngsi-ld/v1/ngsi-ld-core-context(-v1\.[1-9])?\.jsonld")

_SAME_NAME = """
Attribute AttributeList ContextSourceIdentity ContextSourceNotification ContextSourceRegistration Date DateTime
EntityMap EntityType EntityTypeInfo EntityTypeList ExecutionResultDetails GeoProperty JsonProperty LanguageProperty
ListProperty ListRelationship Notification Property Relationship Snapshot SnapshotNotification Subscription
TemporalProperty Time VocabProperty accept aggrParams aggrMethods aggrPeriodDuration attributeCount attributeDetails
attributeList attributeName attributeNames attributeTypes attributes attrs avg cacheDuration collation
contextSourceAlias contextSourceExtras contextSourceInfo contextSourceTimeAt contextSourceUptime cooldown createdAt csf
data datasetId deletedAt detail distinctCount endAt endTimeAt endpoint entities entity entityCount entityId entityList
error errors expandValues expiresAt format geoQ geoproperty georel idPattern information instanceId isActive join
jsonKeys jsonldContext jsons lang lastFailure lastN lastNotification lastSuccess lastUsedAt linkedMaps localOnly
location management managementInterval max min mode modifiedAt ngsildproof ngsildConformance notification
notificationTrigger notifiedAt notifierInfo notUpdated observationInterval observationSpace observedAt omit operations
operationSpace orderBy ordering pick problemDetails propertyNames q reason receiverInfo refreshRate registrationId
registrationName relationshipNames resultStatus scope scopeQ showChanges snapshotId snapshotLifetime snapshotPriority
snapshotQueries snapshotQueriesDetails snapshotStatus snapshotTemporalQueries snapshotTemporalQueriesDetails startAt
status stddev subscriptionId subscriptionName success sum sumsq sysAttrs temporalQ tenant throttling timeAt timeInterval
timeout timeproperty timerel timesFailed timesSent totalCount triggerReason typeList typeName typeNames unchanged
unitCode updated uri watchedAttributes
"""
_GEOJSON_NAME = """
Feature FeatureCollection GeometryCollection LineString MultiLineString MultiPoint MultiPolygon Point Polygon bbox
coordinates features geometry properties
"""
_WITH_HAS = """
dataset entityMap entityMapLifetime joinLevel key languageMap languageMaps object objectList objectLists objects
objectType previousJson previousLanguageMap previousObject previousObjectList previousValue previousValueList
previousVocab splitEntities value valueList valueLists values valueType vocab vocabs
"""
_OWN_IRI = {
    "containedBy": NAMESPACE + "isContainedBy",
    "json": NAMESPACE + "hasJSON",
    "description": "http://purl.org/dc/terms/description",
    "title": "http://purl.org/dc/terms/title",
    "langString": "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString",
}
_TYPED = {
    "@vocab": """attributeList attributeName attributeNames attributeTypes attributes objectType previousVocab
        propertyNames relationshipNames typeList typeName typeNames valueType vocab watchedAttributes""",
    "@id": "datasetId entityId instanceId object previousObject subscriptionId success tenant",
    "@json": "contextSourceExtras json previousJson problemDetails",
    "DateTime": """contextSourceTimeAt createdAt deletedAt endAt endTimeAt expiresAt lastFailure lastNotification
        lastSuccess lastUsedAt modifiedAt notifiedAt observedAt startAt timeAt""",
}
_CONTAINED = {
    "@list": """avg bbox coordinates distinctCount entityList jsons languageMaps max min objectList objectLists objects
        orderBy previousObjectList previousValueList snapshotQueries snapshotQueriesDetails snapshotTemporalQueries
        snapshotTemporalQueriesDetails stddev sum sumsq totalCount valueList valueLists values vocabs""",
    "@language": "languageMap previousLanguageMap",
    "@index": "dataset entityMap",
    "@set": "features",
}


def _table() -> dict[str, str]:
    table = {term: NAMESPACE + term for term in _SAME_NAME.split()}
    table |= {term: GEOJSON + term for term in _GEOJSON_NAME.split()}
    table |= {term: f"{NAMESPACE}has{term[0].upper()}{term[1:]}" for term in _WITH_HAS.split()}
    return table | _OWN_IRI


TERMS = _table()
"""Core term -> IRI."""
IRIS = {iri: term for term, iri in TERMS.items()}
"""IRI -> core term; one to one."""


def is_core(url: str) -> bool:
    """Whether `url` is the core @context in one of its versions: all are read as ours."""
    return url.startswith("http") and _KNOWN.fullmatch(url) is not None


def document() -> dict[str, Any]:
    """The core @context as a JSON-LD document, for whoever asks this broker for it and for JSON-LD processors."""
    typed = {term: kind for kind, terms in _TYPED.items() for term in terms.split()}
    contained = {term: kind for kind, terms in _CONTAINED.items() for term in terms.split()}
    context: dict[str, Any] = {"@version": 1.1, "@protected": True, **PREFIXES, "id": "@id", "type": "@type"}
    for term, iri in TERMS.items():
        definition = {"@id": iri}
        if term in typed:
            definition["@type"] = typed[term]
        if term in contained:
            definition["@container"] = contained[term]
        context[term] = definition if len(definition) > 1 else iri
    return {"@context": {**context, "@vocab": VOCAB}}
