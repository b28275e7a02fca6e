-- Copies of subscriptions at context sources. Each row is work until the source has what is wanted there.
create table graph.relay (
  id text collate "C" primary key,        -- the copy's own id: whoever knows it may notify us for the subscription
  tenant int not null references graph.tenant,
  subscription text collate "C" not null,
  registration text collate "C" not null,
  rev bigint not null,                    -- of the subscription that `wanted` was made from
  source jsonb not null,                  -- the registration by which the source is reached
  wanted jsonb,                           -- the copy as it is to be; null: it is to go
  told jsonb,                             -- as the source has it; null: it was never told; {}: it may have been
  tries int not null default 0,
  due_at timestamptz,                     -- when to try next; null: all is as it should be
  unique (tenant, subscription, registration)
);
create index on graph.relay (due_at) where due_at is not null;

-- The brokers by which a subscription came to us (Via), if it came by any: it is not sent back to them.
create table graph.relay_path (
  tenant int not null references graph.tenant,
  subscription text collate "C" not null,
  via text[] not null,
  primary key (tenant, subscription)
);

-- Where the entities of a map are: registrations by the entity's id; none: here.
alter table graph.entity_map add column sources jsonb not null default '{}';
