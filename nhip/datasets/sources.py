"""Sources: adding one, trying it, fetching from it now or when its time has come."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from nhip.connectors.model import Fetched, Payload, TestResult
from nhip.connectors.registry import get_connector, read_settings
from nhip.connectors.sink import Sink
from nhip.datasets.catalogue import put_dataset
from nhip.datasets.deliveries import Arrival, Receipt, keep, record
from nhip.datasets.happened import happened
from nhip.datasets.harvested import described, put_catalogue
from nhip.datasets.jobs import run_source
from nhip.datasets.records import Source
from nhip.datasets.store import find_source, get_agency, get_dataset, get_source, list_agencies, queries
from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.db.query import Jsonb, execute, fetch_all, fetch_one
from nhip.errors import NhipError, Unavailable
from nhip.jobs.app import enqueue
from nhip.kernel.ids import new_id, slug
from nhip.kernel.text import storable
from nhip.kernel.time import now
from nhip.security.resealing import SealedColumn
from nhip.security.secrets import Secret, Vault


class SourceRun(msgspec.Struct, frozen=True, kw_only=True):
    """How one run of a source ended. `problem` is empty when all went well; a part that failed is named there too."""

    source: str
    receipts: list[Receipt] = []
    notes: list[str] = []
    """What the connector has to tell, e.g. that a file is still being written."""
    problem: str = ""
    errors: list[NhipError] = []


class _Sealed(msgspec.Struct, frozen=True):
    secret: bytes | None


SEALED = [
    SealedColumn(
        name="datasets.source.secret", listing=queries.list_secrets, reseal=queries.reseal_secret, aad=lambda name: name
    )
]


class _RemoteDataset(msgspec.Struct, frozen=True):
    dataset_id: uuid.UUID


async def put_source(
    tx: Connection,
    installation: Installation,
    *,
    name: str,
    kind: str,
    agency_code: str,
    settings: dict[str, Any],
    secret: dict[str, str] | None = None,
    dataset: str | None = None,
    every_s: int | None = None,
) -> Source:
    """Make the source `name` or change it. A portal has no `dataset`: its datasets are made when it is first read.

    `secret` is sealed and never shown again. Raises AgencyNotFound, DatasetNotFound, BadSetting.
    """
    struct = read_settings(get_connector(kind), settings)
    agency = await get_agency(tx, agency_code)
    dataset_id = (await get_dataset(tx, dataset)).id if dataset else None
    sealed = Vault(installation.settings).seal(secret, aad=name) if secret else None
    values = {"id": new_id(), "name": name, "kind": kind, "dataset_id": dataset_id, "agency_id": agency.id}
    more = {"settings": Jsonb(msgspec.to_builtins(struct)), "secret": sealed, "every_s": every_s, "made_at": now()}
    known = await find_source(tx, name)
    await execute(tx, queries.put_source, **values, **more)
    told = {"kind": kind, "agency": agency_code, "secret": bool(secret)}
    await happened(tx, "source.changed" if known else "source.made", f"source:{name}", **told)
    return await get_source(tx, name)


async def try_source(installation: Installation, source: Source) -> TestResult:
    """Reach the system and say what a fetch would bring; nothing is kept."""
    connector = get_connector(source.kind)
    secret = await _secret(installation, source)
    settings = read_settings(connector, source.settings)
    return await asyncio.to_thread(connector.test, settings, secret, installation.settings)


async def run(
    installation: Installation, source: Source, *, later: bool = True, progress: Callable[[int], None] | None = None
) -> SourceRun:
    """Fetch what is new. Deliveries and the source's new state commit together; a failure is kept with the source."""
    folder = Path(tempfile.mkdtemp(prefix="fetch-", dir=_ready(installation.work)))
    try:
        fetched = await _fetch(installation, source, folder, progress)
        arrivals = [(payload, await _keep(installation, payload)) for payload in fetched.payloads]
        async with installation.db.tx() as tx:
            receipts = [await _record(tx, source, fetched, p, a, later) for p, a in arrivals]
            await _note_portal(tx, source, fetched)
            problem = storable("; ".join(f"{f.dataset} {f.resource}: {f.error.message()}" for f in fetched.failures))
            kept = (
                Jsonb({"template": "{text}", "values": {"text": problem}, "parts": _parts(fetched)})
                if problem
                else None
            )
            await execute(tx, queries.source_ran, id=source.id, now=now(), state=Jsonb(fetched.state), problem=kept)
        errors = [failure.error for failure in fetched.failures]
        notes = [note.text() for note in fetched.notes]
        return SourceRun(source=source.name, receipts=receipts, notes=notes, problem=problem, errors=errors)
    except Unavailable:
        raise
    except NhipError as error:
        kept = Jsonb({"error": type(error).__name__, "template": error.template(), "values": _plain(error)})
        async with installation.db.tx() as tx:
            await execute(tx, queries.source_ran, id=source.id, now=now(), state=None, problem=kept)
        return SourceRun(source=source.name, problem=error.message(), errors=[error])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _plain(error: NhipError) -> dict[str, Any]:
    """The values of an error as JSON can keep them."""
    values = msgspec.to_builtins(error.values, str_keys=True, enc_hook=str)
    return {name: storable(v) if isinstance(v, str) else v for name, v in values.items()}


