"""Reads Hue's files: the envelope `{code, message, data, hienthi}`, where `hienthi` lists `khoa` (column)
and `tentruong` (title).

Some files of the portal are a bare list instead. What exists is told by RDF files with the portal's own `hueod:` words, or by the
addresses in the settings.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from nhip.connectors.dcat.reader import DcatPortal
from nhip.connectors.download import download
from nhip.connectors.errors import BadSetting, EnvelopeFault, ListingIncomplete
from nhip.connectors.harvest import PortalSource, describe, harvest, unique
from nhip.connectors.model import Fetched, Payload, RemoteDataset, RemoteResource, State, TestResult
from nhip.connectors.portals import extension_of, host_of, instant
from nhip.connectors.rows import MAX_PAGE_BYTES, NDJSON, find_value, json_body, line, rows_at, unless_known
from nhip.connectors.sink import Sink
from nhip.connectors.web import filename_of, modified_of, require_data, session
from nhip.kernel.i18n import _
from nhip.security.outgoing import Outgoing, shown
from nhip.security.outgoing_body import Answer
from nhip.security.secrets import Secret
from nhip.settings import Settings

_GOOD = {0, "0", 200, "200", None}
"""`code` of a good envelope; None for files that have none."""


class HueSource(PortalSource, frozen=True, kw_only=True):
    """Settings of a `hue` source."""

    url: Annotated[str, msgspec.Meta(description=_("Address of the RDF list; empty when `files` names all."))] = ""
    files: Annotated[list[str], msgspec.Meta(description=_("Addresses of files to download."))] = []


def fetch(source: HueSource, secret: Secret, state: State, sink: Sink) -> Fetched:
    """What is new or changed. Raises OutgoingError, SourceError when the list cannot be had, StorageFull."""
    with session(source, secret, sink.settings) as out:
        return harvest(HuePortal(source, out), source, state, sink)


def probe(source: HueSource, secret: Secret, settings: Settings) -> TestResult:
    """List the files."""
    with session(source, secret, settings) as out:
        return describe(HuePortal(source, out), source)


def discover(source: HueSource, secret: Secret, settings: Settings) -> list[RemoteDataset]:
    """All files, each a dataset of its own."""
    with session(source, secret, settings) as out:
        return HuePortal(source, out).datasets()


class HuePortal:
    """The portal."""

    def __init__(self, source: HueSource, out: Outgoing) -> None:
        if not source.url and not source.files:
            raise BadSetting(kind="hue", name="url", why=_("give the address of the list, or of files"))
        self.source, self.out = source, out
        self.host = host_of(source.url or source.files[0])

    def datasets(self) -> list[RemoteDataset]:
        """What the RDF list names, and the files of the settings."""
        listed = DcatPortal(self.source, self.out).datasets() if self.source.url else []
        return unique([*listed, *(_from_address(url) for url in self.source.files)])

    def read(
        self, dataset: RemoteDataset, resource: RemoteResource, known: dict[str, Any], sink: Sink
    ) -> tuple[Payload | None, dict[str, Any]]:
        """The rows of a JSON file, or another file as it is."""
        ids = (dataset.id, resource.id)
        if (
            "JSON" not in (resource.format, extension_of(resource.url, ""))
            and resource.media_type != "application/json"
        ):
            return download(self.out, resource.url, known, sink, dataset=ids[0], resource=ids[1])
        answer = self.out.get(resource.url, max_bytes=MAX_PAGE_BYTES)
        require_data(answer, answer.content)
        body = json_body(answer)
        rows = rows_of(body, answer)
        stem = filename_of(answer).rpartition(".")[0] or dataset.title
        modified = modified_of(answer) or instant(dataset.modified)
        with sink.file(f"{stem}.ndjson", origin=shown(answer.url), dataset=ids[0], resource=ids[1]) as draft:
            draft.media_type, draft.modified = NDJSON, modified
            draft.titles = titles_of(body)
            for start in range(0, len(rows), 1000):
                draft.write(b"".join(map(line, rows[start : start + 1000])))
        return unless_known(draft.payload, known)


def rows_of(body: bytes, answer: Answer) -> list[msgspec.Raw]:
    """The rows of an envelope or bare list. Raises EnvelopeFault, RowsNotFound, ListingIncomplete."""
    if body.lstrip()[:1] == b"{":
        code = find_value(body, "code")
        if isinstance(code, list | dict) or code not in _GOOD:
            raise EnvelopeFault(host=answer.host, message=f"{code}: {find_value(body, 'message')}"[:300])
    rows = rows_at(body, ["", "data"], answer.host)
    total = next(
        (n for n in (find_value(body, "totalRows"), find_value(body, "totalCount")) if isinstance(n, int)), None
    )
    if total is not None and total != len(rows):
        raise ListingIncomplete(host=answer.host, expected=total, found=len(rows))
    return rows


def titles_of(body: bytes) -> dict[str, str]:
    """Column -> title by `hienthi`."""
    shown_fields = find_value(body, "hienthi")
    fields = [one for one in shown_fields if isinstance(one, dict)] if isinstance(shown_fields, list) else []
    return {str(one["khoa"]): str(one["tentruong"]) for one in fields if one.get("khoa") and one.get("tentruong")}


def _from_address(url: str) -> RemoteDataset:
    name = url.partition("?")[0].rstrip("/").rpartition("/")[2]
    resource = RemoteResource(id="file", title=name, url=url, format=extension_of(url, ""))
    return RemoteDataset(
        id=url.partition("?")[0], title=name.rpartition(".")[0] or name, url=url, resources=(resource,)
    )
