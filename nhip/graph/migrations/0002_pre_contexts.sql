-- @contexts that a tenant has here: hosted for it, made on its behalf, or copies of those that it uses from elsewhere.

create table graph.context (
  id text collate "C" primary key,          -- the local identifier, a URN; the address of what is served ends with it
  tenant int not null references graph.tenant,
  kind text not null check (kind in ('Hosted', 'Cached', 'ImplicitlyCreated')),
  url text collate "C",                     -- where a copy came from
  body bytea not null,                      -- what stands under @context, JSON
  created_at timestamptz not null,
  used_at timestamptz,
  hits bigint not null default 0,
  check ((kind = 'Cached') = (url is not null))
);
create unique index on graph.context (tenant, url) where url is not null;
create index on graph.context (tenant, kind, sha256(body));