def _parts(fetched: Fetched) -> list[dict[str, Any]]:
    """What failed while the rest went on, to be told in any language."""
    return [
        {
            "where": storable(f"{f.dataset} {f.resource}".strip()),
            "template": f.error.template(),
            "values": _plain(f.error),
        }
        for f in fetched.failures
    ]


def reason_of(problem: dict[str, Any], translate: Callable[..., str]) -> str:
    """Why the last run of a source failed, in part or whole, in the words of `translate(template, **values)`."""
    parts = [f"{part['where']}: {translate(part['template'], **part['values'])}" for part in problem.get("parts", [])]
    return "; ".join(parts) or translate(problem["template"], **problem["values"])


def _ready(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


async def _fetch(
    installation: Installation, source: Source, folder: Path, progress: Callable[[int], None] | None
) -> Fetched:
    connector = get_connector(source.kind)
    secret = await _secret(installation, source)
    sink = Sink(folder, installation.settings, progress, label=source.name)
    settings = read_settings(connector, source.settings)
    return await asyncio.to_thread(connector.fetch, settings, secret, source.state, sink)


async def set_secret(tx: Connection, installation: Installation, source: Source, secret: dict[str, str]) -> None:
    """Seal new credentials of a source in the place of the old ones."""
    sealed = Vault(installation.settings).seal(secret, aad=source.name)
    await execute(tx, queries.set_secret, id=source.id, secret=sealed)
    await happened(tx, "secret.set", f"source:{source.name}", names=sorted(secret))


async def _secret(installation: Installation, source: Source) -> Secret:
    async with installation.db.read() as tx:
        sealed = await fetch_one(tx, _Sealed, queries.find_secret, id=source.id)
    if sealed is None or sealed.secret is None:
        return Secret()
    return Vault(installation.settings).open_(sealed.secret, aad=source.name)


async def _keep(installation: Installation, payload: Payload) -> Arrival:
    changes = payload.extent == "changes"
    return await keep(
        installation,
        payload.path,
        payload.filename,
        as_of=payload.modified,
        changes=changes,
        key=payload.key,
        titles=payload.titles,
    )


async def _record(
    tx: Connection, source: Source, fetched: Fetched, payload: Payload, arrival: Arrival, later: bool
) -> Receipt:
    dataset_id = source.dataset_id or await _dataset_of(tx, source, fetched, payload)
    return await record(tx, dataset_id, arrival, who=source.name, source_id=source.id, later=later)


async def _dataset_of(tx: Connection, source: Source, fetched: Fetched, payload: Payload) -> uuid.UUID:
    """The dataset that stands for this resource of a portal or this file; made at first sight, the same for ever after."""
    where = {"source_id": source.id, "remote_id": payload.dataset, "resource": payload.resource}
    known = await fetch_one(tx, _RemoteDataset, queries.find_remote, **where)
    if known is None and not payload.dataset:  # once all files of a folder were one dataset: those that are stay so
        known = await fetch_one(tx, _RemoteDataset, queries.find_remote, **{**where, "resource": ""})
    if known is not None:
        return known.dataset_id
    remote = next((r for r in fetched.remote if r.id == payload.dataset), None)
    resource = next((r for r in remote.resources if r.id == payload.resource), None) if remote else None
    title = remote.title if remote else payload.filename
    if remote and len(remote.resources) > 1 and resource and resource.title:
        title = f"{remote.title} – {resource.title}"
    agency = next(a for a in await list_agencies(tx) if a.id == source.agency_id)
    name = f"{slug(source.name, 30)}-{slug(payload.resource or title, 60)}"
    if payload.dataset:
        name = f"{slug(source.name, 30)}-{slug(title, 50)}-{slug(payload.resource or payload.dataset, 12)}"
    description = described(remote) if remote else ""
    dataset = await put_dataset(tx, name, agency.code, title, description=description)
    await execute(tx, queries.insert_remote, **where, dataset_id=dataset.id, now=now())
    return dataset.id


async def _note_portal(tx: Connection, source: Source, fetched: Fetched) -> None:
    await put_catalogue(tx, source, fetched)
    here = [remote.id for remote in fetched.remote]
    await execute(tx, queries.return_remotes, source_id=source.id, ids=here, now=now())
    await execute(tx, queries.vanish_remotes, source_id=source.id, ids=fetched.vanished, now=now())


async def run_by_id(installation: Installation, source_id: uuid.UUID) -> SourceRun:
    """Fetch from the source with this id; for jobs."""
    async with installation.db.read() as tx:
        source = await get_source(tx, source_id)
    return await run(installation, source)


async def enqueue_due(installation: Installation) -> int:
    """Start every source whose time has come; gives how many."""
    async with installation.db.tx() as tx:
        due = await fetch_all(tx, Source, queries.list_due_sources, now=now())
        for source in due:
            await execute(tx, queries.source_queued, id=source.id, now=now())
            await enqueue(tx, run_source, lock=f"source:{source.id}", source_id=str(source.id))
    return len(due)
