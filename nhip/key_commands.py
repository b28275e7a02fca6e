"""`nhip keys`: give the stored secrets a new key, and drop the keys before it."""

from __future__ import annotations

import click

from nhip.datasets.sources import SEALED as SOURCES
from nhip.db import Database
from nhip.db.installation import Installation
from nhip.db.terminal import with_installation
from nhip.graph.mirrors.service import SEALED as MIRRORS
from nhip.graph.nodes import list_nodes, node_database
from nhip.graph.subscriptions.sealing import SEALED as ENDPOINTS
from nhip.portal.national.service import SEALED as NATIONAL
from nhip.security.openid.service import SEALED as OPENID
from nhip.security.resealing import SealedColumn, reseal_all, reseal_readable
from nhip.security.secrets import Vault
from nhip.security.signin.totp import SEALED as TOTP
from nhip.settings import Settings

OF_NODES: list[SealedColumn] = [*ENDPOINTS, *MIRRORS]
COLUMNS: list[SealedColumn] = [*TOTP, *OPENID, *SOURCES, *NATIONAL, *OF_NODES]


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
    """Seal every stored secret with the key in use, those of `nhip graph serve --node` too; gives how many."""
    vault = Vault(installation.settings)
    async with installation.db.tx() as tx:
        count = await reseal_all(tx, vault, COLUMNS)
    for node in await list_nodes(installation.db.url):
        sealed, strange = await _reseal_node(await node_database(installation.db.url, node), vault)
        count += sealed
        if strange:
            click.echo(f"node {node}: {strange} secrets open with none of the keys here and stay as they are", err=True)
    return count


async def _reseal_node(url: str, vault: Vault) -> tuple[int, int]:
    db = Database(url, size=1)
    await db.open()
    try:
        async with db.tx() as tx:
            return await reseal_readable(tx, vault, OF_NODES)
    finally:
        await db.close()
