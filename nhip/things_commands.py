"""`nhip things`: which datasets' rows are things of the live graph, and bringing the graph up to date."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import click
import msgspec

from nhip.datasets.store import get_dataset
from nhip.db.installation import Installation
from nhip.db.terminal import print_json, print_table, with_installation
from nhip.files import text_of
from nhip.graph_commands import serving
from nhip.graph_layer import node_of
from nhip.kernel.time import monotonic
from nhip.settings import Settings
from nhip.things import service, store
from nhip.things.keeping import bring_up_to_date, catch_up
from nhip.things.model import Fault, Held, Mapping, Report
from nhip.things.reading import read_mapping, read_mappings
from nhip.things.writing import mapping_toml

AS_JSON = click.option("--json", "wants_json", is_flag=True, help="Print JSON for scripts.")
_LOOK_S = 0.2
_WAIT_S = 600


@click.group()
def things() -> None:
    """Which datasets' rows are things of the live graph."""


@things.command("list")
@AS_JSON
@click.pass_obj
def list_(settings: Settings, wants_json: bool) -> None:
    """The datasets that are mapped to things, and what the graph holds of them."""

    async def work(installation: Installation) -> list[Held]:
        async with installation.db.read() as tx:
            return await store.list_held(tx)

    found = with_installation(settings, work)
    if wants_json:
        print_json(found)
        return
    rows = [
        (one.dataset_name, one.mapping["type"], one.things, one.version_no, _state(one), one.refused) for one in found
    ]
    print_table(("dataset", "type", "things", "version", "state", "faults"), rows)


def _state(one: Held) -> str:
    return "ending" if one.ending else "up to date" if one.stamp else "waiting"


@things.command()
@click.argument("dataset")
@AS_JSON
@click.pass_obj
def show(settings: Settings, dataset: str, wants_json: bool) -> None:
    """The mapping of DATASET as `nhip things put` reads it; as JSON with the rows of which something did not become a thing."""

    async def work(installation: Installation) -> tuple[Held, list[Fault]]:
        async with installation.db.read() as tx:
            return await service.get_mapping(tx, dataset), await store.list_faults(tx, dataset)

    found, faults = with_installation(settings, work)
    if wants_json:
        print_json({**msgspec.structs.asdict(found), "faults": [_told(fault) for fault in faults]})
        return
    click.echo(mapping_toml(read_mapping(found.mapping)), nl=False)
    click.echo(f"# {found.things} things, {_state(found)}, {len(faults)} faults")


def _told(fault: Fault) -> dict[str, Any]:
    return {"row": fault.row, "reason": fault.reason.format(value=fault.value), "value": fault.value}


@things.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Change nothing: print the first things that would come out.")
@AS_JSON
@click.pass_obj
def put(settings: Settings, file: Path, dry_run: bool, wants_json: bool) -> None:
    """Map datasets to things as FILE (TOML, a table [[thing]] each) says. A running server then brings the graph up to date."""
    mappings = read_mappings(text_of(file))

    async def look(installation: Installation) -> list[service.Preview]:
        return [await service.preview(installation, one) for one in mappings]

    async def work(installation: Installation) -> list[str]:
        async with installation.db.tx() as tx:
            return [one.dataset for one in mappings if await service.put_mapping(tx, one)]

    if dry_run:
        _print_previews(mappings, with_installation(settings, look), wants_json=wants_json)
        return
    changed = with_installation(settings, work)
    if wants_json:
        print_json({"changed": changed, "same": [one.dataset for one in mappings if one.dataset not in changed]})
        return
    for one in mappings:
        click.echo(f"{one.dataset}: {one.type}" + ("" if one.dataset in changed else " (as it was)"))


def _print_previews(mappings: list[Mapping], found: list[service.Preview], *, wants_json: bool) -> None:
    if wants_json:
        print_json([{**msgspec.structs.asdict(one), "faults": [_told(fault) for fault in one.faults]} for one in found])
        return
    for mapping, one in zip(mappings, found, strict=True):
        version = f"version {one.version}" if one.version else "no version yet"
        click.echo(f"{one.dataset}: {mapping.type}, {version}")
        print_json(one.things)
        print_table(("row", "why", "value"), [_told(fault).values() for fault in one.faults])


@things.command()
@click.argument("dataset")
@click.option("--keep", is_flag=True, help="Leave its things in the graph; nothing keeps them up to date any more.")
@AS_JSON
@click.pass_obj
def remove(settings: Settings, dataset: str, keep: bool, wants_json: bool) -> None:
    """Take the mapping of DATASET away, and the things that it made."""

    async def work(installation: Installation) -> int:
        async with installation.db.tx() as tx:
            found = await service.remove_mapping(tx, dataset, keep=keep)
        if not keep:
            await _worked(installation, dataset)
        return found.things

    count = with_installation(settings, work)
    if wants_json:
        print_json({"dataset": dataset, "things": count, "deleted": not keep})
    else:
        click.echo(f"{dataset}: {count} things {'stay in the graph' if keep else 'deleted'}")


@things.command()
@click.argument("dataset", required=False)
@AS_JSON
@click.pass_obj
def run(settings: Settings, dataset: str | None, wants_json: bool) -> None:
    """Bring the graph up to date with what is mapped, or with DATASET alone, now; a running server does it by itself."""

    async def work(installation: Installation) -> list[Report]:
        if dataset is not None:
            async with installation.db.read() as tx:
                await service.get_mapping(tx, dataset)
            return await _worked(installation, dataset)
        async with serving(settings, node_of(settings, installation.db.url)) as node:
            return await catch_up(installation, node.graph)

    found = with_installation(settings, work)
    if wants_json:
        print_json(found)
        return
    columns = ("dataset", "version", "written", "deleted", "things", "faults")
    print_table(columns, [[getattr(one, column) for column in columns] for one in found])


async def _worked(installation: Installation, name: str) -> list[Report]:
    """Bring one dataset up to date; where another process is at it already, wait until that is done."""
    async with installation.db.read() as tx:
        dataset = await get_dataset(tx, name)
    until = monotonic() + _WAIT_S
    async with serving(installation.settings, node_of(installation.settings, installation.db.url)) as node:
        while monotonic() < until:
            report = await bring_up_to_date(installation, node.graph, dataset.id)
            async with installation.db.read() as tx:
                behind = await store.list_behind(tx)
            if report is not None or all(one.dataset_id != dataset.id for one in behind):
                return [report] if report is not None else []
            await asyncio.sleep(_LOOK_S)
    return []
