"""Background work of the ledger: a signed tree head each minute in which something happened."""

from __future__ import annotations

from typing import Any

from procrastinate import Blueprint, JobContext

from nhip.db.installation import Installation
from nhip.kernel.needs import SYSTEM, needs
from nhip.ledger.heads import sign_head

blueprint = Blueprint()


@needs(SYSTEM)
@blueprint.periodic(cron="* * * * *")
@blueprint.task(name="sign", queue="ledger", pass_context=True, queueing_lock="sign_ledger")
async def sign(context: JobContext, timestamp: int) -> None:
    """Each minute: sign what happened since the last head. Fails, and stays failed, over a changed past."""
    installation: Any = context.additional_context["installation"]
    assert isinstance(installation, Installation)
    await sign_head(installation.db, installation.settings)
