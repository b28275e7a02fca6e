"""How each kind of portal would put the same datasets into words."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import msgspec

from nhip.testing.fakeserver import Reply, Request, json_reply
from nhip.testing.portal import FakeDataset, FakePortal, FakeResource


def answer(portal: FakePortal, request: Request) -> Reply | None:
    """The answer of the dialect that the path belongs to; None for 404."""
    for prefix, dialect in _DIALECTS.items():
        if request.path.startswith(prefix):
            return dialect(portal, request, request.path.removeprefix(prefix).strip("/"))
    return None


def _limits(portal: FakePortal, request: Request, size: str, start: str, default: int = 10) -> tuple[int, int]:
    return min(int(request.query.get(size, default)), portal.page_cap), int(request.query.get(start, 0))


# --- CKAN ------------------------------------------------------------------------------------------------------------


def _ckan(portal: FakePortal, request: Request, action: str) -> Reply | None:
    if portal.token and request.headers.get("authorization") != portal.token:
        error = {"__type": "Authorization Error", "message": "Access denied"}
        return json_reply({"success": False, "error": error}, status=403)
    if action == "package_search":
        rows, start = _limits(portal, request, "rows", "start")
        ordered = sorted(portal.data, key=lambda dataset: dataset.id)
        found = [_package(portal, dataset) for dataset in ordered[start : start + rows]]
        return _success({"count": len(ordered), "results": found, "sort": request.query.get("sort", "")})
    if action == "package_list":
        return _success([dataset.id for dataset in portal.data])
    if action == "package_show":
        one = next((d for d in portal.data if d.id == request.query.get("id")), None)
        return _success(_package(portal, one)) if one else _not_found()
    if action == "current_package_list_with_resources":
        rows, start = _limits(portal, request, "limit", "offset")
        # DKAN 7 wraps the list once more than CKAN does.
        return _success([[_package(portal, dataset) for dataset in portal.data[start : start + rows]]])
    return _datastore(portal, request) if action == "datastore_search" else None


def _success(result: Any) -> Reply:
    return json_reply({"help": "", "success": True, "result": result})


def _not_found() -> Reply:
    return json_reply({"success": False, "error": {"__type": "Not Found Error", "message": "Not found"}}, status=404)


def _package(portal: FakePortal, dataset: FakeDataset) -> dict[str, Any]:
    return {
        "id": dataset.id,
        "name": dataset.id,
        "title": dataset.title,
        "notes": dataset.description,
        "metadata_modified": dataset.modified,
        "license_title": dataset.licence,
        "organization": {"name": "org", "title": dataset.organisation},
        "tags": [{"name": tag} for tag in dataset.tags],
        "resources": [_resource(portal, dataset, resource) for resource in dataset.resources],
    }


def _resource(portal: FakePortal, dataset: FakeDataset, resource: FakeResource) -> dict[str, Any]:
    return {
        "id": resource.id,
        "name": resource.name,
        "url": portal.file_url(dataset, resource),
        "format": resource.format,
        "mimetype": resource.media_type,
        "last_modified": dataset.modified,
        "size": len(resource.body) or None,
        "datastore_active": resource.rows is not None,
    }


def _datastore(portal: FakePortal, request: Request) -> Reply:
    resource = portal.find(request.query.get("resource_id", ""))
    if resource is None or resource.rows is None:
        return _not_found()
    limit, offset = _limits(portal, request, "limit", "offset", 100)
    names = list(resource.rows[0]) if resource.rows else []
    wanted = request.query.get("fields", "").split(",") if request.query.get("fields") else ["_id", *names]
    numbered = [{"_id": place + 1, **row} for place, row in enumerate(resource.rows)]
    records = [{name: row.get(name) for name in wanted} for row in numbered[offset : offset + limit]]
    info = [{"id": name, "type": "text", "info": {"label": resource.titles.get(name, "")}} for name in names]
    fields = [{"id": "_id", "type": "int"}, *info]
    return _success({"fields": fields, "records": records, "total": len(resource.rows), "limit": limit})


# --- DKAN 2 ----------------------------------------------------------------------------------------------------------


def _dkan2(portal: FakePortal, request: Request, rest: str) -> Reply | None:
    if rest == "metastore/schemas/dataset/items":
        return json_reply([_dkan2_dataset(portal, dataset) for dataset in portal.data])
    if rest.startswith("datastore/query/"):
        resource = portal.find(rest.rpartition("/")[2])
        if resource is None or resource.rows is None:
            return json_reply({"message": "No datastore storage found"}, status=404)
        limit, offset = _limits(portal, request, "limit", "offset", 500)
        return json_reply({"results": resource.rows[offset : offset + limit], "count": len(resource.rows)})
    return None


def _dkan2_dataset(portal: FakePortal, dataset: FakeDataset) -> dict[str, Any]:
    return {
        "identifier": dataset.id,
        "title": dataset.title,
        "description": dataset.description,
        "modified": dataset.modified,
        "license": dataset.licence,
        "keyword": dataset.tags,
        "publisher": {"identifier": "p", "data": {"name": dataset.organisation}},
        "distribution": [
            {
                "identifier": one.id,
                "data": {
                    "title": one.name,
                    "downloadURL": portal.file_url(dataset, one),
                    "mediaType": one.media_type,
                    "format": one.format.lower(),
                },
            }
            for one in dataset.resources
        ],
    }


# --- DCAT ------------------------------------------------------------------------------------------------------------

_NAMESPACES = (
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcat="http://www.w3.org/ns/dcat#" '
    'xmlns:dct="http://purl.org/dc/terms/" xmlns:foaf="http://xmlns.com/foaf/0.1/" '
    'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:hueod="https://data.thuathienhue.gov.vn/"'
)
_XML = f'<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF {_NAMESPACES}>\n'


def _catalog(portal: FakePortal, request: Request, kind: str) -> Reply | None:
    from rdflib import Graph

    text = _XML + "".join(_dcat_xml(portal, dataset) for dataset in portal.data) + "</rdf:RDF>"
    if kind in ("xml", "rdf"):
        return Reply(body=text.encode(), headers={"Content-Type": "application/rdf+xml"})
    names = {"ttl": ("turtle", "text/turtle"), "jsonld": ("json-ld", "application/ld+json")}
    if kind not in names:
        return None
    body = Graph().parse(data=text, format="xml").serialize(format=names[kind][0])
    return Reply(body=body.encode(), headers={"Content-Type": names[kind][1]})


def _dcat_xml(portal: FakePortal, dataset: FakeDataset) -> str:
    about = f"{portal.url}/dataset/{dataset.id}"
    parts = [
        f"<dcat:Dataset rdf:about={quoteattr(about)}><dct:identifier>{escape(dataset.id)}</dct:identifier>",
        f'<dct:title xml:lang="en">(untranslated)</dct:title><dct:title xml:lang="vi">{escape(dataset.title)}</dct:title>',
        f"<dct:description>{escape(dataset.description)}</dct:description>",
        f'<dct:modified rdf:datatype="http://www.w3.org/2001/XMLSchema#dateTime">{dataset.modified}</dct:modified>',
        f"<dct:license rdf:resource={quoteattr('https://licences.example/' + dataset.licence)}/>",
        f"<dct:publisher><foaf:Agent><foaf:name>{escape(dataset.organisation)}</foaf:name></foaf:Agent></dct:publisher>",
        *(f"<dcat:keyword>{escape(tag)}</dcat:keyword>" for tag in dataset.tags),
    ]
    for one in dataset.resources:
        parts.append(
            f"<dcat:distribution><dcat:Distribution rdf:about={quoteattr(f'{about}/resource/{one.id}')}>"
            f"<dct:title>{escape(one.name)}</dct:title><dct:format>{one.format}</dct:format>"
            f"<dcat:mediaType>{one.media_type}</dcat:mediaType><dcat:byteSize>{len(one.body)}</dcat:byteSize>"
            f"<dcat:downloadURL rdf:resource={quoteattr(portal.file_url(dataset, one))}/>"
            "</dcat:Distribution></dcat:distribution>"
        )
    return "".join(parts) + "</dcat:Dataset>\n"


# --- Da Nang ---------------------------------------------------------------------------------------------------------


def _danang(portal: FakePortal, request: Request, rest: str) -> Reply | None:
    if portal.account:
        proof = base64.b64encode(":".join(portal.account).encode()).decode()
        if request.headers.get("authorization") != f"Basic {proof}":
            page = "<!DOCTYPE html><html><title>Đăng nhập</title></html>".encode()
            return Reply(body=page, headers={"Content-Type": "text/html;charset=UTF-8"})
    number = base64.b64decode(rest).decode()
    dataset = next((d for d in portal.data if str(d.number) == number), None)
    if dataset is None:
        return None
    limit, offset = _limits(portal, request, "limit", "offset")
    rows = [row for one in dataset.resources for row in one.rows or []]
    return json_reply(rows[offset : offset + limit])


def _danang_list(portal: FakePortal, request: Request, rest: str) -> Reply:
    page = int(request.query.get("p", "1"))
    links = "".join(
        f"['zul.wgt.A','a{d.number}',{{zclass:'link',label:'{d.title}',href:'/dulieuchitiet/{d.number}'}},{{}},[]]\n"
        for d in portal.data[(page - 1) * 10 : page * 10]
    )
    return Reply(body=f"<html><script>{links}</script></html>".encode(), headers={"Content-Type": "text/html"})


# --- Hue -------------------------------------------------------------------------------------------------------------


def _hue(portal: FakePortal, request: Request, rest: str) -> Reply | None:
    if rest == "catalog.rdf":
        text = _XML + "".join(_hue_xml(d, one) for d in portal.data for one in d.resources) + "</rdf:RDF>"
        return Reply(body=text.encode(), headers={"Content-Type": "application/rdf+xml"})
    return None


def _hue_xml(dataset: FakeDataset, one: FakeResource) -> str:
    """As the real portal writes it: no dataset, no accessURL, a path with backslashes, made-up data types."""
    path = f"/Upload\\Metadata\\000.00.14.H57\\2026\\{one.id}.{one.format.lower()}"
    media = "application/json" if one.rows is not None else one.media_type
    return (
        f"<dcat:Distribution rdf:about={quoteattr('https://data.hue.gov.vn/Distribution/' + one.id)}>\n"
        f'<dcterms:identifier rdf:datatype="xsd:string">{one.id.upper()}</dcterms:identifier>\n'
        f'<dcterms:modified rdf:datatype="xsd:dateTime">{dataset.modified}</dcterms:modified>\n'
        f'<dcterms:title xml:lang="vi">{escape(dataset.title)}</dcterms:title>\n'
        f'<hueod:apiMethod rdf:resource="get"/>\n'
        f'<hueod:downloadURL rdf:datatype="xsd:distributionFile">{path}</hueod:downloadURL>\n'
        f'<dcat:mediaType xml:lang="vi">{media}</dcat:mediaType>\n'
        f'<dcat:byteSize rdf:datatype="xsd:nonNegativeInteger">{len(one.body)}</dcat:byteSize>\n</dcat:Distribution>\n'
    )


def _hue_upload(portal: FakePortal, request: Request, rest: str) -> Reply | None:
    resource = portal.find(rest.rpartition("/")[2].partition(".")[0])
    if resource is None:
        return None
    if resource.rows is None:
        return Reply(body=resource.body, headers={"Content-Type": resource.media_type})
    names = list(resource.rows[0]) if resource.rows else []
    shown = [{"khoa": name, "tentruong": resource.titles.get(name, name), "mota": ""} for name in names]
    envelope = {"code": 0, "message": "Thực hiện thành công", "data": resource.rows, "hienthi": shown}
    return Reply(body=msgspec.json.format(msgspec.json.encode(envelope)), headers={"Content-Type": "application/json"})


_DIALECTS: dict[str, Callable[[FakePortal, Request, str], Reply | None]] = {
    "/api/3/action/": _ckan,
    "/api/action/datastore/search.json": lambda portal, request, _rest: _datastore(portal, request),
    "/api/action/": _ckan,
    "/api/1/": _dkan2,
    "/catalog.": _catalog,
    "/api/dataset/": _danang,
    "/dichvu": _danang_list,
    "/hue/": _hue,
    "/Upload/": _hue_upload,
}
