-- Snapshots (CIM 009, 5.16): what some queries found, frozen. The copies are entities of a tenant that no client can name.

create table graph.snapshot (
  tenant int not null references graph.tenant,
  id text collate "C" not null,
  place int not null references graph.tenant,   -- where the copies are
  doc bytea not null,                           -- the members of the Snapshot, as JSON
  primary key (tenant, id)
);
