"""Whether the addresses of open datasets answer: Nhịp asks itself, by no network, for each page and each file.

The web server does it, as it alone serves them. A page is asked for whole, a file by HEAD, which counts as nobody's download.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
from litestar import Litestar

from nhip.db.installation import Installation
from nhip.kernel.time import now
from nhip.portal import store as portal_store
from nhip.portal.dcat import store
from nhip.portal.dcat.service import describe
from nhip.portal.model import TOPIC, Entry
from nhip.web.live import EVERYTHING, Live

log = logging.getLogger(__name__)
Ask = Callable[[str, str], Awaitable[int]]
"""Method and path -> HTTP status."""
AGAIN, AFTER_FAILURE = timedelta(days=1), timedelta(minutes=10)
"""What answered is asked again after a day; what failed sooner: a restart at the wrong moment would cost 50 points for a day."""
AT_ONCE = 60
FIRST_S, PAUSE_S, BETWEEN_S = 20.0, 60.0, 0.1
"""Seconds before the first round, between rounds while nothing changes, and between two datasets, in which others are served."""


async def keep_asking(app: Litestar, installation: Installation) -> None:
    """Round after round, until it is cancelled."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=("nhip", 0))  # type: ignore[arg-type]
    base = installation.settings.base_url or "http://localhost"
    await asyncio.sleep(FIRST_S)
    async with httpx.AsyncClient(transport=transport, base_url=base) as client:

        async def ask(method: str, path: str) -> int:
            return (await client.request(method, path, headers={"Accept": "text/html"})).status_code

        heard = 0
        while True:
            try:
                await ask_due(installation, ask, BETWEEN_S)
            except Exception:
                log.exception("open addresses could not be asked")
            heard = await _changed(app.state.live, heard)


async def _changed(live: Live, heard: int) -> int:
    """Wait until what is open changes, so that a fresh dataset has its points at once, or until a round is due. `heard`: the
    number of the last change that is known; gives that of the last one now."""
    listening: Any = live.listen(heard)
    with suppress(TimeoutError):
        async with asyncio.timeout(PAUSE_S), aclosing(listening) as topics:
            async for number, topic in topics:
                heard = number if topic else heard  # a heartbeat has no topic
                if topic in (TOPIC, EVERYTHING):
                    return heard
        await asyncio.sleep(PAUSE_S)  # nobody tells of changes: too many listen, or the server ends
    return heard


async def ask_due(installation: Installation, ask: Ask, between_s: float = 0.0) -> int:
    """Ask the addresses of datasets that changed, were not asked for a day, or failed a while ago; gives how many datasets.

    All answers are written at once: each commit that the public could see ends what is kept of public answers.
    """
    async with installation.db.read() as tx:
        names = await store.list_unasked(tx, now() - AGAIN, now() - AFTER_FAILURE, AT_ONCE)
        entries = [entry for name in names if (entry := await portal_store.find_entry(tx, name))]
    answers = {}
    for entry in entries:
        answers[entry.name] = await _answers(entry, ask)
        await asyncio.sleep(between_s)
    if answers:
        async with installation.db.tx() as tx:
            for name, given in answers.items():
                if (entry_now := await portal_store.find_entry(tx, name)) is not None:
                    await store.put_answer(tx, entry_now.dataset_id, given)
                    await describe(tx, entry_now)
    return len(answers)


async def _answers(entry: Entry, ask: Ask) -> dict[str, int]:
    home = f"/dataset/{quote(entry.name)}"
    files = {form: await ask("HEAD", f"{home}/export.{form}") for form in entry.formats}
    return {"": await ask("GET", home), **files}
