"""`nhip up`: the web server and the worker as two processes under one supervisor that starts again what dies."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import signal
import socket
import sys
import threading
import time
import webbrowser
from pathlib import Path

import click

from nhip.datasets.store import list_unfinished
from nhip.db.installation import Installation, opened
from nhip.db.keeper import kept_running
from nhip.errors import BadInput, CannotListen, DatabaseAway, PortTaken
from nhip.jobs.app import enqueue, retry_orphans, run_worker
from nhip.kernel import journal
from nhip.parts import make_ready
from nhip.plugins import found_sectors
from nhip.sector_data import prepare_sectors
from nhip.security.signin.invitations import HOURS, invite_first
from nhip.security.store import find_administrator
from nhip.settings import Settings, load
from nhip.web.app import STATIC

GRACE_S = 15.0
PAUSE_S = 1.0
ORPHANS_EVERY_S = 5.0
log = logging.getLogger(__name__)


class NotBuilt(BadInput):
    """The files for the browser are missing: {where}. Run `make build` in the checkout, then start again."""


@click.command()
@click.option("--host", default=None, help="Address to listen on (default 127.0.0.1).")
@click.option("--port", type=click.IntRange(1, 65_535), default=None, help="Port to listen on (default 8321).")
@click.pass_obj
def up(settings: Settings, host: str | None, port: int | None) -> None:
    """Serve: the console, and the work on what arrives. Ctrl-C ends it."""
    serve(load({"data_dir": settings.data_dir, "host": host, "port": port}))


def serve(settings: Settings, *, greeting: str = "", browser: bool = False) -> None:
    """Run until interrupted. `greeting` is printed once the server answers; `browser` opens the console."""
    require_built(STATIC)
    require_port(settings)
    asyncio.run(_supervise(settings, greeting, browser))


def require_built(static: Path) -> None:
    """Raises NotBuilt in a checkout without fonts and libraries, where no page could be shown."""
    manifest = static / "vendor" / "manifest.json"
    if not manifest.is_file():
        raise NotBuilt(where=str(manifest))


def require_port(settings: Settings) -> None:
    """Raises PortTaken when the address is in use, CannotListen when it is none that this machine may listen on."""
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except (OSError, OverflowError) as error:
            place = {"host": settings.host, "port": settings.port}
            if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
                raise PortTaken(**place) from error
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise CannotListen(**place, why=why) from error


async def prepare(installation: Installation) -> str:
    """Bring the database up to date; while there is no administrator, gives a new code by which somebody becomes the first.

    An external database is only changed by `nhip migrate`: raises SchemaBehind.
    """
    await make_ready(installation)
    await prepare_sectors(installation, found_sectors())
    async with installation.db.tx() as tx:
        return "" if await find_administrator(tx) else await invite_first(tx)


async def _supervise(settings: Settings, greeting: str, browser: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with opened(settings, pool_size=2) as installation:
        code = await prepare(installation)
        with kept_running(installation.server):
            tasks = [asyncio.create_task(_keep_running(settings, part, stop)) for part in ("web", "worker")]
            await _greet(settings, code, greeting, stop)
            if browser and os.environ.get("DISPLAY"):
                webbrowser.open(f"{address(settings)}/console")
            await stop.wait()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _keep_running(settings: Settings, part: str, stop: asyncio.Event) -> None:
    while not stop.is_set():
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "nhip.serve", part, env=_environment(settings), start_new_session=True
        )
        ended, stopped = asyncio.create_task(process.wait()), asyncio.create_task(stop.wait())
        await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if process.returncode is None:
            await _end(process, ended)
        elif not stop.is_set():
            _kill_group(process.pid)
            log.warning("%s ended with %s; starting it again", part, process.returncode)
            await asyncio.sleep(PAUSE_S)
        stopped.cancel()


async def _end(process: asyncio.subprocess.Process, ended: asyncio.Task[int]) -> None:
    process.terminate()
    await asyncio.wait({ended}, timeout=GRACE_S)
    _kill_group(process.pid)
    await ended


def _kill_group(leader: int) -> None:
    """End what a part had started too: a server below a killed web process would go on answering on the same port."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def _environment(settings: Settings) -> dict[str, str]:
    """The settings as environment variables, so that the parts see the same as the supervisor."""
    values = {f"NHIP_{name.upper()}": str(getattr(settings, name)) for name in settings.__struct_fields__}
    return {**os.environ, **values}


async def _greet(settings: Settings, code: str, greeting: str, stop: asyncio.Event) -> None:
    if not await _answers(settings, stop):
        return
    click.echo(greeting or f"Nhịp: {address(settings)}/console")
    if code:
        click.echo(
            f"Nhịp has no administrator yet. Open this address within {HOURS} hours to become the first one "
            f"(`nhip password` prints a new address): {address(settings)}/setup?code={code}"
        )


def address(settings: Settings) -> str:
    """The address that people open."""
    return settings.base_url or f"http://{settings.host}:{settings.port}"


async def _answers(settings: Settings, stop: asyncio.Event, within_s: float = 60) -> bool:
    """Wait until the web server takes connections."""
    until = time.monotonic() + within_s
    while not stop.is_set() and time.monotonic() < until:
        try:
            _reader, writer = await asyncio.open_connection(settings.host, settings.port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return True
    return False


def run_web(settings: Settings) -> None:
    """The web server; one process."""
    from granian.constants import Interfaces, Loops
    from granian.server import Server

    Server(
        "nhip.app:create_app",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        loop=Loops.asyncio,
        workers=1,
        log_access=False,
        backpressure=256,
    ).serve()


async def run_jobs(settings: Settings) -> None:
    """The worker: first what was cut off, then jobs as they come."""
    async with opened(settings, pool_size=settings.workers + 3) as installation:
        await enqueue_unfinished(installation)
        adopting = asyncio.create_task(_adopt_orphans(installation))
        try:
            await run_worker(installation, concurrency=settings.workers)
        finally:
            adopting.cancel()


async def _adopt_orphans(installation: Installation) -> None:
    """Look again and again: a worker that was killed counts as dead only some time after its last sign of life."""
    while True:
        with contextlib.suppress(DatabaseAway):
            if found := await retry_orphans(installation.db):
                log.warning("%s jobs of a worker that died run again", found)
        await asyncio.sleep(ORPHANS_EVERY_S)


async def enqueue_unfinished(installation: Installation) -> int:
    """Give every delivery whose work was cut off a job again; processing one that is done does nothing."""
    from nhip.datasets.jobs import process_delivery

    async with installation.db.tx() as tx:
        unfinished = await list_unfinished(tx)
        for delivery in unfinished:
            await enqueue(tx, process_delivery, lock=str(delivery.dataset_id), delivery_id=str(delivery.id))
    return len(unfinished)


def main() -> None:
    """`python -m nhip.serve web|worker`, started by the supervisor."""
    journal.begin()
    for chatty in ("procrastinate", "httpx"):  # a line for each job and request
        logging.getLogger(chatty).setLevel(logging.WARNING)
    settings = load()
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    if sys.argv[1] == "web":
        run_web(settings)
    else:
        with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
            asyncio.run(_until_terminated(settings))


def _end_with_parent(parent: int) -> None:
    """When the supervisor is killed its parts end too; else the next `nhip up` would find the port taken."""
    while os.getppid() == parent:
        time.sleep(PAUSE_S)
    os.kill(os.getpid(), signal.SIGTERM)


async def _until_terminated(settings: Settings) -> None:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await run_jobs(settings)


if __name__ == "__main__":
    main()
