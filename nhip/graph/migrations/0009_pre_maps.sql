-- Entity maps (CIM 009, 5.2.39): the entities that a query found, fixed for the pages that follow.

create table graph.entity_map (
  tenant int not null references graph.tenant,
  id text collate "C" not null,
  ids text[] not null,            -- in the order of the query
  expires_at timestamptz not null,
  primary key (tenant, id)
);
create index on graph.entity_map (expires_at);
