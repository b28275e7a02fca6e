-- How a search finds candidates, for asyncpg ($1, $2, ...). The closure decides about each; these only have to lose none.
-- What entities have by way of types and attributes is in a few shapes: $2 are alternatives of types (rows of an array, each a
-- set of types that must all be there), $3 attributes of which one must be there, $4 attributes that all must be there. An id may
-- come more than once: to ask for distinct ones tempts the planner to read everything in the order of ids.

-- name: list_shapes
-- Shapes that fit, with how many entities have each.
select s.id, coalesce(sum(c.entities), 0)::bigint as entities
from graph.shape s left join graph.shape_count c on c.shape = s.id
where s.tenant = $1
  and (cardinality($2::int[]) = 0
       or exists (select from generate_subscripts($2::int[], 1) i where s.types @> ($2::int[])[i:i]))
  and (cardinality($3::int[]) = 0 or s.attrs && $3::int[])
  and s.attrs @> $4::int[]
group by s.id

-- name: count_of_type
-- How many entities have a type.
select coalesce(sum(c.entities), 0)::bigint
from graph.shape s join graph.shape_count c on c.shape = s.id
where s.tenant = $1 and s.types @> array[$2::int]

-- name: page_of_type
-- The next ids of a type, without some.
select id from graph.entity_type
where tenant = $1 and type = $2 and id > $3 and id <> all($6::text[]) order by id limit $4 offset $5

-- name: entities_of_type
-- The next entities of a type; `offset 0` keeps the planner from joining the tables as wholes.
select e.id, e.doc, e.sys, e.ver, e.due_at
from (select id from graph.entity_type where tenant = $1 and type = $2 order by id limit $3 offset $4) t
  cross join lateral (
    select id, doc, sys, ver, due_at from graph.entity where tenant = $1 and id = t.id offset 0
  ) e
order by e.id

-- name: all_of_type
-- The entities of a type in the order of ids; of those with documents of more bytes than $4 only the ids.
select e.id, case when octet_length(e.doc) <= $4 then e.doc end, case when octet_length(e.doc) <= $4 then e.sys end,
  e.ver, e.due_at
from (select id from graph.entity_type where tenant = $1 and type = $2 order by id limit $3) t
  cross join lateral (
    select id, doc, sys, ver, due_at from graph.entity where tenant = $1 and id = t.id offset 0
  ) e
order by t.id

-- name: all_of_tenant
-- The same of a tenant; $3 are the bytes.
select id, case when octet_length(doc) <= $3 then doc end, case when octet_length(doc) <= $3 then sys end, ver, due_at
from graph.entity where tenant = $1 order by id limit $2

-- name: count_of_all
-- How many entities a tenant has.
select coalesce(sum(c.entities), 0)::bigint
from graph.shape s join graph.shape_count c on c.shape = s.id
where s.tenant = $1

-- name: found_with_entities
-- What a find gives (one of the queries below, which has a limit) in the order of ids; the first of them as entities, but
-- those with documents of more bytes than {size}, unless there are as many rows as the limit; and how many rows there are.
with f as materialized ({find}), n as materialized (select count(*) as found from f)
select d.id, e.doc, e.sys, e.ver, e.due_at, n.found
from n
  cross join (select u.id, row_number() over (order by u.id) as place from (select distinct f.id from f) u) d
  left join lateral (
    select doc, sys, ver, due_at from graph.entity
    where tenant = $1 and id = d.id and d.place <= {some} and n.found < {most} and octet_length(doc) <= {size} offset 0
  ) e on true
order by d.id

-- name: next_of_shapes
-- The next ids of each of some shapes ($2): those after $3, at most $4 of them.
select s.shape, x.id
from unnest($2::int[], $3::text[], $4::int[]) as s(shape, after, most)
  cross join lateral (
    select e.id from graph.entity e where e.tenant = $1 and e.shape = s.shape and e.id > s.after order by e.id limit s.most
  ) x

