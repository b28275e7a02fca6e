"""Loading the model city the way real data come: agencies, contracts and sources first, then the real connectors."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from nhip.datasets.catalogue import put_agency, put_contract, put_dataset
from nhip.datasets.conflicts import measure_conflicts
from nhip.datasets.contract.yaml import dump
from nhip.datasets.deliveries import Receipt
from nhip.datasets.health import NAMES, get_city_health
from nhip.datasets.pipeline import process, resume
from nhip.datasets.sources import put_source, run
from nhip.datasets.store import get_source, list_conflicts, list_datasets, list_deliveries, list_versions
from nhip.db import Connection
from nhip.db.installation import Installation
from nhip.modelcity.model import City, Dataset
from nhip.modelcity.openness import open_city
from nhip.modelcity.portal import Portals
from nhip.modelcity.privacy import make_processings
from nhip.modelcity.truth import Delivery, compare

Step = Callable[[str, int, int], None]
"""Called with what is being done, how much is done, and of how much."""

Arrived = list[tuple[str, list[Receipt]]]
"""What came, by dataset, in the order of the catalogue."""

HOUR, DAY = 3600, 86_400


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What `nhip demo --load-only --json` prints."""

    agencies: int
    datasets: int
    deliveries: int
    failed: list[dict[str, str]]
    rows: int
    findings: dict[str, dict[str, int]]
    """By kind of planted fault: planted, found by the rule meant for it, found otherwise, missed."""
    false_alarms: dict[str, int]
    """Findings where nothing was planted, by rule."""
    virtues: dict[str, float | None]
    seconds: float
    open: int = 0
    """Datasets on the open data portal."""
    refused: list[str] = []
    """Datasets that the publication gate keeps closed."""


async def prepare_city(installation: Installation, city: City, portals: Portals) -> None:
    """Make the agencies, datasets, contracts and sources of the city; again changes nothing but addresses."""
    async with installation.db.tx() as tx:
        for agency in city.agencies:
            await put_agency(tx, agency.code, agency.title, agency.title_en)
        codes = {agency.slug: agency.code for agency in city.agencies}
        for dataset in city.datasets:
            await _prepare(tx, installation, dataset, codes[dataset.spec.agency], portals)
        await make_processings(tx)


