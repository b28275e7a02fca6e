-- Parts of the one statement that writes a group (statement.py): each becomes a CTE of its own. $1 is the tenant, $2 the instant;
-- $p1, $p2, ... are the part's own values, columns of its rows, written as `$p1::bigint[]`; a column of JSON is `json[]`, read as
-- text. A part that returns its rows has to touch as many as it was given.

-- name: insert_entities
insert into graph.entity (tenant, id, eno, shape, ver, due_at, doc, sys)
select $1, id, eno, shape, 1, due_at, convert_to(doc, 'UTF8'), convert_to(sys, 'UTF8')
from unnest($p1::text[], $p2::bigint[], $p3::int[], $p4::timestamptz[], $p5::json[], $p6::json[])
  as t(id, eno, shape, due_at, doc, sys)
on conflict do nothing
returning 1

-- name: update_entities
update graph.entity e
set eno = t.eno, shape = t.shape, ver = t.ver + 1, due_at = t.due_at,
  doc = convert_to(t.doc, 'UTF8'), sys = convert_to(t.sys, 'UTF8')
from unnest($p1::text[], $p2::bigint[], $p3::bigint[], $p4::bigint[], $p5::int[], $p6::timestamptz[], $p7::json[], $p8::json[])
  as t(id, ver, life, eno, shape, due_at, doc, sys)
where e.tenant = $1 and e.id = t.id and e.ver = t.ver and e.eno = t.life
returning 1

-- name: delete_entities
delete from graph.entity e using unnest($p1::text[], $p2::bigint[], $p3::bigint[]) as t(id, ver, life)
where e.tenant = $1 and e.id = t.id and e.ver = t.ver and e.eno = t.life
returning 1

-- name: lost_entity_type
delete from graph.entity_type e using unnest($p1::int[], $p2::text[]) as t(type, id)
where e.tenant = $1 and e.type = t.type and e.id = t.id

-- name: got_entity_type
insert into graph.entity_type (tenant, type, id) select $1, type, id from unnest($p1::int[], $p2::text[]) as t(type, id)
on conflict do nothing

-- name: lost_entity_scope
delete from graph.entity_scope e using unnest($p1::text[], $p2::text[]) as t(scope, id)
where e.tenant = $1 and e.scope = t.scope and e.id = t.id

-- name: got_entity_scope
insert into graph.entity_scope (tenant, scope, id) select $1, scope, id from unnest($p1::text[], $p2::text[]) as t(scope, id)
on conflict do nothing

-- name: lost_entity_geo
delete from graph.entity_geo e using unnest($p1::text[], $p2::int[], $p3::int[]) as t(id, attr, n)
where e.tenant = $1 and e.id = t.id and e.attr = t.attr and e.n = t.n

-- name: got_entity_geo
insert into graph.entity_geo (tenant, id, attr, n, shape)
select $1, id, attr, n, box(point(west, south), point(east, north))
from unnest($p1::text[], $p2::int[], $p3::int[], $p4::float8[], $p5::float8[], $p6::float8[], $p7::float8[])
  as t(id, attr, n, west, south, east, north)
on conflict (tenant, id, attr, n) do update set shape = excluded.shape

-- name: got_first_geo
insert into graph.entity_geo (tenant, id, attr, n, shape)
select $1, id, attr, n, box(point(west, south), point(east, north))
from unnest($p1::text[], $p2::int[], $p3::int[], $p4::float8[], $p5::float8[], $p6::float8[], $p7::float8[])
  as t(id, attr, n, west, south, east, north)
on conflict (tenant, id, attr, n) do update set shape = excluded.shape

-- name: lost_attr_num
delete from graph.attr_num e using unnest($p1::int[], $p2::float8[], $p3::text[]) as t(attr, val, id)
where e.tenant = $1 and e.attr = t.attr and e.val = t.val and e.id = t.id

-- name: got_attr_num
insert into graph.attr_num (tenant, attr, val, id)
select $1, attr, val, id from unnest($p1::int[], $p2::float8[], $p3::text[]) as t(attr, val, id) on conflict do nothing

-- name: lost_attr_txt
delete from graph.attr_txt e using unnest($p1::int[], $p2::text[], $p3::text[]) as t(attr, val, id)
where e.tenant = $1 and e.attr = t.attr and e.val = t.val and e.id = t.id

-- name: got_attr_txt
insert into graph.attr_txt (tenant, attr, val, id)
select $1, attr, val, id from unnest($p1::int[], $p2::text[], $p3::text[]) as t(attr, val, id) on conflict do nothing

-- name: lost_attr_ref
delete from graph.attr_ref e using unnest($p1::int[], $p2::text[], $p3::text[]) as t(attr, target, id)
where e.tenant = $1 and e.attr = t.attr and e.target = t.target and e.id = t.id

-- name: got_attr_ref
insert into graph.attr_ref (tenant, attr, target, id)
select $1, attr, target, id from unnest($p1::int[], $p2::text[], $p3::text[]) as t(attr, target, id)
on conflict do nothing

-- name: count_shapes
insert into graph.shape_count (shape, slot, entities)
select shape, slot, entities from unnest($p1::int[], $p2::int[], $p3::bigint[]) as t(shape, slot, entities)
on conflict (shape, slot) do update set entities = graph.shape_count.entities + excluded.entities

-- name: insert_letters
insert into graph.letter (tenant, sub, heard) select $1, sub, heard from unnest($p1::text[], $p2::json[]) as t(sub, heard)

-- name: insert_past
insert into graph.past (tenant, id, eno, types, created_at, modified_at, deleted_at)
select $1, id, eno, string_to_array(types, ',')::int[], created_at, modified_at, deleted_at
from unnest($p1::text[], $p2::bigint[], $p3::text[], $p4::timestamptz[], $p5::timestamptz[], $p6::timestamptz[])
  as t(id, eno, types, created_at, modified_at, deleted_at)

-- name: insert_history
insert into graph.attr_inst (eno, attr, ds, at, observed, gone, num, val, crt, mod, iid)
select eno, attr, ds, coalesce(at, $2), at is not null, val is null, num, convert_to(val, 'UTF8'), coalesce(crt, $2), $2, iid
from unnest($p1::bigint[], $p2::int[], $p3::int[], $p4::timestamptz[], $p5::float8[], $p6::json[], $p7::timestamptz[],
  $p8::bigint[]) as t(eno, attr, ds, at, num, val, crt, iid)
