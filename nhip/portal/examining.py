"""Releases that are open already are examined again when the gate changes: in portions, and what is found now waits for somebody
to decide, by recalling the release or by keeping it with the reason. Nothing is closed or passed over in silence."""

from __future__ import annotations

import asyncio
import uuid
from datetime import datetime
from logging import getLogger
from typing import Any, Literal, LiteralString

import duckdb
import msgspec
import psycopg
from psycopg.rows import dict_row

from nhip.datasets.contract.model import Contract
from nhip.datasets.engine import session
from nhip.datasets.records import Dataset, Version
from nhip.datasets.store import get_dataset, get_version
from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.db.query import Jsonb, execute, fetch_all
from nhip.db.sql import load
from nhip.errors import DatabaseAway
from nhip.kernel.actor import acting
from nhip.kernel.time import now
from nhip.ledger.model import Event
from nhip.ledger.service import note
from nhip.portal import store
from nhip.portal.errors import FindingsChanged, NothingFound, ReleaseNotFound
from nhip.portal.gate.findings import UNJUDGED, UNREADABLE, closed
from nhip.portal.gate.mark import gate_mark
from nhip.portal.gate.service import examine
from nhip.portal.model import WHOLE, GateReport, Release, Shaping
from nhip.portal.releases import contract_of, parquet_of
from nhip.portal.shaping import weight_of
from nhip.portal.treatment import fields_of

queries = load(__file__, "examining.sql")
log = getLogger(__name__)
PORTION = 20
"""Releases that are examined in one go, so that other work comes between."""


class Due(msgspec.Struct, frozen=True):
    """A release that today's gate has not judged."""

    id: uuid.UUID
    name: str
    no: int


class Examination(msgspec.Struct, frozen=True, kw_only=True):
    """How the gate last judged an open release, and what somebody decided about what it found."""

    dataset_id: uuid.UUID
    name: str
    no: int
    at: datetime
    state: Literal["clear", "doubted", "kept"]
    gate: GateReport
    reason: str
    decided_by: str
    decided_at: datetime | None


async def examine_again(installation: Installation, most: int = PORTION) -> list[str]:
    """Hold up to `most` open releases before today's gate that it has not judged yet; gives their names, those in force first."""
    async with installation.db.read() as tx:
        due = await fetch_all(tx, Due, queries.list_to_examine, mark=gate_mark(), most=most)
    for one in due:
        await _examined(installation, one)
    return [one.name for one in due]


async def _examined(installation: Installation, one: Due) -> None:
    async with installation.db.read() as tx:
        dataset = await get_dataset(tx, one.id)
        publication = await store.find_publication(tx, one.id)
        release = await store.find_release(tx, one.id, one.no)
        before = await find_examination(tx, dataset, one.no)
    if release is None or publication is None:
        return
    try:
        report = await _judged(installation, dataset, release, publication.shaping)
    except (psycopg.Error, DatabaseAway):
        raise
    except Exception:  # what cannot be judged is doubted, and keeps nobody from judging the others
        log.exception("release %d of %s cannot be examined", one.no, one.name)
        report = closed(GateReport(open=False), UNJUDGED)
    state = _state(report, before)
    async with installation.db.tx() as tx:
        await put_examination(tx, release, report, state)
        told = {"no": one.no, "state": state, "policy": report.policy, "blocks": report.blocks}
        await note(tx, Event(kind="publication.examined", what=f"dataset:{one.name}", data=told))


async def _judged(installation: Installation, dataset: Dataset, release: Release, shaping: Shaping) -> GateReport:
    async with installation.db.read() as tx:
        version = await get_version(tx, dataset, release.no)
        contract = await contract_of(tx, dataset, version)
    return await asyncio.to_thread(_report, installation, release, version, contract, shaping)


def _report(
    installation: Installation, release: Release, version: Version, contract: Contract | None, shaping: Shaping
) -> GateReport:
    kinds = {column["name"]: column["type"] for column in version.manifest["columns"]}
    if shaping.by and not {c.name for c in release.columns} >= {weight_of(shaping), *shaping.by}:
        shaping = WHOLE  # the release was made before it was decided to count
    table = parquet_of(installation, release.object)
    try:
        with session(installation.settings) as con:
            fields = fields_of(kinds, contract)
            return examine(con, table, release.columns, contract, fields, shaping, weight_of(shaping))
    except duckdb.Error:
        return closed(GateReport(open=False), UNREADABLE)


def _state(report: GateReport, before: Examination | None) -> Literal["clear", "doubted", "kept"]:
    """What was kept with a reason stays kept as long as nothing else is found."""
    if report.open:
        return "clear"
    if before and before.state == "kept" and _found(report) <= _found(before.gate):
        return "kept"
    return "doubted"


def _found(report: GateReport) -> set[tuple[str, str]]:
    return {(s.column, s.what) for s in report.suspicions} | {("", reason) for reason in report.blocks}


async def put_examination(
    tx: Connection, release: Release, report: GateReport, state: Literal["clear", "doubted", "kept"]
) -> None:
    """Note how today's gate judges a release."""
    values = {"dataset_id": release.dataset_id, "no": release.no, "mark": gate_mark(), "now": now(), "state": state}
    await execute(tx, queries.put_examination, gate=Jsonb(msgspec.to_builtins(report)), **values)


async def find_examination(tx: Connection, dataset: Dataset, no: int) -> Examination | None:
    """How the gate last judged a release."""
    found = await _examinations(tx, queries.find_examination, dataset_id=dataset.id, no=no)
    return found[0] if found else None


async def list_doubted(tx: Connection) -> list[Examination]:
    """What is found now in what is open and waits for somebody; the caller narrows it to what may be seen."""
    return await _examinations(tx, queries.list_doubted)


async def _examinations(tx: Connection, query: LiteralString, **values: Any) -> list[Examination]:
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query, values)
        return [msgspec.convert(row, Examination) for row in await cursor.fetchall()]


async def keep(tx: Connection, dataset: Dataset, no: int, reason: str, seen: datetime | None) -> None:
    """Decide that a release stays open although something is found in it; `seen`: when the examination was made whose findings
    whoever decides has read. Raises FindingsChanged, NothingFound, ReleaseNotFound."""
    found = await find_examination(tx, dataset, no)
    if found is None:
        raise ReleaseNotFound(name=dataset.name, no=no)
    if found.state == "doubted" and found.at != seen:
        raise FindingsChanged(name=dataset.name, no=no)
    values = {"dataset_id": dataset.id, "no": no, "seen": found.at}
    if not await execute(tx, queries.keep_doubted, **values, reason=reason, by=acting().name, now=now()):
        raise NothingFound(name=dataset.name, no=no)
    await store.insert_decision(tx, dataset.id, "kept", note=reason, gate=found.gate)
    told = {"no": no, "blocks": found.gate.blocks}
    await note(tx, Event(kind="publication.kept", what=f"dataset:{dataset.name}", why=reason, data=told))
