"""A dataset for search engines (schema.org Dataset) and for machine learning (Croissant 1.0), both as JSON-LD."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from nhip.portal.dcat.graph import catalogue_of, description_of, home_of
from nhip.portal.dcat.model import Facts, Site
from nhip.portal.dcat.places import name_of, units_of
from nhip.portal.dcat.vocabulary import vocabulary
from nhip.portal.licences import list_licences
from nhip.portal.model import Entry, OpenColumn

Json = dict[str, Any]
CROISSANT = "http://mlcommons.org/croissant/1.0"
_TYPES = {
    "integer": "sc:Integer",
    "number": "sc:Float",
    "boolean": "sc:Boolean",
    "date": "sc:Date",
    "timestamp": "sc:DateTime",
}
_CONTEXT: Json = {
    "@language": "vi",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context of the Croissant 1.0 specification."""


def schema_org(site: Site, entry: Entry, facts: Facts) -> Json:
    """A schema.org Dataset, with what Google's dataset search asks for."""
    home = home_of(site, entry)
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": home,
        **_common(site, entry, home),
        "identifier": home,
        "alternateName": entry.title_en or None,
        "spatialCoverage": _places(site, facts),
        "temporalCoverage": _period(entry, facts),
        "variableMeasured": [_variable(column) for column in entry.columns],
        "includedInDataCatalog": {
            "@type": "DataCatalog",
            "@id": catalogue_of(site),
            "name": f"Dữ liệu mở {site.city}",
            "url": f"{site.root}/datasets",
        },
        "distribution": [
            {
                "@type": "DataDownload",
                "name": f"{entry.title} ({known.title})",
                "contentUrl": f"{home}/export.{form}",
                "encodingFormat": known.media,
                **({"contentSize": str(entry.bytes), "sha256": facts.digest} if form == "parquet" else {}),
            }
            for form, known in vocabulary().formats.items()
            if form in entry.formats
        ],
    }


def _common(site: Site, entry: Entry, home: str) -> Json:
    agency = {"@type": "Organization", "name": entry.agency_name, "identifier": entry.agency_code}
    agency["url"] = f"{site.root}/agency/{entry.agency_code}"
    return {
        "name": entry.title,
        "description": description_of(entry),
        "url": home,
        "license": _licence(site, entry),
        "keywords": entry.keywords,
        "creator": agency,
        "publisher": agency,
        "datePublished": _moment(entry.issued),
        "dateModified": _moment(entry.modified),
        "version": f"{entry.release_no}.0.0",
        "inLanguage": "vi",
        "isAccessibleForFree": True,
        **(
            {"isBasedOn": entry.credit.url, "creditText": entry.credit.words}
            if entry.credit and entry.credit.url
            else {}
        ),
    }


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _licence(site: Site, entry: Entry) -> str:
    known = list_licences().get(entry.licence)
    if known is None:
        return f"{site.root}/about-data"
    return site.root + known.uri if known.uri.startswith("/") else known.uri


def _places(site: Site, facts: Facts) -> list[Json]:
    found: list[Json] = [
        {"@type": "Place", "name": name_of(code), "identifier": code} for code in units_of(site, facts)
    ]
    if facts.box:
        west, south, east, north = facts.box
        box = f"{south:.6f} {west:.6f} {north:.6f} {east:.6f}"
        found.append({"@type": "Place", "geo": {"@type": "GeoShape", "box": box}})
    return found


def _period(entry: Entry, facts: Facts) -> str:
    standing = entry.as_of.date()
    return f"{facts.begins or standing}/{facts.ends or standing}"


def _variable(column: OpenColumn) -> Json:
    told = {"@type": "PropertyValue", "name": column.name, "alternateName": column.title or None}
    return {**told, "description": column.description or None, "unitText": column.unit or None}


def croissant(site: Site, entry: Entry, facts: Facts) -> Json:
    """Croissant 1.0: the Parquet file of the release in force, and its columns as fields of one record set."""
    home = home_of(site, entry)
    table = {
        "@type": "cr:FileObject",
        "@id": "table.parquet",
        "name": "table.parquet",
        "contentUrl": f"{home}/export.parquet?release={entry.release_no}",
        "contentSize": f"{entry.bytes} B",
        "encodingFormat": "application/x-parquet",  # the name that Croissant's readers know it by
        "sha256": facts.digest,
    }
    rows = {
        "@type": "cr:RecordSet",
        "@id": "rows",
        "name": "rows",
        "field": [_field(column) for column in entry.columns],
    }
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CROISSANT,
        "citeAs": f"{entry.agency_name} ({entry.as_of.year}). {entry.title}. {site.city}. {home}",
        **_common(site, entry, home),
        "distribution": [table],
        "recordSet": [rows],
    }


def _field(column: OpenColumn) -> Json:
    return {
        "@type": "cr:Field",
        "@id": f"rows/{column.name}",
        "name": f"rows/{column.name}",
        "description": column.description or column.title or column.name,
        "dataType": _TYPES.get(column.type, "sc:Text"),
        "source": {"fileObject": {"@id": "table.parquet"}, "extract": {"column": column.name}},
    }


def written(told: Json) -> bytes:
    """JSON without what is not known, also safe inside a page: no sign of it ends a script."""
    text = msgspec.json.encode(_known(told)).decode()
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").encode()


def _known(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _known(one) for name, one in value.items() if one not in (None, "", [])}
    return [_known(one) for one in value] if isinstance(value, list) else value
