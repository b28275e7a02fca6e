-- Snapshots, for asyncpg ($1, $2, ...).

-- name: add_snapshot
-- Keep a new snapshot; gives nothing when its id is taken.
insert into graph.snapshot (tenant, id, place, doc) values ($1, $2, $3, $4) on conflict do nothing returning 1

-- name: get_snapshot
-- A snapshot and where its copies are.
select place, doc from graph.snapshot where tenant = $1 and id = $2

-- name: list_snapshots
-- All snapshots of a tenant.
select id, doc from graph.snapshot where tenant = $1 order by id

-- name: set_snapshot
-- Another state of a snapshot that was as in $4; gives nothing when it is another, or gone.
update graph.snapshot set doc = $3 where tenant = $1 and id = $2 and doc = $4 returning 1

-- name: keep_times
-- Give copies the system attributes of what they were copied from.
update graph.entity e set sys = t.sys, ver = e.ver + 1 from unnest($2::text[], $3::bytea[]) as t(id, sys) where e.tenant = $1 and e.id = t.id

-- name: delete_snapshot
-- A snapshot goes, with everything of its copies but the numbers of their tenant and shapes.
with gone as (delete from graph.snapshot where tenant = $1 and id = $2 returning place),
  entities as (delete from graph.entity e using gone where e.tenant = gone.place returning e.eno, e.shape),
  history as (delete from graph.attr_inst i using entities where i.eno = entities.eno),
  counts as (delete from graph.shape_count c using graph.shape s, gone where c.shape = s.id and s.tenant = gone.place),
  types as (delete from graph.entity_type t using gone where t.tenant = gone.place),
  scopes as (delete from graph.entity_scope t using gone where t.tenant = gone.place),
  places as (delete from graph.entity_geo t using gone where t.tenant = gone.place),
  links as (delete from graph.attr_ref t using gone where t.tenant = gone.place),
  numbers as (delete from graph.attr_num t using gone where t.tenant = gone.place),
  texts as (delete from graph.attr_txt t using gone where t.tenant = gone.place)
select count(*) from gone
