"""Why a job failed is kept in words; a failed one runs again, a waiting one is cancelled; both are in the ledger."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from procrastinate import Blueprint, JobContext

from nhip.db.installation import Installation
from nhip.errors import BadInput
from nhip.jobs import app as jobs
from nhip.jobs.care import JobGone, cancel_job, count_jobs, list_jobs, list_last_runs, retry_job
from nhip.ledger.store import list_rows

trial = Blueprint()
behaviour: dict[str, Exception | None] = {}


@trial.task(name="try", queue="trial", pass_context=True)
async def try_it(context: JobContext, secret: str = "") -> None:
    if (failure := behaviour.get("fail")) is not None:
        raise failure


@pytest.fixture(autouse=True, scope="module")
def bound() -> None:
    if "trial:try" not in jobs.app.tasks:  # a worker that others gave tests of may come here twice
        jobs.app.add_tasks_from(trial, namespace="trial")


@pytest.fixture(autouse=True)
def well() -> Iterator[None]:
    yield
    behaviour.clear()


async def _enqueue(installation: Installation) -> int:
    async with installation.db.tx() as tx:
        return int(await try_it.configure(connection=tx).defer_async())


async def _work(installation: Installation) -> None:
    await jobs.run_worker(installation, concurrency=1, wait=False)


async def test_the_reason_is_kept_and_the_job_runs_again(installation: Installation) -> None:
    behaviour["fail"] = BadInput(what="tệp hỏng")
    job_id = await _enqueue(installation)
    await _work(installation)
    async with installation.db.tx() as tx:
        [job] = await list_jobs(tx, "failed")
        assert (job.id, job.ours, job.values) == (job_id, True, {"what": "tệp hỏng"})
        assert job.template == BadInput.template()
        assert [(run.task, run.good) for run in await list_last_runs(tx) if run.task == "trial:try"] == [
            ("trial:try", False)
        ]
        await retry_job(tx, job_id)
    behaviour.clear()
    await _work(installation)
    async with installation.db.tx() as tx:
        left = await list_jobs(tx, "failed", "todo", "doing")
        assert [job for job in left if job.task == "trial:try"] == [], "what runs each minute may have come meanwhile"
        assert [run.good for run in await list_last_runs(tx) if run.task == "trial:try"] == [True]
        assert [row.body.what for row in await list_rows(tx, kind="job.retried")] == [f"job:{job_id}"]
        with pytest.raises(JobGone):
            await retry_job(tx, job_id)


async def test_what_nobody_foresaw_shows_its_kind_and_no_data(installation: Installation) -> None:
    behaviour["fail"] = ValueError("password=hunter2 012345678901")
    await _enqueue(installation)
    await _work(installation)
    async with installation.db.read() as tx:
        [job] = await list_jobs(tx, "failed")
    assert job.ours is False and job.values == {"kind": "ValueError"}
    assert "hunter2" not in repr(job)


async def test_a_waiting_job_is_cancelled_once(installation: Installation) -> None:
    job_id = await _enqueue(installation)
    async with installation.db.tx() as tx:
        await cancel_job(tx, job_id)
        assert (await count_jobs(tx))["cancelled"] == 1
    await _work(installation)
    with pytest.raises(JobGone):
        async with installation.db.tx() as tx:
            await cancel_job(tx, job_id)
    async with installation.db.read() as tx:
        assert len(await list_rows(tx, kind="job.cancelled")) == 1
