"""Whom a breach touches: the people in the versions that were in force while it lasted."""

from __future__ import annotations

import csv
import io

import msgspec

from nhip.datasets.records import Dataset, Version
from nhip.datasets.store import get_dataset, get_version
from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.db.objects import Gone
from nhip.db.query import fetch_all
from nhip.kernel.time import now
from nhip.privacy.breaches.model import Affected, AffectedVersion, Breach
from nhip.privacy.breaches.service import queries
from nhip.privacy.people import Subjects, citizen_columns, subjects_in
from nhip.privacy.usage.store import micros


class _No(msgspec.Struct):
    no: int


class _Subject(msgspec.Struct):
    subject: bytes


async def find_affected(installation: Installation, tx: Connection, breach: Breach) -> Affected:
    """The versions that were in force between the breach's beginning and end (or now), and the people in them."""
    versions, people = [], set[bytes]()
    for dataset, version, found in await _all(installation, tx, breach):
        count = None if found is None else len(found)
        people.update(found or ())
        versions.append(AffectedVersion(dataset.name, dataset.title, version.no, version.row_count, count))
    return Affected(versions, len(people), len(await _looked_at(tx, breach)))


async def _looked_at(tx: Connection, breach: Breach) -> list[bytes]:
    facts = breach.facts
    span = {"since_us": micros(facts.since), "until_us": micros(facts.until or now())}
    what = [f"dataset:{name}" for name in facts.datasets]
    return [row.subject for row in await fetch_all(tx, _Subject, queries.list_looked_at, what=what, **span)]


async def affected_csv(installation: Installation, tx: Connection, breach: Breach) -> tuple[str, tuple[bytes, ...]]:
    """One line a person and version (`looked at`: by the ledger): dataset, version, keyed hash; and whom it is about.

    Whoever hands it over records it.
    """
    target, people = io.StringIO(), dict[bytes, None]()
    lines = csv.writer(target)
    lines.writerow(["dataset", "version", "subject_hmac_sha256"])
    for dataset, version, found in await _all(installation, tx, breach):
        for subject in found or ():
            people[subject] = None
            lines.writerow([dataset.name, version.no, subject.hex()])
    for subject in await _looked_at(tx, breach):
        people[subject] = None
        lines.writerow(["", "looked at", subject.hex()])
    return target.getvalue(), tuple(people)


async def _all(
    installation: Installation, tx: Connection, breach: Breach
) -> list[tuple[Dataset, Version, Subjects | None]]:
    facts, found = breach.facts, []
    for name in facts.datasets:
        dataset = await get_dataset(tx, name)
        span = {"since": facts.since, "until": facts.until or now()}
        for row in await fetch_all(tx, _No, queries.list_versions_between, dataset_id=dataset.id, **span):
            version = await get_version(tx, dataset, row.no)
            found.append((dataset, version, await _subjects(installation, tx, dataset, version)))
    return found


async def _subjects(installation: Installation, tx: Connection, dataset: Dataset, version: Version) -> Subjects | None:
    columns = await citizen_columns(tx, dataset, version.contract_no)
    try:
        return await subjects_in(installation, version, columns) if columns else None
    except Gone:
        return None
