"""The composition root: the only module that knows every part."""

from __future__ import annotations

from nhip.datasets import jobs as dataset_jobs
from nhip.db import Database
from nhip.db.migrate import Migration, list_pending, migrate
from nhip.jobs import app as jobs

PACKAGES = ["nhip.security", "nhip.datasets"]
"""Packages that own tables, in the order of their migrations."""


async def prepare_database(db: Database) -> list[Migration]:
    """Run every pending migration; gives what ran."""
    ran = await migrate(db, PACKAGES)
    await jobs.install(db)
    return ran


async def list_missing(db: Database) -> list[Migration]:
    """Migrations that have not run."""
    return await list_pending(db, PACKAGES)


jobs.app.add_tasks_from(dataset_jobs.blueprint, namespace="datasets")
