"""Background work on datasets: process what arrived, fetch what is due, measure what got old."""

from __future__ import annotations

import uuid
from typing import Any

from procrastinate import Blueprint, JobContext, RetryStrategy

from nhip.db.installation import Installation
from nhip.errors import Unavailable
from nhip.kernel.needs import SYSTEM, needs

blueprint = Blueprint()


def installation_of(context: JobContext) -> Installation:
    """The installation that the worker runs in."""
    installation: Any = context.additional_context["installation"]
    assert isinstance(installation, Installation)
    return installation


@needs("dataset.deliver", "dataset.correct", "contract.edit")
@blueprint.task(
    name="process_delivery",
    queue="deliveries",
    pass_context=True,
    retry=RetryStrategy(max_attempts=8, exponential_wait=3, retry_exceptions=[Unavailable]),
)
async def process_delivery(context: JobContext, delivery_id: str) -> None:
    """Decode, conform, check and publish one delivery."""
    from nhip.datasets.pipeline import process

    await process(installation_of(context), uuid.UUID(delivery_id))


@needs("source.run")
@blueprint.task(name="run_source", queue="sources", pass_context=True)
async def run_source(context: JobContext, source_id: str) -> None:
    """Fetch from one source whose time has come."""
    from nhip.datasets.sources import run_by_id

    await run_by_id(installation_of(context), uuid.UUID(source_id))


@needs(SYSTEM)
@blueprint.periodic(cron="* * * * *")
@blueprint.task(name="fetch_due", queue="sources", pass_context=True, queueing_lock="fetch_due")
async def fetch_due(context: JobContext, timestamp: int) -> None:
    """Each minute: start the sources whose time has come."""
    from nhip.datasets.sources import enqueue_due

    await enqueue_due(installation_of(context))


@needs(SYSTEM)
@blueprint.periodic(cron="7 * * * *")
@blueprint.task(name="measure", queue="sources", pass_context=True, queueing_lock="measure")
async def measure(context: JobContext, timestamp: int) -> None:
    """Each hour: measure again what changes with time alone (live, shared) and raise alerts on drops."""
    from nhip.datasets.health import measure_all

    await measure_all(installation_of(context))


@needs(SYSTEM)
@blueprint.periodic(cron="*/5 * * * *")
@blueprint.task(name="compare", queue="sources", pass_context=True, queueing_lock="compare")
async def compare(context: JobContext, timestamp: int) -> None:
    """Every five minutes: hold what was published since against the datasets that share a key with it."""
    from nhip.datasets.conflicts import measure_conflicts

    await measure_conflicts(installation_of(context))
