"""Sources as data: what a kind of source needs, what it yields, and the functions that read it.

A connector's functions are plain and blocking; they run in a worker thread. `fetch` hands over whole payloads or raises:
what was half read stays in a `.part` file that nobody looks at. The caller keeps `Fetched.state` in the same transaction as the
deliveries; after a crash before that, the next fetch reads the same again, and equal bytes are one delivery.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from nhip.errors import NhipError
from nhip.security.secrets import Secret
from nhip.settings import Settings

if TYPE_CHECKING:
    from nhip.connectors.sink import Sink

State = dict[str, Any]
"""What a source remembers between two fetches; JSON values only."""

Extent = Literal["full", "changes"]
"""full: the payload is the whole table; changes: only rows that are new or changed since the last fetch."""


class Note(msgspec.Struct, frozen=True):
    """Something to tell. `message` is an English template and gettext key."""

    message: str
    values: dict[str, str] = {}

    def text(self, translate: Callable[[str], str] = str) -> str:
        """The message in the language of `translate`, with its values."""
        return translate(self.message).format(**self.values)


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """Raw bytes that arrived whole, in a file that the caller moves or removes. `size` in bytes."""

    path: Path
    filename: str
    media_type: str
    sha256: str
    size: int
    origin: str
    """Where it came from, for people: an address without its query, a file name, a database."""
    modified: datetime | None = None
    dataset: str = ""
    """Id of the remote dataset (`RemoteDataset.id`); empty for sources with one dataset."""
    resource: str = ""
    """Id of the remote resource; for folders the name of the file."""
    extent: Extent = "full"
    key: tuple[str, ...] = ()
    """Columns by which rows of `changes` replace earlier ones; empty: rows are only added."""
    titles: dict[str, str] = {}
    """Column name -> title, where the source has a dictionary of fields (Hue's `hienthi`, CKAN's data dictionary)."""


class RemoteResource(msgspec.Struct, frozen=True, kw_only=True):
    """A file or table of a remote dataset. `size` in bytes, None when unknown."""

    id: str
    title: str = ""
    url: str = ""
    format: str = ""
    media_type: str = ""
    modified: str = ""
    size: int | None = None
    table: bool = False
    """Whether its rows can be read through the portal's row interface."""


class RemoteDataset(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset of a portal. `id` stays the same for as long as the portal keeps the dataset."""

    id: str
    title: str
    description: str = ""
    organisation: str = ""
    licence: str = ""
    modified: str = ""
    url: str = ""
    tags: tuple[str, ...] = ()
    resources: tuple[RemoteResource, ...] = ()


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a fetch that did not succeed while the rest went on; the next fetch tries it again."""

    dataset: str
    resource: str
    error: NhipError


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """What a fetch brought. `unchanged`: everything was read and there is nothing new."""

    payloads: list[Payload] = []
    state: State = {}
    unchanged: bool = False
    remote: list[RemoteDataset] = []
    """Every dataset that the portal has now; empty for sources that are not portals."""
    catalogue: list[RemoteDataset] = []
    """Those of `remote` that the source's settings choose."""
    complete: bool = True
    """Whether what is not in `catalogue` is gone; no where a portal shrank so much that it must say it twice."""
    vanished: list[str] = []
    """Ids of datasets (or names of files) that were there and are gone. Never filled from a listing that failed half way."""
    failures: list[Failure] = []
    notes: list[Note] = []


class TestResult(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of `nhip source test`: what was reached and what a fetch would bring."""

    __test__ = False
    notes: list[Note] = []
    would_fetch: list[str] = []
    """Names of the files, datasets or columns, at most a hundred."""
    datasets: int = 0


class SecretField(msgspec.Struct, frozen=True):
    """A credential that the source may need. `title` is an English text and gettext key."""

    name: str
    title: str


class Connector(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of source. `settings` is a struct type whose fields carry `msgspec.Meta(description=...)`."""

    kind: str
    title: str
    yields: str
    """What it brings, in words (gettext key)."""
    settings: type[msgspec.Struct]
    secrets: tuple[SecretField, ...] = ()
    fetch: Callable[[Any, Secret, State, Sink], Fetched]
    test: Callable[[Any, Secret, Settings], TestResult]
    discover: Callable[[Any, Secret, Settings], list[RemoteDataset]] | None = None
    """Lists the datasets of a portal; None for sources that are not portals."""
