"""Background work of the graph: partitions of the history."""

from __future__ import annotations

from typing import Any

from procrastinate import Blueprint, JobContext, RetryStrategy

from nhip.db.installation import Installation
from nhip.errors import Unavailable
from nhip.kernel.needs import SYSTEM, needs

blueprint = Blueprint()


@needs(SYSTEM)
@blueprint.periodic(cron="41 2 * * *")
@blueprint.task(
    name="keep_history",
    queue="sources",
    pass_context=True,
    queueing_lock="keep_graph_history",
    retry=RetryStrategy(max_attempts=8, exponential_wait=5, retry_exceptions=[Unavailable]),
)
async def keep_history(context: JobContext, timestamp: int) -> None:
    """Each night: make the weeks ahead, drop those whose time is over."""
    from nhip.graph.keeping import forget, make_weeks  # with the graph's own driver, which no other command needs

    installation: Any = context.additional_context["installation"]
    assert isinstance(installation, Installation)
    await make_weeks(installation.db)
    await forget(installation.db, installation.settings.graph_history_days)
