"""Looking after the installation: jobs and their failures, storage, backups, settings."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from nhip.backup.jobs import make as make_backup
from nhip.backup.points import list_points
from nhip.backup.seal import passphrase_of
from nhip.console.admin.common import HOME, AnyRequest, crumbs
from nhip.console.admin.store import list_table_sizes
from nhip.console.common import installation_of
from nhip.db.installation import Installation
from nhip.errors import NhipError
from nhip.jobs.app import enqueue
from nhip.jobs.care import cancel_job, count_jobs, count_workers, list_jobs, list_last_runs, retry_job
from nhip.kernel.i18n import _
from nhip.settings import meanings, origins
from nhip.web.i18n import message_of
from nhip.web.model import Tab
from nhip.web.render import page, redirect

JOBS = f"{HOME}/jobs"
_STATES = {"failed": _("Failed"), "todo": _("Waiting"), "doing": _("Running"), "cancelled": _("Cancelled")}
_SECRET = ("database_url", "object_url", "smtp_url")
"""Settings whose value may hold a password; only whether they are set is shown."""


@get(JOBS, permission="job.read", everywhere=True)
async def show_jobs(request: AnyRequest) -> Response[str]:
    """Background jobs by state, with the reasons of failures, and the last run of each task."""
    state = request.query_params.get("state", "failed")
    state = state if state in _STATES else "failed"
    async with installation_of(request).db.read() as tx:
        counts = await count_jobs(tx)
        values: dict[str, Any] = {
            "jobs": await list_jobs(tx, state),
            "runs": await list_last_runs(tx),
            "workers": await count_workers(tx),
        }
    tabs = [Tab(title, f"{JOBS}?state={name}", name == state, counts.get(name, 0)) for name, title in _STATES.items()]
    trail = crumbs(_("Jobs"))
    return page(request, "console/admin/jobs.html", state=state, tabs=tabs, states=_STATES, crumbs=trail, **values)


@post(f"{JOBS}/{{job_id:int}}/retry", permission="job.manage", everywhere=True)
async def retry(request: AnyRequest, job_id: FromPath[int]) -> Response[Any]:
    """Run a failed job again."""
    async with installation_of(request).db.tx() as tx:
        await retry_job(tx, job_id)
    return redirect(JOBS, _("The job waits to run again."))


@post(f"{JOBS}/{{job_id:int}}/cancel", permission="job.manage", everywhere=True)
async def cancel(request: AnyRequest, job_id: FromPath[int]) -> Response[Any]:
    """Do not do a job that waits."""
    async with installation_of(request).db.tx() as tx:
        await cancel_job(tx, job_id)
    return redirect(f"{JOBS}?state=todo", _("The job is cancelled."))


@get(f"{HOME}/storage", permission="storage.read", everywhere=True)
async def show_storage(request: AnyRequest) -> Response[str]:
    """What takes room: tables, objects by kind, half-done work; and what is free."""
    installation = installation_of(request)
    async with installation.db.read() as tx:
        tables = await list_table_sizes(tx)
    objects, work = await asyncio.to_thread(_sizes, installation)
    disk = shutil.disk_usage(installation.settings.data_dir)
    values: dict[str, Any] = {"tables": tables, "objects": objects, "work": work, "disk": disk}
    return page(request, "console/admin/storage.html", crumbs=crumbs(_("Storage")), **values)


def _sizes(installation: Installation) -> tuple[dict[str, tuple[int, int]], int]:
    """Number and bytes of objects by the first part of their names; bytes of half-done work."""
    found: dict[str, tuple[int, int]] = {}
    for name, size in installation.objects.list_names():
        kind = name.partition("/")[0]
        number, total = found.get(kind, (0, 0))
        found[kind] = number + 1, total + size
    work = sum(path.stat().st_size for path in installation.work.rglob("*") if path.is_file())
    return dict(sorted(found.items())), work


@get(f"{HOME}/backups", permission="storage.read", everywhere=True)
async def show_backups(request: AnyRequest) -> Response[str]:
    """The points of the folder that the settings name."""
    settings = installation_of(request).settings
    points, problem = [], ""
    if settings.backup_to:
        try:
            points = await asyncio.to_thread(list_points, Path(settings.backup_to))
        except NhipError as error:
            problem = message_of(error)
    values: dict[str, Any] = {"points": points[::-1], "problem": problem, "place": settings.backup_to}
    values |= {"hour": settings.backup_hour, "keep": settings.backup_keep, "sealed": bool(passphrase_of())}
    return page(request, "console/admin/backups.html", crumbs=crumbs(_("Backups")), **values)


@post(f"{HOME}/backups", permission="backup.make", everywhere=True)
async def make(request: AnyRequest) -> Response[Any]:
    """Make a backup now, in the background."""
    async with installation_of(request).db.tx() as tx:
        await enqueue(tx, make_backup)
    return redirect(f"{HOME}/backups", _("The backup is being made; it appears here when it is whole."))


@get(f"{HOME}/settings", permission="setting.read", everywhere=True)
async def show_settings(request: AnyRequest) -> Response[str]:
    """Every setting: its value, where it comes from, what it means."""
    settings = installation_of(request).settings
    came = origins(settings)
    lines = []
    for name, meaning in meanings().items():
        value = getattr(settings, name)
        lines.append((name, _shown(name, value), came.get(name, "default"), meaning))
    values: dict[str, Any] = {"lines": lines, "file": settings.data_dir / "nhip.toml", "origins": ORIGINS}
    return page(request, "console/admin/settings.html", crumbs=crumbs(_("Settings")), **values)


ORIGINS = {
    "default": _("as it comes"),
    "file": _("in nhip.toml"),
    "start": _("from the environment or the command line"),
}


def _shown(name: str, value: Any) -> Any:
    if name in _SECRET:
        return _("set, not shown") if value else ""
    return msgspec.to_builtins(value, enc_hook=str)


ROUTES = [show_jobs, retry, cancel, show_storage, show_backups, make, show_settings]
