"""`nhip demo`: the model city, loaded through the real connectors and served."""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import click
import msgspec
import psycopg
from rich.progress import Progress

from nhip.datasets.store import list_datasets
from nhip.db.installation import Installation, opened
from nhip.db.terminal import print_json, progress
from nhip.errors import Conflict
from nhip.modelcity.generate import generate
from nhip.modelcity.live import simulated
from nhip.modelcity.load import Loaded, Step, load_city, prepare_city
from nhip.modelcity.manifest import open_city
from nhip.modelcity.model import City
from nhip.modelcity.people import User, issue_live_key, make_people, told
from nhip.modelcity.portal import Portals
from nhip.modelcity.things import map_things
from nhip.modelcity.voices import make_voices
from nhip.parts import prepare_database
from nhip.serve import address, require_built, require_port, serve
from nhip.settings import Settings, load
from nhip.web.app import STATIC

SOURCES = "nhip_demo_sources"
"""Database that stands in for the agencies' own PostgreSQL."""
FIRST_PORTAL_PORT = 8411
LOADED = "loaded.json"


class OtherDataHere(Conflict):
    """The installation in {folder} holds other data already; the model city is not mixed with them. Give the demo a folder of its
    own with --data-dir."""


@click.command()
@click.option("--load-only", is_flag=True, help="Load the model city and stop.")
@click.option("--json", "wants_json", is_flag=True, help="Print what was loaded as JSON, beside the planted truth.")
@click.option("--port", type=click.IntRange(1, 65_535), default=None, help="Port to listen on (default 8321).")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    default=None,
    help="Folder of the installation (default: var).",
)
@click.option("--seed", default=46, show_default=True, help="Another seed is another city.")
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@click.pass_obj
def demo(
    settings: Settings,
    load_only: bool,
    wants_json: bool,
    port: int | None,
    data_dir: Path | None,
    seed: int,
    no_browser: bool,
) -> None:
    """Start Nhịp with a model city: 32 agencies, 115 datasets, every kind of dirt, with known truth."""
    chosen = {"data_dir": data_dir or settings.data_dir, "port": port, "city": "Thành phố mẫu"}
    offered = None if "NHIP_SECOND_FACTOR" in os.environ else "offered"  # its passwords are printed, to look around
    settings = load({**chosen, "outgoing_private": "127.0.0.0/8", "second_factor": offered})
    if not load_only:
        require_built(STATIC)
        require_port(settings)
    with contextlib.ExitStack() as stack:
        loaded, users, key = asyncio.run(_load(settings, seed, stack, live=not load_only))
        signing_in = told(users, address(settings), settings.data_dir)
        if wants_json or load_only:
            shown = {**msgspec.to_builtins(loaded), "users": users}
            print_json(shown) if wants_json else click.echo(f"{summary(loaded)}\n\n{signing_in}")
        if load_only:
            return
        stack.enter_context(simulated(settings, key))
        serve(settings, greeting=f"{summary(loaded)}\n\n{signing_in}", browser=not no_browser)


def summary(loaded: Loaded) -> str:
    """What was loaded, in three lines."""
    planted = sum(k["planted"] for k in loaded.findings.values())
    found = sum(k["found"] + k["otherwise"] for k in loaded.findings.values())
    alarms = sum(loaded.false_alarms.values())
    return (
        f"{loaded.agencies} agencies, {loaded.datasets} datasets, {loaded.deliveries} deliveries, {loaded.rows} rows\n"
        f"{found} of {planted} planted faults found, {alarms} findings that nobody planted\n"
        f"{loaded.open} datasets are open, the publication gate keeps {len(loaded.refused)} closed"
    )


async def _load(
    settings: Settings, seed: int, stack: contextlib.ExitStack, *, live: bool
) -> tuple[Loaded, list[User], str]:
    """Everything up to serving: made and loaded once, found again on later starts. Portals run until `stack` closes. People come
    with their passwords when they are made just now; the text is the simulator's key (`live`)."""
    done = settings.data_dir / "demo" / LOADED
    async with opened(settings) as installation:
        await prepare_database(installation.db)
        if done.is_file():
            city = open_city(settings.data_dir / "demo", database_url=sources_url(installation.db.url))
            portals = _serve_portals(city, stack)
            await prepare_city(installation, city, portals)
            loaded = msgspec.json.decode(done.read_bytes(), type=Loaded)
            return loaded, *await _after_loading(installation, live)
        await _refuse_other_data(installation)
        with progress() as shown:
            city = await asyncio.to_thread(_generate, installation, seed, _step(shown, "Making the city's raw sources"))
            portals = _serve_portals(city, stack)
            await prepare_city(installation, city, portals)
            loaded = await load_city(installation, city, _steps(shown))
        await make_voices(installation)
        done.write_bytes(msgspec.json.encode(loaded))
        return loaded, *await _after_loading(installation, live)


async def _after_loading(installation: Installation, live: bool) -> tuple[list[User], str]:
    users = await make_people(installation)
    await map_things(installation)
    return users, await issue_live_key(installation) if live else ""


async def _refuse_other_data(installation: Installation) -> None:
    """The model city is not poured over somebody's own data; a load that was cut off goes on."""
    begun = (installation.settings.data_dir / "demo").is_dir()
    async with installation.db.read() as tx:
        if not begun and await list_datasets(tx):
            raise OtherDataHere(folder=installation.settings.data_dir)


def _generate(installation: Installation, seed: int, step: Step) -> City:
    url = _make_sources_database(installation.db.url)
    return generate(installation.settings.data_dir / "demo", seed=seed, database_url=url, progress=step)


def _make_sources_database(url: str) -> str:
    """A database beside Nhịp's own on the same server; made anew."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"drop database if exists {SOURCES} with (force)")
        connection.execute(f"create database {SOURCES}")
    return sources_url(url)


def sources_url(url: str) -> str:
    """The URL of the agencies' database on the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{SOURCES}"))


def _serve_portals(city: City, stack: contextlib.ExitStack) -> Portals:
    portals = Portals(city)
    try:
        portals.start(FIRST_PORTAL_PORT)
    except OSError:
        portals.stop()
        portals = Portals(city).start()
    stack.callback(portals.stop)
    return portals


def _step(shown: Progress, title: str) -> Step:
    task = shown.add_task(title, total=1)

    def step(_what: str, done: int, total: int) -> None:
        shown.update(task, completed=done, total=total)

    return step


def _steps(shown: Progress) -> Step:
    titles = {
        "fetch": "Fetching from the agencies",
        "work": "Reading, conforming, checking",
        "open": "Opening what may be open",
    }
    steps = {name: _step(shown, title) for name, title in titles.items()}

    def step(what: str, done: int, total: int) -> None:
        if what in steps:
            steps[what](what, done, total)
        else:
            shown.console.print(what)

    return step
