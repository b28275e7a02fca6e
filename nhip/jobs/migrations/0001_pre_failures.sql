-- Why a job failed: procrastinate keeps that it did, not why.
create schema if not exists jobs;

create table jobs.failure (
    id uuid primary key,
    job_id bigint not null,
    task text not null,
    at timestamptz not null,
    template text not null,
    values jsonb not null default '{}',
    ours boolean not null
);
comment on column jobs.failure.ours is 'false: an error that nobody foresaw; its trace is in the log';
create index on jobs.failure (job_id, at);
create index on jobs.failure (at);

create table jobs.last_run (
    task text primary key,
    ended_at timestamptz not null,
    seconds real not null,
    good boolean not null
);
