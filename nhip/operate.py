"""Commands that look after an installation: `nhip migrate`, `nhip doctor`, `nhip password`."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable

import click
import msgspec
import psycopg

from nhip.db import Connection
from nhip.db.installation import Installation, opened
from nhip.db.terminal import print_json, print_table, with_installation
from nhip.errors import NhipError
from nhip.kernel import random
from nhip.kernel.i18n import _
from nhip.parts import list_missing, prepare_database
from nhip.security.front import look_at_front
from nhip.security.model import Account
from nhip.security.service import set_administrator_password, set_password
from nhip.security.signin.attempts import unlock
from nhip.security.signin.errors import AccountNotFound
from nhip.security.signin.invitations import invite, invite_first
from nhip.security.store import find_account, find_administrator
from nhip.settings import Settings
from nhip.web.app import STATIC
from nhip.web.i18n import catalogue


@click.command()
@click.option("--json", "wants_json", is_flag=True, help="Print JSON for scripts.")
@click.pass_obj
def migrate(settings: Settings, wants_json: bool) -> None:
    """Bring the database to the state that this version of Nhịp needs."""

    async def work(installation: Installation) -> list[str]:
        return [f"{m.package}/{m.name}" for m in await prepare_database(installation.db)]

    ran = with_installation(settings, work, prepared=False)
    if wants_json:
        print_json(ran)
    else:
        click.echo("\n".join(ran) or "nothing to do")


@click.command()
@click.argument("name", required=False)
@click.option("--drop-factors", is_flag=True, help="The second factors are lost too: they go when the link is used.")
@click.option("--generate", is_flag=True, help="Set a new password now and print it, for scripts; all sessions end.")
@click.pass_obj
def password(settings: Settings, name: str | None, drop_factors: bool, generate: bool) -> None:
    """Print a one-time link for whoever cannot sign in: the account NAME, or the first administrator.

    The link sets a new password once, within 24 hours; then all sessions of the account end and its lock opens. While there is
    no administrator, it is the link that sets up the installation.
    """

    from nhip.serve import address

    async def work(installation: Installation) -> str:
        async with installation.db.tx() as tx:
            account = await find_account(tx, name) if name else await find_administrator(tx)
            if name and account is None:
                raise AccountNotFound(name=name)
            if generate:
                return await _generated(tx, account)
            if account is None:
                return f"{address(settings)}/setup?code={await invite_first(tx)}"
            return f"{address(settings)}/recover?code={await invite(tx, account, drops_factors=drop_factors)}"

    click.echo(with_installation(settings, work))


async def _generated(tx: Connection, account: Account | None) -> str:
    if account is None:
        return await set_administrator_password(tx)
    made = random.password()
    await set_password(tx, account, made)
    await unlock(tx, account)
    return made


class Check(msgspec.Struct, frozen=True):
    """One thing that `nhip doctor` looked at: is it well, what was seen, how to mend it. English texts and gettext keys."""

    name: str
    well: bool
    seen: str
    mend: str = ""


@click.command()
@click.option("--json", "wants_json", is_flag=True, help="Print JSON for scripts.")
@click.pass_obj
def doctor(settings: Settings, wants_json: bool) -> int:
    """Say what is wrong with this installation and how to mend it. Exit 1 if anything is."""
    import asyncio

    checks = [look(settings) for look in LOOKS]
    checks += [Check(one.name, not one.mend, one.seen, one.mend) for one in look_at_front(settings.base_url)]
    checks += asyncio.run(_look_inside(settings))
    if wants_json:
        print_json(checks)
    else:
        say = catalogue(settings.language).gettext
        heads = ("", say(_("what")), say(_("seen")), say(_("mend")))
        told = (("✓" if c.well else "✗", say(c.name), say(c.seen), say(c.mend) if c.mend else "") for c in checks)
        print_table(heads, told)
    return 0 if all(c.well for c in checks) else 1


def _python(_settings: Settings) -> Check:
    well = sys.version_info >= (3, 11)
    return Check("Python", well, sys.version.split()[0], "" if well else _("Install Python 3.11 or later."))


def _folder(settings: Settings) -> Check:
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        well = os.access(folder, os.W_OK)
    except OSError as error:
        return Check(
            _("data folder"),
            False,
            f"{error.filename}: {error.strerror}",
            _("Choose a folder that you may write to with --data-dir."),
        )
    return Check(_("data folder"), well, str(folder), "" if well else _("Give yourself the right to write there."))


def _disk(settings: Settings) -> Check:
    place = next(p for p in (settings.data_dir, *settings.data_dir.parents) if p.exists())
    free = shutil.disk_usage(place).free >> 20
    well = free >= 2048
    return Check(_("free disk"), well, f"{free} MB", "" if well else _("Free some space; less than 2 GB is left."))


def _browser_files(_settings: Settings) -> Check:
    well = (STATIC / "vendor" / "manifest.json").is_file()
    return Check(_("browser files"), well, _("ok") if well else _("missing"), "" if well else _("Run `make build`."))


_NAMED = 3
"""Missing migrations that are named; the others are counted."""
LOOKS: tuple[Callable[[Settings], Check], ...] = (_python, _folder, _disk, _browser_files)


async def _look_inside(settings: Settings) -> list[Check]:
    advice = _("See the log in the data folder, or set NHIP_DATABASE_URL.")
    if why := _why_away(settings):
        return [Check(_("database"), False, why, advice)]
    try:
        async with opened(settings, pool_size=2) as installation:
            missing = await list_missing(installation.db)
            checks = [Check(_("database"), True, _("embedded") if installation.server else _("external"))]
            names = ", ".join(f"{m.package}/{m.name}" for m in missing[:_NAMED])
            seen = f"{names} … ({len(missing)})" if len(missing) > _NAMED else names
            checks.append(
                Check(_("migrations"), not missing, seen or _("ok"), _("Run `nhip migrate`.") if missing else "")
            )
            if not missing:
                checks += await _look_at_data(installation)
            return checks
    except (NhipError, OSError) as error:
        seen = error.message() if isinstance(error, NhipError) else f"{error.filename}: {error.strerror}"
        return [Check(_("database"), False, seen, advice)]


def _why_away(settings: Settings) -> str:
    """Why an external database cannot be reached, in the words of its driver; empty for the embedded one."""
    if not settings.database_url:
        return ""
    try:
        psycopg.connect(settings.database_url, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        return str(error).splitlines()[0]
    except psycopg.Error:  # its text repeats the address, which may hold a password
        return _("NHIP_DATABASE_URL is no address of a PostgreSQL database (postgresql://user:password@host/name)")
    return ""


async def _look_at_data(installation: Installation) -> list[Check]:
    from nhip.datasets.store import list_sources, list_unfinished

    async with installation.db.read() as tx:
        unfinished = await list_unfinished(tx)
        ill = [s.name for s in await list_sources(tx) if s.problem]
    work = Check(
        _("unfinished deliveries"), not unfinished, str(len(unfinished)), _("Run `nhip sync`.") if unfinished else ""
    )
    advice = _("Run `nhip source test NAME`.") if ill else ""
    return [work, Check(_("sources"), not ill, ", ".join(ill[:5]) or _("ok"), advice)]
