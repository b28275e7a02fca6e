"""Harvests the CKAN Action API v3: `package_search` for the list, files or `datastore_search` for the data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec

from nhip.connectors.download import download
from nhip.connectors.harvest import PortalSource, all_different, describe, harvest
from nhip.connectors.model import Fetched, Payload, RemoteDataset, RemoteResource, State, TestResult
from nhip.connectors.portals import absolute, ask, base_of, decoded, extension_of, host_of, instant, require_success
from nhip.connectors.rows import (
    Page,
    find_value,
    find_whole,
    next_offset,
    rows_at,
    steady,
    unless_known,
    walk,
    write_rows,
)
from nhip.connectors.sink import Sink
from nhip.connectors.web import session
from nhip.kernel.i18n import _
from nhip.security.outgoing import Outgoing
from nhip.security.outgoing_errors import NotTheAnswer, RemoteMissing
from nhip.security.secrets import Secret
from nhip.settings import Settings

Text = str | None


class CkanSource(PortalSource, frozen=True, kw_only=True):
    """Settings of a `ckan` source."""

    datastore: Annotated[
        Literal["auto", "always", "never"],
        msgspec.Meta(description=_("Read tables through the row interface: auto when the file cannot be had.")),
    ] = "auto"
    filter_query: Annotated[str, msgspec.Meta(description=_("Solr filter of package_search, like organization:x."))] = (
        ""
    )


def fetch(source: CkanSource, secret: Secret, state: State, sink: Sink) -> Fetched:
    """What is new or changed. Raises OutgoingError, SourceError when the list cannot be had, StorageFull."""
    with session(source, secret, sink.settings) as out:
        return harvest(CkanPortal(source, out), source, state, sink)


def probe(source: CkanSource, secret: Secret, settings: Settings) -> TestResult:
    """List the datasets."""
    with session(source, secret, settings) as out:
        return describe(CkanPortal(source, out), source)


def discover(source: CkanSource, secret: Secret, settings: Settings) -> list[RemoteDataset]:
    """All datasets of the portal."""
    with session(source, secret, settings) as out:
        return CkanPortal(source, out).datasets()


class CkanName(msgspec.Struct):
    """Organisation, tag."""

    title: Text = None
    name: Text = None


class CkanResource(msgspec.Struct):
    """A resource as CKAN describes it."""

    id: str
    name: Text = None
    url: Text = None
    format: Text = None
    mimetype: Text = None
    last_modified: Text = None
    metadata_modified: Text = None
    size: Any = None
    datastore_active: bool | None = None


class CkanPackage(msgspec.Struct):
    """A dataset as CKAN describes it."""

    id: str
    name: Text = None
    title: Text = None
    notes: Text = None
    metadata_modified: Text = None
    license_title: Text = None
    license_id: Text = None
    organization: CkanName | None = None
    tags: list[CkanName] | None = None
    resources: list[CkanResource] | None = None


def remote_dataset(package: CkanPackage, base: str) -> RemoteDataset:
    """A package in our words."""
    organisation = package.organization or CkanName()
    return RemoteDataset(
        id=package.id,
        title=package.title or package.name or package.id,
        description=package.notes or "",
        organisation=organisation.title or organisation.name or "",
        licence=package.license_title or package.license_id or "",
        modified=package.metadata_modified or "",
        url=f"{base}/dataset/{package.name or package.id}",
        tags=tuple(tag.name or "" for tag in package.tags or ()),
        resources=tuple(_remote_resource(resource, base) for resource in package.resources or ()),
    )


def _remote_resource(resource: CkanResource, base: str) -> RemoteResource:
    size = str(resource.size or "")
    return RemoteResource(
        id=resource.id,
        title=resource.name or "",
        url=absolute(resource.url or "", base + "/"),
        format=extension_of(resource.url or "", resource.format or ""),
        media_type=resource.mimetype or "",
        modified=resource.last_modified or resource.metadata_modified or "",
        size=int(size) if size.isdecimal() else None,
        table=bool(resource.datastore_active),
    )


class CkanPortal:
    """A CKAN portal."""

    def __init__(self, source: CkanSource, out: Outgoing) -> None:
        self.source, self.out = source, out
        self.base = base_of(source.url)
        self.host = host_of(self.base)

    def action(self, name: str) -> str:
        """Address of an action."""
        return f"{self.base}/api/3/action/{name}"

    def datasets(self) -> list[RemoteDataset]:
        """All packages, in the order of their ids, so that changes meanwhile do not shift the pages."""

        def attempt() -> list[RemoteDataset]:
            pages = walk(self._package_page, "0", self.host, self.source.max_pages)
            return all_different([dataset for page in pages for dataset in self._packages(page)], self.host)

        return steady(attempt, self.host)

    def _package_page(self, start: str, _count: int) -> Page:
        params = {"rows": str(min(self.source.page_size, 1000)), "start": start, "sort": "id asc"}
        if self.source.filter_query:
            params["fq"] = self.source.filter_query
        body, answer = ask(self.out, self.action("package_search"), **params)
        require_success(body, answer)
        self._answer = answer
        rows = rows_at(body, ["result.results"], answer.host)
        total = find_whole(body, "result.count")
        return Page(rows, total, next_offset(start, len(rows), total))

    def _packages(self, rows: list[msgspec.Raw]) -> Iterator[RemoteDataset]:
        for row in rows:
            yield remote_dataset(decoded(row, CkanPackage, self._answer), self.base)

    def read(
        self, dataset: RemoteDataset, resource: RemoteResource, known: dict[str, Any], sink: Sink
    ) -> tuple[Payload | None, dict[str, Any]]:
        """The file of a resource, or its table where there is no file."""
        mode = self.source.datastore
        if resource.table and (mode == "always" or (mode == "auto" and not resource.url)):
            return self._table(dataset, resource, known, sink)
        try:
            return download(self.out, resource.url, known, sink, dataset=dataset.id, resource=resource.id)
        except (RemoteMissing, NotTheAnswer):
            if mode == "never" or not resource.table:
                raise
            return self._table(dataset, resource, known, sink)

    def _table(
        self, dataset: RemoteDataset, resource: RemoteResource, known: dict[str, Any], sink: Sink
    ) -> tuple[Payload | None, dict[str, Any]]:
        url = self.action("datastore_search")
        body, answer = ask(self.out, url, resource_id=resource.id, limit="0")
        require_success(body, answer)
        described = [f for f in find_value(body, "result.fields") or [] if isinstance(f, dict) and f.get("id") != "_id"]
        names = [str(field.get("id", "")) for field in described]
        params = {"resource_id": resource.id, "limit": str(self.source.page_size), "sort": "_id"}
        if names and not any("," in name for name in names):
            params["fields"] = ",".join(names)  # without CKAN's own row number

        def page(offset: str, _count: int) -> Page:
            text, one = ask(self.out, url, offset=offset, **params)
            require_success(text, one)
            rows = rows_at(text, ["result.records"], one.host)
            total = None if find_value(text, "result.total_was_estimated") else find_whole(text, "result.total")
            return Page(rows, total, next_offset(offset, len(rows), total))

        labels = {str(f["id"]): str((f.get("info") or {}).get("label") or "") for f in described if "id" in f}
        payload = write_rows(
            sink,
            lambda: walk(page, "0", self.host, self.source.max_pages),
            filename=f"{resource.title or resource.id}.ndjson",
            origin=f"{url} {resource.id}",
            host=self.host,
            modified=instant(resource.modified),
            dataset=dataset.id,
            resource=resource.id,
            titles={name: label for name, label in labels.items() if label},
        )
        return unless_known(payload, known)
