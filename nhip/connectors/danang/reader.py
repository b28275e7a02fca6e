"""Reads `GET /api/dataset/{base64 of the number}?limit=&offset=` with a Basic account.

The portal has no list for machines. Datasets are named in the settings by their numbers (as in `/dulieuchitiet/1355367`), or
found on its pages `/dichvu?p=N`. Wrong accounts get its sign-in page with status 200.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from typing import Annotated, Any, Literal

import msgspec

from nhip.connectors.harvest import PortalSource, describe, harvest, unique
from nhip.connectors.model import Fetched, Payload, RemoteDataset, RemoteResource, State, TestResult
from nhip.connectors.portals import base_of, host_of
from nhip.connectors.rows import (
    MAX_PAGE_BYTES,
    Page,
    json_body,
    next_offset,
    rows_at,
    unless_known,
    walk,
    write_rows,
)
from nhip.connectors.sink import Sink
from nhip.connectors.web import require_data, session
from nhip.kernel.i18n import _
from nhip.security.outgoing import Outgoing
from nhip.security.outgoing_errors import NotTheAnswer, WrongCredentials
from nhip.security.secrets import Secret
from nhip.settings import Settings

_ROWS = ("", "result.records", "data", "records", "result")
"""The bare list is what clients in the wild read; the others are what some of them prepare for."""
_LINK = re.compile(
    r"label:'((?:[^'\\]|\\.)*)',href:'/dulieuchitiet/(\d{1,12})'|href=\"/dulieuchitiet/(\d{1,12})\"[^>]*>([^<]*)<"
)
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\(.)")


class DaNangSource(PortalSource, frozen=True, kw_only=True):
    """Settings of a `danang` source."""

    auth: Annotated[Literal["basic", "none"], msgspec.Meta(description=_("How to sign in."))] = "basic"
    list_path: Annotated[
        str, msgspec.Meta(description=_("Page that lists the datasets, read when `datasets` is empty."))
    ] = "/dichvu"


def fetch(source: DaNangSource, secret: Secret, state: State, sink: Sink) -> Fetched:
    """What is new or changed. Raises OutgoingError, SourceError when the list cannot be had, StorageFull."""
    with session(source, secret, sink.settings) as out:
        return harvest(DaNangPortal(source, out), source, state, sink)


def probe(source: DaNangSource, secret: Secret, settings: Settings) -> TestResult:
    """List the datasets and read one row, so that a wrong account shows."""
    with session(source, secret, settings) as out:
        portal = DaNangPortal(source, out)
        result = describe(portal, source)
        for dataset in portal.datasets()[:1]:
            portal.page(dataset.id, "0", 1)
        return result


def discover(source: DaNangSource, secret: Secret, settings: Settings) -> list[RemoteDataset]:
    """The datasets of the settings, else those on the portal's pages."""
    with session(source, secret, settings) as out:
        return DaNangPortal(source, out).datasets()


def number_of(text: str) -> str:
    """The number of a dataset, given as number, in base64 or as the end of an address."""
    last = text.strip().partition("?")[0].rstrip("/").rpartition("/")[2]
    if not last.isdecimal():
        try:
            last = base64.b64decode(last, validate=True).decode("ascii")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return text.strip()
    return last


class DaNangPortal:
    """The portal."""

    def __init__(self, source: DaNangSource, out: Outgoing) -> None:
        self.source, self.out = source, out
        self.base = base_of(source.url)
        self.host = host_of(self.base)

    def datasets(self) -> list[RemoteDataset]:
        """The datasets of the settings, else those on the pages, up to the first page that brings nothing new."""
        if self.source.datasets:
            return unique(self._dataset(text, "") for text in self.source.datasets)
        found: dict[str, RemoteDataset] = {}
        for page in range(1, self.source.max_pages + 1):
            answer = self.out.get(self.base + self.source.list_path, params={"p": str(page)}, max_bytes=MAX_PAGE_BYTES)
            fresh = [one for one in self._links(answer.content.decode("utf-8", "replace")) if one.id not in found]
            if not fresh:
                break
            found.update((one.id, one) for one in fresh)
        return list(found.values())

    def _links(self, text: str) -> list[RemoteDataset]:
        pairs = ((m[2] or m[3], m[1] or m[4] or "") for m in _LINK.finditer(text.replace("\\/", "/")))
        return unique(self._dataset(number, _plain(label)) for number, label in pairs)

    def _dataset(self, text: str, title: str) -> RemoteDataset:
        """Its id is as the settings write it, so that it can be chosen; the number is what the interface wants."""
        number = number_of(text)
        place = f"{self.base}/dulieuchitiet/{number}"
        return RemoteDataset(
            id=text, title=title or text, url=place, resources=(RemoteResource(id="rows", format="JSON", table=True),)
        )

    def page(self, dataset: str, offset: str, size: int) -> Page:
        """One page of rows."""
        code = base64.b64encode(number_of(dataset).encode()).decode()
        url = f"{self.base}/api/dataset/{code}"
        answer = self.out.get(url, params={"limit": str(size), "offset": offset}, max_bytes=MAX_PAGE_BYTES)
        try:
            require_data(answer, answer.content)
        except NotTheAnswer as error:
            raise WrongCredentials(host=self.host, code="HTML") from error
        rows = rows_at(json_body(answer), _ROWS, answer.host)
        return Page(rows, None, next_offset(offset, len(rows), None))

    def read(
        self, dataset: RemoteDataset, resource: RemoteResource, known: dict[str, Any], sink: Sink
    ) -> tuple[Payload | None, dict[str, Any]]:
        """All rows of a dataset."""
        size = self.source.page_size
        payload = write_rows(
            sink,
            lambda: walk(lambda offset, _: self.page(dataset.id, offset, size), "0", self.host, self.source.max_pages),
            filename=f"{number_of(dataset.id)}.ndjson",
            origin=dataset.url,
            host=self.host,
            dataset=dataset.id,
            resource=resource.id,
        )
        return unless_known(payload, known)


def _plain(label: str) -> str:
    """A label without JavaScript's and HTML's escapes."""
    return html.unescape(_ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else m[2], label)).strip()
