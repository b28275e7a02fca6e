-- name: wait_turn
-- One installer at a time; released with the transaction.
select pg_advisory_xact_lock(7210047)

-- name: find_version
-- Last procrastinate migration that ran here, and whether the tables exist.
select (select max(name) from public.nhip_migration where package = 'procrastinate'),
       to_regclass('public.procrastinate_jobs') is not null

-- name: record_version
-- Remember a procrastinate migration.
insert into public.nhip_migration (package, name, digest) values ('procrastinate', %(name)s, '')

-- name: retry_orphans
-- Jobs in the hands of workers that gave no sign for 10 seconds go back to the queue.
update procrastinate_jobs j set status = 'todo', worker_id = null
where j.status = 'doing'
  and not exists (
      select 1 from procrastinate_workers w
      where w.id = j.worker_id and w.last_heartbeat > now() - interval '10 seconds'
  )
