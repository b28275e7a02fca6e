"""A fake open data portal on loopback that speaks as CKAN, DKAN (7 and 2), DCAT, Da Nang's and Hue's portals do.

`FakePortal(datasets)` takes `FakeDataset`s or a folder: each sub-folder is a dataset and each file in it a resource;
a file `dataset.json` beside them may set title, organisation, licence, modified, description and tags.
"""

from __future__ import annotations

import mimetypes
import re
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from nhip.kernel.ids import slug
from nhip.testing.fakeserver import FakeServer, Reply, Request, file_reply

_NAMES = uuid.UUID("6f3a1f0c-6f0e-4f7e-9d5e-2f8d1c2b7a10")


class FakeResource(msgspec.Struct, kw_only=True):
    """A file, or with `rows` a table that the portal's row interface serves (`file=False`: only there)."""

    name: str
    body: bytes = b""
    rows: list[dict[str, Any]] | None = None
    titles: dict[str, str] = {}
    file: bool = True
    id: str = ""

    @property
    def format(self) -> str:
        """Format by the end of the name, upper case."""
        return self.name.rpartition(".")[2].upper()

    @property
    def media_type(self) -> str:
        """Media type by the end of the name."""
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"


class FakeDataset(msgspec.Struct, kw_only=True):
    """A dataset of the portal."""

    title: str
    resources: list[FakeResource] = []
    organisation: str = "Sở Khoa học và Công nghệ"
    licence: str = "CC-BY-4.0"
    modified: str = "2026-10-01T08:00:00"
    description: str = ""
    tags: list[str] = []
    id: str = ""
    number: int = 0
    """Number by which Da Nang's interface knows it."""


class FakePortal(FakeServer):
    """The portal. `fail(pattern, status, times)` makes addresses fail; `data` may be changed while it runs."""

    def __init__(
        self,
        source: Path | Iterable[FakeDataset],
        *,
        account: tuple[str, str] | None = None,
        token: str = "",
        page_cap: int = 1000,
    ) -> None:
        super().__init__(self._route)
        self.data = read_folder(source) if isinstance(source, Path) else list(source)
        self.account = account
        self.token = token
        self.page_cap = page_cap
        self._faults: list[list[Any]] = []
        for place, dataset in enumerate(self.data):
            complete(dataset, place)

    def fail(self, pattern: str, status: int = 500, times: int = 1_000_000, reply: Reply | None = None) -> None:
        """Answer `times` requests whose path matches `pattern` with `status`, or with `reply`."""
        self._faults.append([re.compile(pattern), reply or Reply(status=status), times])

    def mend(self) -> None:
        """Take back every `fail`."""
        self._faults.clear()

    def file_url(self, dataset: FakeDataset, resource: FakeResource) -> str:
        """Address of a resource's file."""
        return f"{self.url}/files/{dataset.id}/{quote(resource.name)}"

    def find(self, resource_id: str) -> FakeResource | None:
        """The resource with an id."""
        return next((r for d in self.data for r in d.resources if r.id == resource_id), None)

    def _route(self, request: Request) -> Reply | None:
        for fault in self._faults:
            if fault[2] > 0 and fault[0].search(request.path):
                fault[2] -= 1
                return fault[1] if isinstance(fault[1], Reply) else None
        if request.path.startswith("/files/"):
            return self._file(request)
        from nhip.testing.portal_dialects import answer

        return answer(self, request)

    def _file(self, request: Request) -> Reply | None:
        _, _, dataset_id, name = request.path.split("/", 3)
        for dataset in self.data:
            for resource in dataset.resources:
                if dataset.id == dataset_id and resource.name == name and resource.file:
                    return file_reply(request, resource.body, {"Content-Type": resource.media_type})
        return None


def complete(dataset: FakeDataset, place: int) -> FakeDataset:
    """Give `dataset` and its resources ids that stay the same from run to run."""
    dataset.id = dataset.id or str(uuid.uuid5(_NAMES, dataset.title))
    dataset.number = dataset.number or 1_355_000 + place
    for resource in dataset.resources:
        resource.id = resource.id or str(uuid.uuid5(_NAMES, f"{dataset.id}/{resource.name}"))
    return dataset


def read_folder(folder: Path) -> list[FakeDataset]:
    """The datasets that lie in `folder`."""
    found = []
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        facts = msgspec.json.decode((place / "dataset.json").read_bytes()) if (place / "dataset.json").exists() else {}
        files = sorted(path for path in place.iterdir() if path.is_file() and path.name != "dataset.json")
        newest = max((path.stat().st_mtime for path in files), default=0.0)
        modified = datetime.fromtimestamp(newest, UTC).replace(tzinfo=None).isoformat(timespec="seconds")
        values = {"title": place.name, "modified": modified, "id": slug(place.name), **facts}
        resources = [FakeResource(name=path.name, body=path.read_bytes()) for path in files]
        found.append(msgspec.convert({**values, "resources": []}, FakeDataset))
        found[-1].resources = resources
    return found
