"""Open releases follow the versions."""

from __future__ import annotations

from typing import Any

from procrastinate import Blueprint, JobContext

from nhip.db.installation import Installation
from nhip.kernel.needs import SYSTEM, needs

blueprint = Blueprint()


@needs(SYSTEM)
@blueprint.periodic(cron="* * * * *")
@blueprint.task(name="register_due", queue="portal", pass_context=True, queueing_lock="register_due")
async def register_due(context: JobContext, timestamp: int) -> None:
    """Each minute: withdraw what is gone where it came from, tell the national portal what changed, when it answers."""
    from nhip.portal.national.service import register_due as work
    from nhip.portal.passing import withdraw_passed

    installation: Any = context.additional_context["installation"]
    assert isinstance(installation, Installation)
    await withdraw_passed(installation)
    await work(installation)


@needs(SYSTEM)
@blueprint.periodic(cron="* * * * *")
@blueprint.task(name="release_due", queue="portal", pass_context=True, queueing_lock="release_due")
async def release_due(context: JobContext, timestamp: int) -> None:
    """Each minute: release the versions of open datasets that have none yet, delete what was recalled."""
    from nhip.portal.service import release_due as work
    from nhip.portal.service import remove_recalled

    await work(_installation(context))
    await remove_recalled(_installation(context))


@needs(SYSTEM)
@blueprint.periodic(cron="*/5 * * * *")
@blueprint.task(name="examine_again", queue="portal", pass_context=True, queueing_lock="examine_again")
async def examine_again(context: JobContext, timestamp: int) -> None:
    """Each five minutes: hold a portion of the open releases before the gate that it has not judged since it changed."""
    from nhip.portal.examining import examine_again as work

    await work(_installation(context))


@needs(SYSTEM)
@blueprint.periodic(cron="20 3 * * *")
@blueprint.task(name="forget_downloads", queue="portal", pass_context=True, queueing_lock="forget_downloads")
async def forget_downloads(context: JobContext, timestamp: int) -> None:
    """Each night: forget who took what before the time that the policy in force names."""
    from nhip.portal.service import forget_downloads as work

    await work(_installation(context))


def _installation(context: JobContext) -> Installation:
    found: Any = context.additional_context["installation"]
    assert isinstance(found, Installation)
    return found