-- name: page_of_all
-- The next ids of a tenant, without some.
select id from graph.entity where tenant = $1 and id > $2 and id <> all($5::text[]) order by id limit $3 offset $4

-- name: last_of_type
-- The last ids of a type, the last first, without some.
select id from graph.entity_type
where tenant = $1 and type = $2 and id <> all($5::text[]) order by id desc limit $3 offset $4

-- name: last_of_all
-- The last ids of a tenant, the last first, without some.
select id from graph.entity where tenant = $1 and id <> all($4::text[]) order by id desc limit $2 offset $3

-- name: far_page_of_shapes
-- Ids of some shapes, far behind the first, without some.
select id from graph.entity
where tenant = $1 and shape = any($2::int[]) and id <> all($5::text[]) order by id limit $3 offset $4

-- name: find_overlap
-- Whose place touches a box.
select id from graph.entity_geo
where tenant = $1 and attr = $2
  and shape && box(point($3::float8, $4::float8), point($5::float8, $6::float8))
limit $7

-- name: find_inside
-- Whose place lies in a box.
select id from graph.entity_geo
where tenant = $1 and attr = $2
  and shape <@ box(point($3::float8, $4::float8), point($5::float8, $6::float8))
limit $7

-- name: find_around
-- Whose place is around a box.
select id from graph.entity_geo
where tenant = $1 and attr = $2
  and shape @> box(point($3::float8, $4::float8), point($5::float8, $6::float8))
limit $7

-- name: find_numbers
-- What has a number in one of these closed intervals, each of a table of values ($2), or with a minus of what lists hold.
select n.id
from unnest($2::int[], $3::float8[], $4::float8[]) as r(attr, low, high)
  cross join lateral (
    select id from graph.attr_num where tenant = $1 and attr = r.attr and val >= r.low and val <= r.high offset 0
  ) n
limit $5

-- name: find_texts
-- What has a text in one of these intervals, from the first on and before the second; texts are cut to 256 characters.
select t.id
from unnest($2::int[], $3::text[], $4::text[]) as r(attr, low, high)
  cross join lateral (
    select id from graph.attr_txt where tenant = $1 and attr = r.attr and val >= r.low and val < r.high offset 0
  ) t
limit $5

-- name: find_named
-- What has one of these texts, or points to one of them.
select id from graph.attr_ref where tenant = $1 and attr = $2 and target = any($3::text[])
union all
select id from graph.attr_txt where tenant = $1 and attr = $2 and val = any($4::text[])
union all
select id from graph.attr_txt where tenant = $1 and attr = -$2 and val = any($4::text[])
limit $5

-- name: find_containing
-- What has a text with this part, or one of which the rest was cut away.
select id from graph.attr_txt where tenant = $1 and attr = $2 and (strpos(val, $3) > 0 or length(val) >= 256)
limit $4

-- name: find_scopes
-- What is in one of these closed intervals of scopes.
select e.id
from unnest($2::text[], $3::text[]) as r(low, high)
  join graph.entity_scope e on e.tenant = $1 and e.scope >= r.low and e.scope <= r.high
limit $4

-- name: find_ids
-- What has an id that begins with a text: from $2 on, before $3.
select id from graph.entity where tenant = $1 and id >= $2 and id < $3 order by id limit $4

-- name: first_due
-- When the next thing of all expires, or should have been swept.
select due_at from graph.entity where due_at is not null order by due_at limit 1

-- name: list_overdue
-- Entities of which something has expired that was not swept yet, with their shapes.
select id, shape from graph.entity where tenant = $1 and due_at <= $2 limit $3

-- name: count_found
-- How many entities a find gives (one of the queries above), without some.
select count(*) from (select distinct f.id from ({find}) f) d where d.id <> all({without}::text[])

-- name: count_of_shapes
-- How many of some entities ($3) have one of some shapes.
select count(*) from unnest($3::text[]) u(id) join graph.entity e on e.tenant = $1 and e.id = u.id and e.shape = any($2::int[])