async def _prepare(tx: Connection, installation: Installation, dataset: Dataset, code: str, portals: Portals) -> None:
    spec = dataset.spec
    texts = {"title_en": spec.title_en, "theme": spec.theme, "description": dataset.contract.description}
    made = await put_dataset(tx, spec.slug, code, spec.title, **texts)
    await put_contract(tx, made, dump(dataset.contract), who="nhip demo")
    settings = dict(portals.settings_of(dataset))
    secret = dict(dataset.source.get("secret", {}))
    kind = str(dataset.source["kind"])
    where = {"name": spec.slug, "kind": kind, "agency_code": code, "dataset": spec.slug}
    await put_source(
        tx, installation, **where, settings=settings, secret=secret, every_s=max(HOUR, spec.cadence * DAY // 4)
    )


async def load_city(installation: Installation, city: City, step: Step) -> Loaded:
    """Fetch from every source, work through what came, open what may be open; then hold the findings against the truth."""
    started = time.monotonic()
    await resume(installation)
    deliveries = await _fetch_all(installation, city, step)
    failed = await _process_all(installation, city, deliveries, step)
    await measure_conflicts(installation)
    opened = await open_city(installation, lambda done, total: step("open", done, total))
    loaded = await report(installation, city, failed, time.monotonic() - started)
    return msgspec.structs.replace(loaded, open=opened.open, refused=opened.refused)


async def _fetch_all(installation: Installation, city: City, step: Step) -> Arrived:
    found = []
    for number, dataset in enumerate(city.datasets, 1):
        step("fetch", number, len(city.datasets))
        async with installation.db.read() as tx:
            source = await get_source(tx, dataset.spec.slug)
        ran = await run(installation, source, later=False)
        if ran.problem:
            step(f"{dataset.spec.slug}: {ran.problem}", number, len(city.datasets))
        found.append((dataset.spec.slug, ran.receipts))
    return found


async def _process_all(installation: Installation, city: City, deliveries: Arrived, step: Step) -> list[dict[str, str]]:
    failed: list[dict[str, str]] = []
    total, done = sum(len(receipts) for _slug, receipts in deliveries), 0
    gate = asyncio.Semaphore(installation.settings.workers)

    async def one(slug: str, receipts: list[Receipt]) -> None:
        nonlocal done
        async with gate:
            for receipt in receipts:
                outcome = await process(installation, receipt.delivery.id)
                if outcome is not None and outcome.problem:
                    failed.append({"dataset": slug, "file": receipt.delivery.filename, "problem": outcome.problem})
                done += 1
                step("work", done, total)

    for wave in waves(city, deliveries):
        await asyncio.gather(*(one(slug, receipts) for slug, receipts in wave))
    return failed


def waves(city: City, deliveries: Arrived) -> list[Arrived]:
    """Datasets whose references are known before them: those without references first, then those that refer to these."""
    refers = {d.spec.slug: {r.to_dataset for r in d.contract.references} for d in city.datasets}
    depth: dict[str, int] = {}

    def deep(slug: str) -> int:
        if slug not in depth:
            depth[slug] = 0  # a dataset may refer to itself
            depth[slug] = max((deep(other) + 1 for other in refers.get(slug, ()) if other != slug), default=0)
        return depth[slug]

    levels = sorted({deep(slug) for slug, _receipts in deliveries})
    return [[(slug, receipts) for slug, receipts in deliveries if deep(slug) == level] for level in levels]


async def report(installation: Installation, city: City, failed: list[dict[str, str]], seconds: float) -> Loaded:
    """The figures of the loaded city, beside the planted truth."""
    findings: dict[Delivery, Path] = {}
    conflicts: dict[Delivery, list[Path]] = {}
    # a conflict is measured from both sides; it counts once, where one refers to the other
    refers = {(d.spec.slug, reference.to_dataset) for d in city.datasets for reference in d.contract.references}
    rows = deliveries = 0
    async with installation.db.read() as tx:
        for dataset in await list_datasets(tx):
            arrived = [d.id for d in reversed(await list_deliveries(tx, dataset, 100))]
            deliveries += len(arrived)
            numbers: dict[int, int] = {}
            for version in await list_versions(tx, dataset):
                rows += version.row_count + version.quarantined
                number = _number(city, dataset.name, arrived.index(version.delivery_id) + 1, len(arrived))
                findings[dataset.name, number] = installation.objects.path(version.manifest["objects"]["findings"])
                numbers[version.no] = number
            for conflict in await list_conflicts(tx, dataset.id):
                if conflict.object and (dataset.name, conflict.other_name) in refers:
                    held_against = conflicts.setdefault((dataset.name, numbers[conflict.version_no]), [])
                    held_against.append(installation.objects.path(conflict.object))
        health = await get_city_health(tx)
    held = compare(city.truth, findings, conflicts)
    return Loaded(
        agencies=sum(1 for a in health.agencies if a.datasets),
        datasets=len(health.datasets),
        deliveries=deliveries,
        failed=failed,
        rows=rows,
        findings={kind: msgspec.to_builtins(score) for kind, score in held.by_kind.items()},
        false_alarms=held.false_alarms,
        virtues={name: getattr(health.virtues, name) for name in NAMES},
        seconds=round(seconds, 1),
    )


def _number(city: City, slug: str, place: int, arrived: int) -> int:
    """Number of a delivery in the city's own count: portals and databases only ever show their last one."""
    made = next((len(d.deliveries) for d in city.datasets if d.spec.slug == slug), arrived)
    return made - (arrived - place)
