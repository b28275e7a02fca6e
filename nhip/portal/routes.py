"""The public routes of open data, and what they need while the application runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from nhip.db.installation import Installation
from nhip.portal.exports.api import export
from nhip.portal.rows.api import rows
from nhip.portal.rows.warm import Warm

ROUTES: list[Any] = [rows, export]


@asynccontextmanager
async def reading(installation: Installation) -> AsyncIterator[Warm]:
    """The warm DuckDB of the public routes; `app.state.warm`."""
    warm = Warm(installation)
    try:
        yield warm
    finally:
        warm.close()
