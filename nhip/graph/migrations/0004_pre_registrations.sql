-- Context sources: who holds or keeps which entities elsewhere.

create table graph.registration (
  tenant int not null references graph.tenant,
  id text collate "C" not null,
  doc bytea not null,                       -- the registration, names expanded, JSON
  sent bigint not null default 0,           -- what was asked of the source for it
  failed bigint not null default 0,
  succeeded_at timestamptz,
  failed_at timestamptz,
  primary key (tenant, id)
);

-- Rises with every change, so that each process sees whether what it holds in memory is old.
create sequence graph.registration_change;
