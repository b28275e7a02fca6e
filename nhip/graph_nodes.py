"""`nhip graph nodes`: which nodes `nhip graph serve --node` made; to save and restore them, and to end those nobody needs."""

from __future__ import annotations

from pathlib import Path

import click

from nhip.backup.programs import run
from nhip.db.terminal import print_json, print_table, with_database
from nhip.errors import NhipError
from nhip.graph.nodes import known_node, new_node, node_database, node_sizes, remove_node
from nhip.settings import Settings

_PLAIN = ("--no-owner", "--no-privileges")
"""Whoever restores a dump owns what is in it."""


class NotSaved(NhipError):
    """The node {node} could not be saved: {what}."""


class NotRestored(NhipError):
    """{file} could not be made the node {node}: {what}. Nothing of it was kept."""


@click.group()
def nodes() -> None:
    """Databases of nodes, as made by `nhip graph serve --node`."""


@nodes.command(name="list")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON for scripts.")
@click.pass_obj
def list_(settings: Settings, wants_json: bool) -> None:
    """Every node, how large its database is, and whether it is being served."""
    found = with_database(settings, node_sizes)
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

    with_database(settings, work)


@nodes.command()
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def save(settings: Settings, name: str, file: Path) -> None:
    """Save the node NAME as it is at this moment into FILE (PostgreSQL's custom format). It may be served meanwhile."""
    with_database(settings, lambda url: _save(url, name, file.absolute()))
    click.echo(
        f"{name}: saved, {file.stat().st_size / 1e6:.1f} MB. Keep the folder {settings.data_dir / 'keys'} with it."
    )


async def _save(url: str, name: str, file: Path) -> None:
    node = await known_node(url, name)
    part = file.with_name(f"{file.name}.part")
    part.touch(mode=0o600)
    try:
        if said := await run("pg_dump", node, "--format=custom", *_PLAIN, f"--file={part}", cwd=file.parent):
            raise NotSaved(node=name, what=said)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


@nodes.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("name")
@click.pass_obj
def restore(settings: Settings, file: Path, name: str) -> None:
    """Make the node NAME, which must not be there yet, of a FILE that `save` wrote."""
    with_database(settings, lambda url: _restore(url, file.absolute(), name))
    click.echo(f"{name}: restored")


async def _restore(url: str, file: Path, name: str) -> None:
    node = await new_node(url, name)
    try:
        options = (*_PLAIN, "--single-transaction", "--exit-on-error", "--dbname=")
        if said := await run("pg_restore", node, *options, str(file), cwd=file.parent):
            raise NotRestored(file=file.name, node=name, what=said)
        await node_database(url, name)
    except BaseException:
        await remove_node(url, name)
        raise
