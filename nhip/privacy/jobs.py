"""Background work on personal data: each night what is due is deleted."""

from __future__ import annotations

from typing import Any

from procrastinate import Blueprint, JobContext, RetryStrategy

from nhip.db.installation import Installation
from nhip.errors import Unavailable
from nhip.kernel.needs import SYSTEM, needs

blueprint = Blueprint()


@needs(SYSTEM)
@blueprint.periodic(cron="23 2 * * *")
@blueprint.task(
    name="purge",
    queue="sources",
    pass_context=True,
    queueing_lock="purge",
    retry=RetryStrategy(max_attempts=8, exponential_wait=5, retry_exceptions=[Unavailable]),
)
async def purge(context: JobContext, timestamp: int) -> None:
    """Each night: finish deletions that were cut off, delete what is due by the retention rules."""
    from nhip.privacy.retention.service import purge as purge_all

    installation: Any = context.additional_context["installation"]
    assert isinstance(installation, Installation)
    await purge_all(installation)
