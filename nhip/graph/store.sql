-- The hot path of the graph, for asyncpg ($1, $2, ...). Lists come as arrays, one element a row.

-- name: list_iris
-- The whole dictionary.
select id, iri from graph.iri

-- name: find_iris
-- Numbers of these IRIs, as far as there are any.
select id, iri from graph.iri where iri = any($1::text[])

-- name: name_iris
-- The IRIs of these numbers.
select id, iri from graph.iri where id = any($1::int[])

-- name: add_iris
-- Give numbers to IRIs that have none; in order, so that two processes never wait for each other crosswise.
insert into graph.iri (iri) select i from unnest($1::text[]) i order by i on conflict do nothing

-- name: find_shape
-- The number of this set of types and attributes.
select id from graph.shape where tenant = $1 and types = $2::int[] and attrs = $3::int[]

-- name: add_shape
-- A new set of types and attributes.
insert into graph.shape (tenant, types, attrs) values ($1, $2::int[], $3::int[]) on conflict do nothing

-- name: find_tenant
-- The number of a tenant.
select id from graph.tenant where name = $1

-- name: add_tenant
-- Make a tenant.
insert into graph.tenant (name) values ($1) on conflict do nothing

-- name: list_indexed
-- Attributes whose values have rows.
select tenant, attr from graph.indexed

-- name: next_eno
-- The first of a thousand numbers of lives.
select nextval('graph.eno')

-- name: next_iid
-- The first of ten thousand numbers of instances.
select nextval('graph.iid')

-- name: take_slot
-- Claim a slot of the counters until this connection ends.
select pg_try_advisory_lock(hashtext('graph.slot'), $1)

-- name: get
-- Entities by id.
select id, doc, sys, ver, due_at from graph.entity where tenant = $1 and id = any($2::text[])

-- name: lock
-- Entities that are about to change; in order of their ids, so that two processes never wait for each other crosswise.
select id, doc, sys, ver, due_at, eno, shape, (select count(*) from graph.indexed) as indexed
from graph.entity where tenant = $1 and id = any($2::text[]) order by id for update

-- name: insert_entities
-- New entities; gives those that were not there.
insert into graph.entity (tenant, id, eno, shape, ver, due_at, doc, sys)
select $1, id, eno, shape, 1, due_at, doc, sys
from unnest($2::text[], $3::bigint[], $4::int[], $5::timestamptz[], $6::bytea[], $7::bytea[])
  as t(id, eno, shape, due_at, doc, sys)
on conflict do nothing
returning id, (select count(*) from graph.indexed) as indexed

-- name: update_entities
-- Changed entities, locked before.
update graph.entity e set shape = t.shape, ver = e.ver + 1, due_at = t.due_at, doc = t.doc, sys = t.sys
from unnest($2::text[], $3::int[], $4::timestamptz[], $5::bytea[], $6::bytea[]) as t(id, shape, due_at, doc, sys)
where e.tenant = $1 and e.id = t.id

-- name: delete_entities
-- Entities that are no more.
delete from graph.entity where tenant = $1 and id = any($2::text[])

-- name: delete_entity_type
-- Types that entities lost.
delete from graph.entity_type e using unnest($2::int[], $3::text[]) as t(type, id)
where e.tenant = $1 and e.type = t.type and e.id = t.id

-- name: insert_entity_type
-- Types that entities got.
insert into graph.entity_type (tenant, type, id) select $1, type, id from unnest($2::int[], $3::text[]) as t(type, id)
on conflict do nothing

-- name: delete_entity_scope
-- Scopes that entities lost.
delete from graph.entity_scope e using unnest($2::text[], $3::text[]) as t(scope, id)
where e.tenant = $1 and e.scope = t.scope and e.id = t.id

-- name: insert_entity_scope
-- Scopes that entities got.
insert into graph.entity_scope (tenant, scope, id) select $1, scope, id from unnest($2::text[], $3::text[]) as t(scope, id)
on conflict do nothing

-- name: delete_entity_geo
-- Places that entities lost.
delete from graph.entity_geo e using unnest($2::text[], $3::int[], $4::int[]) as t(id, attr, n)
where e.tenant = $1 and e.id = t.id and e.attr = t.attr and e.n = t.n

-- name: insert_entity_geo
-- Places that entities got, or moved to.
insert into graph.entity_geo (tenant, id, attr, n, shape)
select $1, id, attr, n, box(point(west, south), point(east, north))
from unnest($2::text[], $3::int[], $4::int[], $5::float8[], $6::float8[], $7::float8[], $8::float8[])
  as t(id, attr, n, west, south, east, north)
on conflict (tenant, id, attr, n) do update set shape = excluded.shape

-- name: delete_attr_num
-- Numbers that are no longer.
delete from graph.attr_num e using unnest($2::int[], $3::float8[], $4::text[]) as t(attr, val, id)
where e.tenant = $1 and e.attr = t.attr and e.val = t.val and e.id = t.id

-- name: insert_attr_num
-- Numbers of attributes in use.
insert into graph.attr_num (tenant, attr, val, id)
select $1, attr, val, id from unnest($2::int[], $3::float8[], $4::text[]) as t(attr, val, id) on conflict do nothing

-- name: delete_attr_txt
-- Texts that are no longer.
delete from graph.attr_txt e using unnest($2::int[], $3::text[], $4::text[]) as t(attr, val, id)
where e.tenant = $1 and e.attr = t.attr and e.val = t.val and e.id = t.id

-- name: insert_attr_txt
-- Texts of attributes in use.
insert into graph.attr_txt (tenant, attr, val, id)
select $1, attr, val, id from unnest($2::int[], $3::text[], $4::text[]) as t(attr, val, id) on conflict do nothing

-- name: delete_attr_ref
-- Links that are no longer.
delete from graph.attr_ref e using unnest($2::int[], $3::text[], $4::text[]) as t(attr, target, id)
where e.tenant = $1 and e.attr = t.attr and e.target = t.target and e.id = t.id

-- name: insert_attr_ref
-- Links to other entities.
insert into graph.attr_ref (tenant, attr, target, id)
select $1, attr, target, id from unnest($2::int[], $3::text[], $4::text[]) as t(attr, target, id) on conflict do nothing

-- name: count_shapes
-- Add to the counters of this process's slot.
insert into graph.shape_count (shape, slot, entities)
select shape, $1, entities from unnest($2::int[], $3::bigint[]) as t(shape, entities)
on conflict (shape, slot) do update set entities = graph.shape_count.entities + excluded.entities

-- name: insert_past
-- Lives that ended.
insert into graph.past (tenant, id, eno, types, created_at, modified_at, deleted_at)
select $1, id, eno, types::int[], created_at, modified_at, deleted_at
from unnest($2::text[], $3::bigint[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[])
  as t(id, eno, types, created_at, modified_at, deleted_at)
