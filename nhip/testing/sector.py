"""What the tests of a sector need: its check, and its pages with its demo data, as a signed-in person sees them."""

from __future__ import annotations

from importlib import import_module

from litestar import Litestar
from litestar.testing import AsyncTestClient

from nhip.db.installation import Installation
from nhip.kernel.sector import Sector
from nhip.plugins import load_sector
from nhip.sector_check import check as check_sector
from nhip.sector_data import deliver_demo, prepare_sectors
from nhip.security.service import set_administrator_password, sign_in
from nhip.security.sessions import cookie_name

AGENT = "nhip.testing"


def sector_of(package: str) -> Sector:
    """The sector of an importable package."""
    return load_sector(package, lambda: import_module(package).sector)


def check(package: str) -> list[str]:
    """Every fault of the sector, in words; empty when it is sound."""
    return [str(fault) for fault in check_sector(sector_of(package))]


async def first_page(installation: Installation, package: str, path: str) -> str:
    """The text of the sector's page at `path` after its demo data were delivered."""
    sector = sector_of(package)
    await prepare_sectors(installation, (sector,))
    await deliver_demo(installation, sector)
    async with signed_in_client(installation) as client:
        response = await client.get(path, headers={"Accept": "text/html"})
    assert response.status_code == 200, response.text[:2000]
    return response.text


def signed_in_client(installation: Installation) -> AsyncTestClient[Litestar]:
    """A client over the whole application; use it as an async context manager. It signs in as the administrator."""
    from nhip.app import create_app

    return _SignedIn(create_app(installation.settings), installation)


class _SignedIn(AsyncTestClient[Litestar]):
    def __init__(self, app: Litestar, installation: Installation) -> None:
        super().__init__(app, base_url="http://testserver.local")
        self._installation = installation

    async def __aenter__(self) -> _SignedIn:
        await super().__aenter__()
        db, settings = self._installation.db, self._installation.settings
        async with db.tx() as tx:
            password = await set_administrator_password(tx)
        token = (await sign_in(db, "admin", password, "127.0.0.1", 1, AGENT)).token
        self.headers["user-agent"] = AGENT
        self.cookies.set(cookie_name(settings), token)
        return self
