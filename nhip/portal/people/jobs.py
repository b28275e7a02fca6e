"""Background work for readers: letters go out each minute, changes are gathered, what is no longer needed is forgotten."""

from __future__ import annotations

from typing import Any

from procrastinate import Blueprint, JobContext

from nhip.db.installation import Installation
from nhip.kernel.needs import SYSTEM, needs

blueprint = Blueprint()


def _installation(context: JobContext) -> Installation:
    installation: Any = context.additional_context["installation"]
    assert isinstance(installation, Installation)
    return installation


@needs(SYSTEM)
@blueprint.periodic(cron="* * * * *")
@blueprint.task(
    name="send_letters", queue="portal", pass_context=True, queueing_lock="send_letters", lock="send_letters"
)
async def send_letters(context: JobContext, timestamp: int) -> None:
    """Each minute: write to subscribers about what changed, and send the letters that wait."""
    from nhip.portal.people.outbox import send_waiting, tell_changes

    await tell_changes(_installation(context))
    await send_waiting(_installation(context))


@needs(SYSTEM)
@blueprint.periodic(cron="41 2 * * *")
@blueprint.task(name="forget_readers", queue="portal", pass_context=True, queueing_lock="forget_readers")
async def forget_readers(context: JobContext, timestamp: int) -> None:
    """Each night: forget network addresses, old letters, subscriptions that nobody confirmed."""
    from nhip.portal.people.outbox import forget

    await forget(_installation(context))
