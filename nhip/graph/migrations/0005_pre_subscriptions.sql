-- Subscriptions with their counters. Processes hold them in memory; `rev` and the notice tell them what changed.
create sequence graph.sub_rev;
create table graph.sub (
  tenant int not null references graph.tenant,
  id text collate "C" not null,
  doc jsonb not null,             -- the subscription, its names as IRIs (nhip/graph/subscriptions/reading.py)
  context jsonb,                  -- the @context that notifications are written in, as given
  rev bigint not null default nextval('graph.sub_rev'),
  created_at timestamptz not null default now(),
  modified_at timestamptz not null default now(),
  times_sent bigint not null default 0,
  times_failed bigint not null default 0,
  last_notification timestamptz,
  last_success timestamptz,
  last_failure timestamptz,
  next_at timestamptz,            -- of those with a timeInterval: when the next notification is due
  primary key (tenant, id)
);