-- name: list_ready
-- Tables of values that are complete.
select i.iri, x.attr from graph.indexed x join graph.iri i on i.id = x.attr where x.tenant = $1 and x.ready

-- name: ask_for_index
-- Ask for a table of values; gives its turn to the one who is to fill it in (again after a minute in which nobody did).
insert into graph.indexed (tenant, attr) values ($1, $2)
on conflict (tenant, attr) do update set asked_at = now(), turn = graph.indexed.turn + 1
  where not graph.indexed.ready and graph.indexed.asked_at < now() - interval '1 minute'
returning turn

-- name: keep_index
-- It is still being filled in, in this turn.
update graph.indexed set asked_at = now()
where tenant = $1 and attr = $2 and turn = $3 and asked_at > now() - interval '1 minute'
returning 1

-- name: list_running
-- The transactions of graph processes that run now. Whatever snapshot they have, they took this lock before it; a number that only
-- writing gives them (xid) may come later than the snapshot, so it does not tell what they can know.
select coalesce(array_agg(l.virtualxid), '{}') from pg_locks l join pg_stat_activity a using (pid)
where l.locktype = 'virtualxid' and l.mode = 'ExclusiveLock' and l.granted and l.pid <> pg_backend_pid()
  and a.datname = current_database() and a.application_name = 'nhip graph'

-- name: all_ended
-- Whether all of these have ended.
select not exists (
  select from pg_locks where locktype = 'virtualxid' and mode = 'ExclusiveLock' and virtualxid = any($1::text[])
)

-- name: list_docs
-- Entities as they are now.
select id, eno, ver, doc from graph.entity where tenant = $1 and id = any($2::text[])

-- name: fill_index
-- Rows of entities ($4 to $6: id, life, version) that are still as they were read, and which these are. The lock lets no writer come
-- between; nothing is written when another's turn ($3) has come.
with locked as materialized (
  select e.id
  from unnest($4::text[], $5::bigint[], $6::bigint[]) as t(id, eno, ver)
    join graph.entity e on e.tenant = $1 and e.id = t.id and e.eno = t.eno and e.ver = t.ver
  where exists (
    select from graph.indexed where tenant = $1 and attr = $2 and turn = $3 and asked_at > now() - interval '1 minute'
  )
  order by e.id for share of e
), numbers as (
  insert into graph.attr_num (tenant, attr, val, id)
  select $1, n.attr, n.val, n.id
  from unnest($7::int[], $8::float8[], $9::text[]) as n(attr, val, id) join locked using (id)
  on conflict do nothing
), texts as (
  insert into graph.attr_txt (tenant, attr, val, id)
  select $1, n.attr, n.val, n.id
  from unnest($10::int[], $11::text[], $12::text[]) as n(attr, val, id) join locked using (id)
  on conflict do nothing
)
select id from locked

-- name: set_ready
-- The rows of a table are complete.
update graph.indexed set ready = true where tenant = $1 and attr = $2 and turn = $3 returning 1

-- name: refresh_index
-- Figures for the planner after many rows came.
analyze graph.attr_num, graph.attr_txt

-- name: list_in_use
-- Shapes that entities have, with their types and attributes.
select s.id, s.types, s.attrs, sum(c.entities)::bigint as entities
from graph.shape s join graph.shape_count c on c.shape = s.id
where s.tenant = $1
group by s.id having sum(c.entities) > 0
order by s.id

-- name: of_shapes
-- Those of some entities ($3) that have one of some shapes.
select id from graph.entity where tenant = $1 and id = any($3::text[]) and shape = any($2::int[]) order by id

-- name: list_referring
-- What leads to an entity ($3) by a Relationship; $2 are the attributes in use.
select id, attr from graph.attr_ref where tenant = $1 and attr = any($2::int[]) and target = $3 order by attr, id limit $4
