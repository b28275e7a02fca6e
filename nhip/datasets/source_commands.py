"""Commands on sources: `nhip source add|list|test|remove`."""

from __future__ import annotations

import os
from typing import Any

import click

from nhip.connectors.registry import KINDS, fields_of, get_connector, list_connectors
from nhip.datasets.sources import put_source, try_source
from nhip.datasets.store import get_source, list_sources
from nhip.db.installation import Installation
from nhip.db.terminal import print_json, print_table, with_installation
from nhip.settings import Settings
from nhip.web.i18n import catalogue


@click.group()
def source() -> None:
    """How to reach agencies' systems."""


@source.command("kinds")
@click.argument("kind", required=False, type=click.Choice(KINDS))
def source_kinds(kind: str | None) -> None:
    """The kinds of sources, or the settings of one KIND."""
    if kind is None:
        print_table(("kind", "what it reads"), ((c.kind, c.title) for c in list_connectors()))
        return
    connector = get_connector(kind)
    rows = [(f.name, f.type, "yes" if f.required else "", f.default, f.description) for f in fields_of(connector)]
    print_table(("setting", "type", "required", "default", "meaning"), rows)
    print_table(("secret", "meaning"), ((s.name, s.title) for s in connector.secrets))


@source.command("add")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("name")
@click.option("--agency", required=True, help="Code of the agency that holds the data.")
@click.option(
    "--dataset", default=None, help="Dataset of the deliveries; without it each file or resource has its own."
)
@click.option("--set", "pairs", multiple=True, metavar="KEY=VALUE", help="A setting; see `nhip source kinds KIND`.")
@click.option("--secret", "secrets", multiple=True, metavar="NAME", help="Ask for this secret (or NHIP_SECRET_<NAME>).")
@click.option("--every", "every_s", type=int, default=None, help="Fetch every so many seconds (60 or more).")
@click.pass_obj
def source_add(
    settings: Settings,
    kind: str,
    name: str,
    agency: str,
    dataset: str | None,
    pairs: tuple[str, ...],
    secrets: tuple[str, ...],
    every_s: int | None,
) -> None:
    """Add or change the source NAME. Secrets are asked for, sealed, and never shown again."""
    values: dict[str, Any] = {"name": name, "kind": kind, "agency_code": agency, "dataset": dataset, "every_s": every_s}
    values |= {"settings": dict(_pair(p) for p in pairs), "secret": {s: _ask(s) for s in secrets}}

    async def work(installation: Installation) -> None:
        async with installation.db.tx() as tx:
            await put_source(tx, installation, **values)

    with_installation(settings, work)
    click.echo(f"{name}: nhip source test {name}")


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"{text}: write KEY=VALUE")
    return key.strip(), value


def _ask(name: str) -> str:
    """A secret from the environment or the keyboard; never from the arguments, which other users of the machine can see."""
    given = os.environ.get(f"NHIP_SECRET_{name.upper()}")
    return given if given is not None else str(click.prompt(name, hide_input=True))


@source.command("list")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON for scripts.")
@click.pass_obj
def source_list(settings: Settings, wants_json: bool) -> None:
    """All sources and how their last run ended."""

    async def work(installation: Installation) -> Any:
        async with installation.db.read() as tx:
            return await list_sources(tx)

    found = with_installation(settings, work)
    if wants_json:
        print_json(found)
        return
    rows = ((s.name, s.kind, s.last_ok_at, "" if s.problem is None else "failed") for s in found)
    print_table(("name", "kind", "last good run", "problem"), rows)


@source.command("test")
@click.argument("name")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON for scripts.")
@click.pass_obj
def source_test(settings: Settings, name: str, wants_json: bool) -> None:
    """Reach the system of the source NAME and say what a fetch would bring; nothing is kept."""

    async def work(installation: Installation) -> Any:
        async with installation.db.read() as tx:
            found = await get_source(tx, name)
        return await try_source(installation, found)

    result = with_installation(settings, work)
    if wants_json:
        print_json(result)
        return
    for note in result.notes:
        click.echo(note.text(catalogue(settings.language).gettext))
    for line in result.would_fetch:
        click.echo(f"  {line}")
