"""The application on a port of its own, as clients that know nothing of it reach it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from nhip.app import create_app
from nhip.db.installation import Installation
from nhip.security.service import set_administrator_password
from nhip.testing.serving import serving


@pytest.fixture
async def address(installation: Installation) -> AsyncIterator[str]:
    """The address of a live server over the installation."""
    async with installation.db.tx() as tx:
        await set_administrator_password(tx)
    async with serving(create_app(installation.settings)) as url:
        yield url
