-- The live graph: entities at rest, what finds them, and their history. All identifiers of NGSI-LD are text in byte order;
-- IRIs of types, attributes and datasets are numbers of graph.iri. (tenant, id) is what a cluster would be divided by.

create extension if not exists btree_gist;
create schema graph;

create table graph.tenant (
  id int generated always as identity primary key,
  name text collate "C" not null unique,
  created_at timestamptz not null default now()
);
insert into graph.tenant (name) values ('');  -- the default tenant is 1

create table graph.iri (
  id int generated always as identity primary key,
  iri text collate "C" not null unique
);

-- Which types and attributes an entity has. Entities of one data model share a row, so that discovery and queries by attribute
-- look at hundreds of rows instead of millions.
create table graph.shape (
  id int generated always as identity primary key,
  tenant int not null references graph.tenant,
  types int[] not null,   -- sorted
  attrs int[] not null,   -- sorted
  unique (tenant, types, attrs)
);

-- How many entities have a shape: the sum over its slots. Each writing process keeps a slot of its own, so none waits for another.
create table graph.shape_count (
  shape int not null references graph.shape,
  slot smallint not null,
  entities bigint not null,
  primary key (shape, slot)
) with (fillfactor = 50);

create sequence graph.eno increment by 1000;    -- each process takes a thousand numbers at a time
create sequence graph.iid increment by 10000;

create table graph.entity (
  tenant int not null,
  id text collate "C" not null,
  eno bigint not null,            -- number of this life of the entity, which its history refers to
  shape int not null,
  ver bigint not null,
  due_at timestamptz,             -- when the first thing in it expires (the entity or an attribute instance)
  doc bytea not null,             -- the document without system attributes (nhip/graph/model.py)
  sys bytea not null,             -- its system attributes
  primary key (tenant, id)
) with (fillfactor = 75);
create index on graph.entity (tenant, shape, id);
create index on graph.entity (due_at) where due_at is not null;

create table graph.entity_type (
  tenant int not null,
  type int not null,
  id text collate "C" not null,
  primary key (tenant, type, id)
);

create table graph.entity_scope (
  tenant int not null,
  scope text collate "C" not null,
  id text collate "C" not null,
  primary key (tenant, scope, id)
);

create table graph.entity_geo (
  tenant int not null,
  id text collate "C" not null,
  attr int not null,
  n smallint not null,            -- place of the instance in the attribute
  shape box not null,             -- degrees: x longitude, y latitude; a point is a box without extent
  primary key (tenant, id, attr, n)
);
create index on graph.entity_geo using gist (tenant, attr, shape);

-- Attributes whose values are in attr_num and attr_txt: those that queries asked for. Rows of an attribute that is not ready
-- yet are incomplete.
create table graph.indexed (
  tenant int not null,
  attr int not null,
  ready boolean not null default false,
  asked_at timestamptz not null default now(),
  primary key (tenant, attr)
);

create table graph.attr_num (     -- numbers: the value of a Property, or each number in a list of it
  tenant int not null,
  attr int not null,
  val float8 not null,
  id text collate "C" not null,
  primary key (tenant, attr, val, id)
);

create table graph.attr_txt (     -- texts, each of a list or language map, and vocabulary IRIs: their first 256 characters
  tenant int not null,
  attr int not null,
  val text collate "C" not null,
  id text collate "C" not null,
  primary key (tenant, attr, val, id)
);

create table graph.attr_ref (     -- what a Relationship points to; of every attribute, always
  tenant int not null,
  attr int not null,
  target text collate "C" not null,
  id text collate "C" not null,
  primary key (tenant, attr, target, id)
);

-- One row for each state that an attribute instance had; and one without `val` (`gone`) when it was deleted. Scopes have rows too,
-- under the IRI 'scope'.
create table graph.attr_inst (
  eno bigint not null,
  attr int not null,
  ds int not null,                -- datasetId, 0 for the default instance
  at timestamptz not null,        -- observedAt, else when it was written
  observed boolean not null,      -- whether `at` is observedAt
  gone boolean not null,
  num float8,                     -- a Property's value that is a number
  val bytea,                      -- the instance as JSON, without system attributes
  crt timestamptz not null,       -- createdAt
  mod timestamptz not null,       -- modifiedAt; of a row that is gone: deletedAt
  iid bigint not null             -- instanceId
) partition by range (at);
create index on graph.attr_inst (eno, attr, at);
create index on graph.attr_inst using brin (at) with (autosummarize = on);
create table graph.attr_inst_other partition of graph.attr_inst default;  -- times before we began, and clocks far ahead

-- Lives of entities that only the history knows: ended ones, and those that only the temporal interface was told of.
create table graph.past (
  tenant int not null,
  id text collate "C" not null,
  eno bigint not null,
  types int[] not null,
  created_at timestamptz not null,
  modified_at timestamptz not null,
  deleted_at timestamptz,
  primary key (tenant, id, eno)
);
create index on graph.past using gin (types);

-- A week of history, Monday to Monday (UTC), beside those that are there; what waited for it in the default partition moves in.
create function graph.make_week(day timestamptz) returns boolean language plpgsql as $$
declare
  low timestamptz := date_trunc('week', day at time zone 'UTC') at time zone 'UTC';
  high timestamptz := low + interval '7 days';
  name text := 'attr_inst_' || to_char(low at time zone 'UTC', 'IYYY"w"IW');
begin
  perform pg_advisory_xact_lock(hashtext('graph.make_week'));
  if to_regclass('graph.' || name) is not null then
    return false;
  end if;
  lock table graph.attr_inst_other in share row exclusive mode;
  execute format('create table graph.%I (like graph.attr_inst including all)', name);
  execute format('with moved as (delete from graph.attr_inst_other where at >= $1 and at < $2 returning *)
                  insert into graph.%I select * from moved', name) using low, high;
  execute format('alter table graph.attr_inst attach partition graph.%I for values from (%L) to (%L)', name, low, high);
  return true;
end $$;

select graph.make_week(now() + n * interval '7 days') from generate_series(-1, 8) n;
