"""Harvests DKAN: version 7 (`current_package_list_with_resources`, `datastore/search.json`) and version 2 (metastore)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec

from nhip.connectors.ckan.reader import CkanPackage, remote_dataset
from nhip.connectors.download import download
from nhip.connectors.harvest import PortalSource, all_different, describe, harvest
from nhip.connectors.model import Fetched, Payload, RemoteDataset, RemoteResource, State, TestResult
from nhip.connectors.portals import absolute, ask, base_of, decoded, extension_of, host_of, instant, require_success
from nhip.connectors.rows import Page, find_whole, next_offset, rows_at, steady, unless_known, walk, write_rows
from nhip.connectors.sink import Sink
from nhip.connectors.web import session
from nhip.kernel.i18n import _
from nhip.security.outgoing import Outgoing
from nhip.security.outgoing_body import Answer
from nhip.security.outgoing_errors import NotTheAnswer, RemoteMissing, WrongCredentials
from nhip.security.secrets import Secret
from nhip.settings import Settings

Text = str | None
_LIST_SIZE = 100


class DkanSource(PortalSource, frozen=True, kw_only=True):
    """Settings of a `dkan` source."""

    version: Annotated[
        Literal["auto", "7", "2"], msgspec.Meta(description=_("DKAN 7 (Drupal 7) or 2; auto asks the portal."))
    ] = "auto"


def fetch(source: DkanSource, secret: Secret, state: State, sink: Sink) -> Fetched:
    """What is new or changed. Raises OutgoingError, SourceError when the list cannot be had, StorageFull."""
    with session(source, secret, sink.settings) as out:
        return harvest(DkanPortal(source, out), source, state, sink)


def probe(source: DkanSource, secret: Secret, settings: Settings) -> TestResult:
    """List the datasets."""
    with session(source, secret, settings) as out:
        return describe(DkanPortal(source, out), source)


def discover(source: DkanSource, secret: Secret, settings: Settings) -> list[RemoteDataset]:
    """All datasets of the portal."""
    with session(source, secret, settings) as out:
        return DkanPortal(source, out).datasets()


class _File(
    msgspec.Struct, rename={"download_url": "downloadURL", "access_url": "accessURL", "media_type": "mediaType"}
):
    title: Text = None
    download_url: Text = None
    access_url: Text = None
    media_type: Text = None
    format: Text = None


class _Distribution(msgspec.Struct):
    identifier: str
    data: _File


class _Publisher(msgspec.Struct):
    data: dict[str, Any] | None = None
    name: Text = None


class _Dataset(msgspec.Struct):
    identifier: str
    title: Text = None
    description: Text = None
    modified: Text = None
    license: Text = None
    keyword: list[Any] | None = None
    publisher: _Publisher | None = None
    distribution: list[_Distribution] | None = None


class DkanPortal:
    """A DKAN portal."""

    def __init__(self, source: DkanSource, out: Outgoing) -> None:
        self.source, self.out = source, out
        self.base = base_of(source.url)
        self.host = host_of(self.base)
        self._version = source.version

    @property
    def version(self) -> str:
        """7 or 2, found by asking once."""
        if self._version == "auto":
            try:
                ask(self.out, f"{self.base}/api/1/metastore/schemas/dataset/items", **{"page-size": "1"})
                self._version = "2"
            except RemoteMissing:
                self._version = "7"
        return self._version

    def datasets(self) -> list[RemoteDataset]:
        """All datasets."""
        return steady(self._datasets7 if self.version == "7" else self._datasets2, self.host)

    def _datasets7(self) -> list[RemoteDataset]:
        found: list[RemoteDataset] = []
        for rows in walk(self._page7, "0", self.host, self.source.max_pages):
            found.extend(remote_dataset(decoded(row, CkanPackage, self._answer), self.base) for row in rows)
        # DKAN 7 names no field for tables: any resource may have one.
        return all_different([_with_tables(dataset) for dataset in found], self.host)

    def _page7(self, offset: str, _count: int) -> Page:
        url = f"{self.base}/api/3/action/current_package_list_with_resources"
        body, self._answer = ask(self.out, url, limit=str(_LIST_SIZE), offset=offset)
        require_success(body, self._answer)
        rows = rows_at(body, ["result"], self._answer.host)
        if len(rows) == 1 and bytes(rows[0]).lstrip()[:1] == b"[":
            rows = decoded(rows[0], list[msgspec.Raw], self._answer)
        return Page(rows, None, next_offset(offset, len(rows), None))

    def _datasets2(self) -> list[RemoteDataset]:
        url = f"{self.base}/api/1/metastore/schemas/dataset/items"
        body, answer = ask(self.out, url, **{"show-reference-ids": "true"})
        rows = rows_at(body, [""], answer.host)
        return all_different([self._from_metastore(row, answer) for row in rows], self.host)

    def _from_metastore(self, row: msgspec.Raw, answer: Answer) -> RemoteDataset:
        found: _Dataset = decoded(row, _Dataset, answer)
        publisher = found.publisher or _Publisher()
        words = found.keyword or []
        return RemoteDataset(
            id=found.identifier,
            title=found.title or found.identifier,
            description=found.description or "",
            organisation=str((publisher.data or {}).get("name") or publisher.name or ""),
            licence=found.license or "",
            modified=found.modified or "",
            url=f"{self.base}/dataset/{found.identifier}",
            tags=tuple(str(w.get("data", "")) if isinstance(w, dict) else str(w) for w in words),
            resources=tuple(self._from_distribution(one) for one in found.distribution or ()),
        )

    def _from_distribution(self, one: _Distribution) -> RemoteResource:
        url = one.data.download_url or one.data.access_url or ""
        return RemoteResource(
            id=one.identifier,
            title=one.data.title or "",
            url=absolute(url, self.base + "/"),
            format=extension_of(url, one.data.format or ""),
            media_type=one.data.media_type or "",
            table=True,
        )

    def read(
        self, dataset: RemoteDataset, resource: RemoteResource, known: dict[str, Any], sink: Sink
    ) -> tuple[Payload | None, dict[str, Any]]:
        """The file; its table where the file is gone or hidden behind a CAPTCHA page, as in Ho Chi Minh City."""
        try:
            return download(self.out, resource.url, known, sink, dataset=dataset.id, resource=resource.id)
        except (RemoteMissing, NotTheAnswer, WrongCredentials) as error:
            try:
                return self._table(dataset, resource, known, sink)
            except RemoteMissing:
                raise error from None

    def _table(
        self, dataset: RemoteDataset, resource: RemoteResource, known: dict[str, Any], sink: Sink
    ) -> tuple[Payload | None, dict[str, Any]]:
        payload = write_rows(
            sink,
            lambda: self._rows(resource),
            filename=f"{resource.title or resource.id}.ndjson",
            origin=f"{self.base} {resource.id}",
            host=self.host,
            modified=instant(resource.modified),
            dataset=dataset.id,
            resource=resource.id,
        )
        return unless_known(payload, known)

    def _rows(self, resource: RemoteResource) -> Iterator[list[msgspec.Raw]]:
        if self.version == "7":
            url, paths, total_path = f"{self.base}/api/action/datastore/search.json", "result.records", "result.total"
            fixed = {"resource_id": resource.id}
        else:
            url, paths, total_path = f"{self.base}/api/1/datastore/query/{resource.id}", "results", "count"
            fixed = {}
        size = str(min(self.source.page_size, 500))

        def page(offset: str, _count: int) -> Page:
            body, answer = ask(self.out, url, limit=size, offset=offset, **fixed)
            require_success(body, answer)
            rows = rows_at(body, [paths], answer.host)
            total = find_whole(body, total_path)
            return Page(rows, total, next_offset(offset, len(rows), total))

        return walk(page, "0", self.host, self.source.max_pages)


def _with_tables(dataset: RemoteDataset) -> RemoteDataset:
    resources = tuple(msgspec.structs.replace(one, table=True) for one in dataset.resources)
    return msgspec.structs.replace(dataset, resources=resources)
