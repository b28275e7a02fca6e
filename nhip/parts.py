"""The parts of an installation that have tables and jobs: what has to be prepared before anything is served."""

from __future__ import annotations

from nhip.backup import jobs as backup_jobs
from nhip.datasets import jobs as dataset_jobs
from nhip.db import Database
from nhip.db.errors import SchemaBehind
from nhip.db.installation import Installation
from nhip.db.migrate import Migration, list_pending, migrate
from nhip.graph import jobs as graph_jobs
from nhip.jobs import app as jobs
from nhip.ledger import jobs as ledger_jobs
from nhip.plugins import found_sectors
from nhip.portal import jobs as portal_jobs
from nhip.portal.dcat import jobs as dcat_jobs
from nhip.portal.people import jobs as people_jobs
from nhip.privacy import jobs as privacy_jobs

PACKAGES = [
    "nhip.jobs",
    "nhip.ledger",
    "nhip.security",
    "nhip.datasets",
    "nhip.privacy",
    "nhip.portal",
    "nhip.graph",
    "nhip.things",
]
"""Packages that own tables, in the order of their migrations."""

jobs.app.add_tasks_from(dataset_jobs.blueprint, namespace="datasets")
jobs.app.add_tasks_from(backup_jobs.blueprint, namespace="backup")
jobs.app.add_tasks_from(portal_jobs.blueprint, namespace="portal")
jobs.app.add_tasks_from(dcat_jobs.blueprint, namespace="dcat")
jobs.app.add_tasks_from(people_jobs.blueprint, namespace="people")
jobs.app.add_tasks_from(graph_jobs.blueprint, namespace="graph")
jobs.app.add_tasks_from(ledger_jobs.blueprint, namespace="ledger")
jobs.app.add_tasks_from(privacy_jobs.blueprint, namespace="privacy")
for _sector in found_sectors():
    if _sector.jobs is not None:
        jobs.app.add_tasks_from(_sector.jobs, namespace=_sector.name)


def packages() -> list[str]:
    """Our packages that own tables, then those of the sectors."""
    return [*PACKAGES, *(s.package for s in found_sectors())]


async def prepare_database(db: Database) -> list[Migration]:
    """Run every pending migration; gives what ran."""
    ran = await migrate(db, packages())
    await jobs.install(db)
    return ran


async def make_ready(installation: Installation) -> None:
    """Bring the embedded database up to date. Raises SchemaBehind for an external one, which only `nhip migrate` changes."""
    missing = await list_missing(installation.db)
    if missing and installation.server is None:
        raise SchemaBehind(count=len(missing))
    if missing:
        await prepare_database(installation.db)


async def list_missing(db: Database) -> list[Migration]:
    """Migrations that have not run."""
    return await list_pending(db, packages())
