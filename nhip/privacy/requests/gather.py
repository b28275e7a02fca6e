"""What is known about a person, put together for the person who asks: rows of datasets, consents, requests, who looked."""

from __future__ import annotations

import csv
import io
import uuid
from typing import Any

import msgspec

from nhip.datasets.formulas import neutral_cell
from nhip.datasets.records import Dataset
from nhip.datasets.store import find_version_in_force, list_datasets
from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.kernel.time import now
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.privacy.consents.model import Consent
from nhip.privacy.consents.store import list_consents
from nhip.privacy.people import Found, citizen_columns, rows_about
from nhip.privacy.processing.service import list_for_dataset, personal_columns
from nhip.privacy.requests import store
from nhip.privacy.requests.model import Request


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one person. `unsearched`: datasets with personal columns but without citizen numbers, to be looked
    through by hand; `processings`: why the datasets are held, by dataset."""

    found: list[Found]
    searched: int
    unsearched: list[Dataset]
    processings: dict[str, list[str]]


async def gather(
    installation: Installation, tx: Connection, request: Request, why: str, reach: frozenset[uuid.UUID] | None = None
) -> Gathered:
    """Look through the versions in force of every dataset with citizen numbers; `reach`: only those of these organisations.

    One event a dataset in which the person was found, and one that says that everything was searched; they are in the ledger when
    `tx` has committed, before which nothing may be shown. `request.subject` must be known.
    """
    assert request.subject is not None
    found: list[Found] = []
    unsearched, searched = [], 0
    for dataset in await list_datasets(tx):
        version = await find_version_in_force(tx, dataset)
        if version is None or (reach is not None and dataset.agency_id not in reach):
            continue
        if await citizen_columns(tx, dataset, version.contract_no):
            searched += 1
            found += await rows_about(installation, tx, dataset, version, request.subject)
        elif await personal_columns(tx, dataset.name):
            unsearched.append(dataset)
    await _record(tx, request, found, searched, why)
    names = dict.fromkeys(part.dataset.name for part in found)
    processings = {name: [p.name for p in await list_for_dataset(tx, name)] for name in names}
    return Gathered(found=found, searched=searched, unsearched=unsearched, processings=processings)


async def _record(tx: Connection, request: Request, found: list[Found], searched: int, why: str) -> None:
    assert request.subject is not None
    subjects = (request.subject,)
    for part in found:
        told = {"version": part.version.no, "rows": len(part.rows), "request": request.no, "kept_out": part.kept_out}
        await note(
            tx, Event(kind="personal.read", what=f"dataset:{part.dataset.name}", why=why, data=told, subjects=subjects)
        )
    told = {"datasets": searched, "found": len(found)}
    await note(tx, Event(kind="personal.searched", what=f"request:{request.no}", why=why, data=told, subjects=subjects))
    await store.insert_step(tx, request.id, "gathered", note=f"{len(found)} / {searched}")


async def as_json(tx: Connection, request: Request, gathered: Gathered) -> dict[str, Any]:
    """The copy to hand over, for programs: rows by dataset, consents, requests; times in ISO 8601."""
    subject = request.subject
    assert subject is not None
    return {
        "request": request.no,
        "made_at": now().isoformat(timespec="seconds"),
        "datasets": [_dataset(part, gathered.processings) for part in gathered.found],
        "consents": [_consent(c) for c in await list_consents(tx, subject)],
        "requests": [
            {"no": r.no, "kind": r.kind, "state": r.state, "received_at": r.received_at.isoformat()}
            for r in await store.list_requests(tx, subject=subject)
        ],
        "not_searched": [dataset.name for dataset in gathered.unsearched],
    }


def _dataset(part: Found, processings: dict[str, list[str]]) -> dict[str, Any]:
    return {
        "dataset": part.dataset.name,
        "title": part.dataset.title,
        "organisation": part.dataset.agency_name,
        "version": part.version.no,
        "as_of": part.version.as_of.isoformat(),
        "kept_out": part.kept_out,
        "processings": processings.get(part.dataset.name, []),
        "columns": dict(zip(part.columns, part.titles, strict=True)),
        "rows": [dict(zip(part.columns, cells, strict=True)) for _row, cells in part.rows],
    }


def _consent(consent: Consent) -> dict[str, Any]:
    return {
        "processing": consent.processing,
        "title": consent.title,
        "types": consent.data_types,
        "text": consent.text,
        "text_sha256": consent.text_digest.hex(),
        "given_at": consent.given_at.isoformat(),
        "withdrawn_at": consent.withdrawn_at.isoformat() if consent.withdrawn_at else None,
    }


def as_csv(gathered: Gathered) -> str:
    """The copy to hand over, for people with a spreadsheet: one line a cell, so that every dataset fits one table."""
    target = io.StringIO()
    lines = csv.writer(target)
    lines.writerow(["dataset", "title", "organisation", "version", "row", "column", "column_title", "value"])
    for part in gathered.found:
        where = [part.dataset.name, part.dataset.title, part.dataset.agency_name, part.version.no]
        for row, cells in part.rows:
            for column, title, value in zip(part.columns, part.titles, cells, strict=True):
                lines.writerow([*where, row, column, title, neutral_cell(value or "")])
    return target.getvalue()
