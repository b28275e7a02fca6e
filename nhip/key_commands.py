"""`nhip keys`: give the stored secrets a new key, and drop the keys before it."""

from __future__ import annotations

import click

from nhip.datasets.sources import SEALED as SOURCES
from nhip.db.installation import Installation
from nhip.db.terminal import with_installation
from nhip.graph.mirrors.service import SEALED as MIRRORS
from nhip.graph.subscriptions.sealing import SEALED as ENDPOINTS
from nhip.portal.national.service import SEALED as NATIONAL
from nhip.security.openid.service import SEALED as OPENID
from nhip.security.resealing import SealedColumn, reseal_all
from nhip.security.secrets import Vault
from nhip.security.signin.totp import SEALED as TOTP
from nhip.settings import Settings

COLUMNS: list[SealedColumn] = [*TOTP, *OPENID, *SOURCES, *NATIONAL, *ENDPOINTS, *MIRRORS]


@click.group()
def keys() -> None:
    """The key that seals stored secrets (credentials of sources, one-time codes, identity providers, receivers)."""


@keys.command()
@click.pass_obj
def rotate(settings: Settings) -> None:
    """Make a new key and seal every stored secret with it. The old key stays until `nhip keys forget`."""
    Vault(settings).rotate()
    click.echo(f"{with_installation(settings, reseal)} secrets are sealed with the new key.")


@keys.command()
@click.pass_obj
def forget(settings: Settings) -> None:
    """Drop the old keys, once whatever was sealed with them meanwhile is sealed anew. Backups made before hold them still."""
    count = with_installation(settings, reseal)
    Vault(settings).forget_old_keys()
    click.echo(f"{count} secrets are sealed with the key in use; the older keys are gone.")


async def reseal(installation: Installation) -> int:
    """Seal every stored secret with the key in use; gives how many."""
    async with installation.db.tx() as tx:
        return await reseal_all(tx, Vault(installation.settings), COLUMNS)
