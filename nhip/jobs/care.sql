-- name: insert_failure
-- Why a job failed.
insert into jobs.failure (id, job_id, task, at, template, values, ours)
values (%(id)s, %(job_id)s, %(task)s, %(now)s, %(template)s, %(values)s, %(ours)s)

-- name: forget_failures
-- Failures from before a moment are forgotten with their jobs.
with old as (delete from jobs.failure where at < %(before)s returning job_id)
delete from procrastinate_jobs where status in ('failed', 'cancelled', 'aborted') and id in (select job_id from old)

-- name: put_last_run
-- How the last run of a task went.
insert into jobs.last_run (task, ended_at, seconds, good) values (%(task)s, %(now)s, %(seconds)s, %(good)s)
on conflict (task) do update set ended_at = excluded.ended_at, seconds = excluded.seconds, good = excluded.good

-- name: list_last_runs
-- Tasks and how their last run went.
select task, ended_at, seconds, good from jobs.last_run order by task

-- name: list_jobs
-- Jobs in one of the states, the newest first, each with the reason of its last failure.
select j.id, j.queue_name queue, j.task_name task, j.args, j.status::text state, j.attempts, j.scheduled_at,
       (select max(e.at) from procrastinate_events e where e.job_id = j.id) at,
       f.template, f.values, f.ours
from procrastinate_jobs j
left join lateral (
    select f.template, f.values, f.ours from jobs.failure f where f.job_id = j.id order by f.at desc limit 1
) f on true
where j.status::text = any(%(states)s)
order by j.id desc limit %(limit)s

-- name: count_jobs
-- How many jobs are in each state.
select status::text state, count(*) n from procrastinate_jobs group by status

-- name: retry_job
-- A failed job waits again.
update procrastinate_jobs set status = 'todo', attempts = 0, scheduled_at = null, worker_id = null
where id = %(id)s and status = 'failed'
returning id

-- name: cancel_job
-- A waiting job is not done.
update procrastinate_jobs set status = 'cancelled' where id = %(id)s and status = 'todo' returning id

-- name: count_workers
-- Workers that gave a sign in the last half minute.
select count(*) from procrastinate_workers where last_heartbeat > now() - interval '30 seconds'
