"""What the rows of open releases cover is counted soon after they are open."""

from __future__ import annotations

from typing import Any

from procrastinate import Blueprint, JobContext

from nhip.db.installation import Installation
from nhip.kernel.needs import SYSTEM, needs

blueprint = Blueprint()


@needs(SYSTEM)
@blueprint.periodic(cron="* * * * *")
@blueprint.task(name="look_at_releases", queue="portal", pass_context=True, queueing_lock="look_at_releases")
async def look_at_releases(context: JobContext, timestamp: int) -> None:
    """Each minute: look at releases in force that were not looked at yet."""
    from nhip.portal.dcat.service import look_at_due as work

    installation: Any = context.additional_context["installation"]
    assert isinstance(installation, Installation)
    await work(installation)
