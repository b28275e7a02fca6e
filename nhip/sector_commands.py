"""Commands on sectors: `nhip sector new|list|show|check|demo`."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from nhip.db.installation import Installation
from nhip.db.terminal import print_json, print_table, with_installation
from nhip.errors import BadInput, Conflict
from nhip.kernel.sector import Sector
from nhip.plugins import found_sectors, load_sector
from nhip.scaffold import write_sector
from nhip.sector_check import check
from nhip.sector_data import deliver_demo, prepare_sectors
from nhip.settings import Settings


class NoSuchSector(BadInput):
    """There is no sector named {name}. Install its package (`pip install -e nhip-{name}`), or give the folder that holds it."""


class BadSectorName(BadInput):
    """“{name}” cannot be the name of a sector: use 2 to 31 small letters, digits and _, beginning with a letter."""


class FolderTaken(Conflict):
    """The folder {folder} is there already and is left as it is. Choose another name, or remove it."""


@click.group()
def sector() -> None:
    """Plug-ins that bring a field of the city's work."""


@sector.command("new")
@click.argument("name")
@click.option("--title", default="", help="Vietnamese title.")
@click.option("--title-en", default="", help="English title.")
@click.option("--in", "parent", default=".", type=click.Path(file_okay=False, path_type=Path), help="Where to put it.")
def sector_new(name: str, title: str, title_en: str, parent: Path) -> None:
    """Write a working sector NAME into a folder of its own."""
    if not (name.isidentifier() and name.islower() and name.isascii() and len(name) <= 31):
        raise BadSectorName(name=name)
    folder = parent / f"nhip-{name}"
    if folder.exists():
        raise FolderTaken(folder=folder)
    for path in write_sector(folder, name, title or name, title_en or name.replace("_", " ").capitalize()):
        click.echo(path)
    click.echo(f"\npip install -e {folder}\nnhip sector check {name}\nnhip sector demo {name}")


@sector.command("list")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON for scripts.")
def sector_list(wants_json: bool) -> None:
    """Installed sectors."""
    rows = [{"name": s.name, "title": s.title, "package": s.package} for s in found_sectors()]
    print_json(rows) if wants_json else print_table(("name", "title", "package"), (r.values() for r in rows))


@sector.command("show")
@click.argument("name")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON for scripts.")
def sector_show(name: str, wants_json: bool) -> None:
    """What a sector brings: datasets, indicators, pages, permissions."""
    found = find(name)
    shown: dict[str, Any] = {
        "name": found.name,
        "title": found.title,
        "title_en": found.title_en,
        "summary": found.summary,
        "datasets": [d.name for d in found.datasets],
        "indicators": [{"name": i.name, "meaning": i.meaning, "unit": i.unit} for i in found.indicators],
        "pages": sorted({str(p) for r in found.routes for p in getattr(r, "paths", ())}),
        "jobs": sorted(found.jobs.tasks) if found.jobs is not None else [],
        "permissions": [permission.name for permission in found.permissions],
        "requires": list(found.requires),
    }
    print_json(shown) if wants_json else print_table(("part", "what"), shown.items())


@sector.command("check")
@click.argument("name")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON for scripts.")
def sector_check(name: str, wants_json: bool) -> int:
    """Everything that keeps the sector NAME (or the folder NAME) from working. Exit 1 if there is anything."""
    faults = check(find(name))
    if wants_json:
        print_json([{"where": f.where, "what": str(f)} for f in faults])
    else:
        click.echo("\n".join(map(str, faults)) or f"{name}: sound")
    return 1 if faults else 0


@sector.command("demo")
@click.argument("name")
@click.pass_obj
def sector_demo(settings: Settings, name: str) -> None:
    """Deliver the sector's demo data, the same way as real ones."""
    found = find(name)

    async def work(installation: Installation) -> int:
        from nhip.parts import prepare_database

        await prepare_database(installation.db)
        await prepare_sectors(installation, (found,))
        return await deliver_demo(installation, found)

    click.echo(f"{name}: {with_installation(settings, work)} deliveries, /console/{name}")


def find(name: str) -> Sector:
    """An installed sector by name, or the one in the folder `name`. Raises NoSuchSector, SectorBroken."""
    folder = Path(name)
    if folder.is_dir():
        package = next((p.parent for p in sorted(folder.glob("*/__init__.py"))), folder)
        sys.path.insert(0, str(package.parent.resolve()))
        return load_sector(package.name, lambda: import_module(package.name).sector)
    found = next((s for s in found_sectors() if s.name == name), None)
    if found is None:
        raise NoSuchSector(name=name)
    return found
