-- What receivers are told that has to stay secret, sealed and apart from the documents it belongs to.
alter table graph.sub add sealed bytea;
alter table graph.watch add sealed bytea;
alter table graph.registration add sealed bytea;

-- Delivery for certain: what such subscriptions are to be told of is written in the same commit as the change.
alter table graph.sub
  add certain boolean not null default false,
  add claimed_until timestamptz,          -- a process delivers its letters until then
  add claimed_by uuid,
  add retry_at timestamptz,               -- the receiver is left in peace until then
  add failures int not null default 0;    -- in a row
alter table graph.watch add certain boolean not null default false, add retry_at timestamptz, add failures int not null default 0;
create index sub_certain on graph.sub (tenant, id) where certain;

create table graph.letter (
  seq bigint generated always as identity primary key,
  tenant int not null references graph.tenant,
  sub text collate "C" not null,          -- no reference: a subscription that goes must not stop writers; its letters are tidied away
  heard text not null,                    -- the change, JSON (nhip/graph/subscriptions/letters/model.py)
  made_at timestamptz not null default now(),
  notification uuid,                      -- given at the first try: those that have it go together, at every try
  tries int not null default 0,
  refusals int not null default 0,        -- how often the receiver said that it will not have it
  problem text,                           -- what the last try met
  dead_at timestamptz                     -- given up; somebody decides
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
create index letter_waiting on graph.letter (tenant, sub, seq) where dead_at is null;
create index letter_dead on graph.letter (dead_at) where dead_at is not null;
create index letter_notification on graph.letter (notification) where dead_at is not null;
