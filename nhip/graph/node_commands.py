"""`nhip graph nodes`: which nodes `nhip graph serve --node` made, and the end of those that nobody needs any more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from nhip.db.installation import database_url
from nhip.db.terminal import print_json, print_table
from nhip.graph.nodes import node_sizes, remove_node
from nhip.settings import Settings

T = TypeVar("T")


@click.group()
def nodes() -> None:
    """Databases of nodes, as made by `nhip graph serve --node`."""


def _run(settings: Settings, work: Callable[[str], Awaitable[T]]) -> T:
    """Do `work` with the URL of the server that the nodes are on."""

    async def inside(url: str) -> T:
        return await work(url)

    url, server = database_url(settings)
    try:
        return asyncio.run(inside(url))
    finally:
        if server is not None:
            server.stop()


@nodes.command(name="list")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON for scripts.")
@click.pass_obj
def list_(settings: Settings, wants_json: bool) -> None:
    """Every node, how large its database is, and whether it is being served."""
    found = _run(settings, node_sizes)
    if wants_json:
        print_json(found)
        return
    print_table(("node", "MB", "served"), [(n.node, f"{n.size / 1e6:.0f}", "yes" if n.served else "no") for n in found])


@nodes.command()
@click.argument("names", nargs=-1, required=True)
@click.pass_obj
def remove(settings: Settings, names: tuple[str, ...]) -> None:
    """Delete nodes with all that they hold: things, history, subscriptions, mirrors. There is no way back."""

    async def work(url: str) -> None:
        for name in dict.fromkeys(names):
            await remove_node(url, name)
            click.echo(f"{name}: removed")

    _run(settings, work)
