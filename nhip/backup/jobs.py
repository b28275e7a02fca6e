"""The backup of each night, and the one that somebody asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from procrastinate import Blueprint, JobContext

from nhip.backup.errors import NoPlace
from nhip.backup.make import make_backup
from nhip.backup.seal import passphrase_of
from nhip.db.installation import Installation
from nhip.kernel.needs import SYSTEM, needs
from nhip.kernel.time import VIETNAM, now

blueprint = Blueprint()


def _installation(context: JobContext) -> Installation:
    found: Any = context.additional_context["installation"]
    assert isinstance(found, Installation)
    return found


@needs(SYSTEM)
@blueprint.periodic(cron="4 * * * *")
@blueprint.task(name="nightly", queue="care", pass_context=True, queueing_lock="backup")
async def nightly(context: JobContext, timestamp: int) -> None:
    """Each hour: make the day's backup when its hour has come."""
    settings = _installation(context).settings
    if settings.backup_to and now().astimezone(VIETNAM).hour == settings.backup_hour:
        await back_up(_installation(context))


@needs("backup.make")
@blueprint.task(name="make", queue="care", pass_context=True, queueing_lock="backup")
async def make(context: JobContext) -> None:
    """Make a backup now."""
    await back_up(_installation(context))


async def back_up(installation: Installation) -> None:
    """A backup to the place of the settings. Raises NoPlace when there is none."""
    settings = installation.settings
    if not settings.backup_to:
        raise NoPlace
    target = Path(settings.backup_to)
    await make_backup(installation, target, passphrase=passphrase_of(), keep=settings.backup_keep)
