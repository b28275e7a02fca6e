-- The history of the graph, for asyncpg ($1, $2, ...). In the texts of sightings, {time} is the column of the temporal property
-- that was asked for, {way} the direction, {which} the rows that have that property.

-- name: list_lives
-- The lives that these entities have or had.
select e.id, e.eno, s.types, e.sys, null::timestamptz as created_at, null::timestamptz as modified_at,
  null::timestamptz as deleted_at
from graph.entity e join graph.shape s on s.id = e.shape
where e.tenant = $1 and e.id = any($2::text[])
union all
select id, eno, types, null, created_at, modified_at, deleted_at from graph.past where tenant = $1 and id = any($2::text[])
order by id, eno

-- name: page_of_past
-- The next ids of lives that only the history knows; $2 are alternatives of types.
select distinct id from graph.past
where tenant = $1 and id > $3
  and (cardinality($2::int[]) = 0 or exists (select from generate_subscripts($2::int[], 1) i where types @> ($2::int[])[i:i]))
order by id limit $4

-- name: list_attributes
-- The attributes that lives ever had, each life's in turn: the index is skipped through, not read.
with recursive named (eno, attr) as (
  select e, (select min(i.attr) from graph.attr_inst i where i.eno = e) from unnest($1::bigint[]) e
  union all
  select n.eno, (select min(i.attr) from graph.attr_inst i where i.eno = n.eno and i.attr > n.attr)
  from named n where n.attr is not null
)
select eno, attr from named where attr is not null

-- name: list_sightings
-- The first instances of attributes of lives in a window of time.
select r.*
from unnest($1::bigint[], $2::int[]) as wanted(eno, attr)
  cross join lateral (
    select i.eno, i.attr, i.ds, i.{time} as seen, i.at, i.observed, i.gone, i.val, i.crt, i.mod, i.iid
    from graph.attr_inst i
    where i.eno = wanted.eno and i.attr = wanted.attr and ({which})
      and ($3::timestamptz is null or i.{time} >= $3) and ($4::timestamptz is null or i.{time} < $4)
      and ($5::int[] is null or i.ds = any($5))
    order by i.{time} {way}, i.iid {way} limit $6
  ) r
limit $7

-- name: kinds_before
-- The last state that an attribute instance had before it was deleted.
select r.*
from unnest($1::bigint[], $2::int[], $3::int[]) as wanted(eno, attr, ds)
  cross join lateral (
    select i.eno, i.attr, i.ds, i.val
    from graph.attr_inst i
    where i.eno = wanted.eno and i.attr = wanted.attr and i.ds = wanted.ds and not i.gone
    order by i.at desc, i.iid desc limit 1
  ) r

-- name: aggregate
-- Numbers by periods: of the length $5 from the instant $8 on, or those that begin at the instants $5, by their places.
select i.eno, i.attr, i.ds, {period} as period,
  count(*), count(distinct i.num), sum(i.num), avg(i.num), min(i.num), max(i.num), coalesce(stddev_pop(i.num), 0),
  sum(i.num * i.num)
from unnest($1::bigint[], $2::int[]) as wanted(eno, attr)
  join graph.attr_inst i on i.eno = wanted.eno and i.attr = wanted.attr
where i.num is not null and ({which})
  and ($3::timestamptz is null or i.{time} >= $3) and ($4::timestamptz is null or i.{time} < $4)
  and ($6::int[] is null or i.ds = any($6))
group by 1, 2, 3, 4
order by 1, 2, 3, 4
limit $7

-- name: bounds
-- The first and the last time of each life in a window, and whether all its instances are numbers.
select wanted.eno, min(i.{time}) as first, max(i.{time}) as last, count(*) filter (where i.num is null) as others
from unnest($1::bigint[], $2::int[]) as wanted(eno, attr)
  join graph.attr_inst i on i.eno = wanted.eno and i.attr = wanted.attr
where ({which})
  and ($3::timestamptz is null or i.{time} >= $3) and ($4::timestamptz is null or i.{time} < $4)
  and ($5::int[] is null or i.ds = any($5))
group by 1

-- name: add_past
-- A life that only the temporal interface was told of, or more types of one.
insert into graph.past (tenant, id, eno, types, created_at, modified_at) values ($1, $2, $3, $4::int[], $5, $5)
on conflict (tenant, id, eno) do update
  set modified_at = excluded.modified_at,
    types = (select array_agg(distinct t order by t) from unnest(graph.past.types || excluded.types) t)

-- name: add_sightings
-- Instances that were told; one that is told again for the same instant takes the place of the first. Each is looked for by itself
-- (`offset 0`), or all that an entity ever had would be read for a few that are new.
with told as (
  select * from unnest($2::int[], $3::int[], $4::timestamptz[], $5::bool[], $6::bool[], $7::float8[], $8::bytea[], $9::bigint[])
    as t(attr, ds, at, observed, gone, num, val, iid)
), same as materialized (
  select x.place
  from told t
    cross join lateral (
      select i.ctid as place from graph.attr_inst i
      where i.eno = $1 and i.attr = t.attr and i.at = t.at and i.ds = t.ds and i.observed and not i.gone offset 0
    ) x
  where t.observed
), replaced as (
  delete from graph.attr_inst i
  where i.ctid = any(array(select place from same)) and i.eno = $1 and i.observed and not i.gone
    and exists (select from told t where t.observed and t.attr = i.attr and t.ds = i.ds and t.at = i.at)
)
insert into graph.attr_inst (eno, attr, ds, at, observed, gone, num, val, crt, mod, iid)
select $1::bigint, attr, ds, at, observed, gone, num, val, $10::timestamptz, $10, iid from told

-- name: delete_lives
-- Everything that the history knows of some lives.
with inst as (delete from graph.attr_inst where eno = any($3::bigint[]) returning 1),
  lives as (delete from graph.past where tenant = $1 and id = $2 returning 1)
select (select count(*) from inst) + (select count(*) from lives) as rows

-- name: delete_attribute
-- What the history knows of an attribute; of one dataset, or all.
with inst as (
  delete from graph.attr_inst where eno = any($1::bigint[]) and attr = $2 and ($3::int is null or ds = $3) returning 1
)
select count(*) from inst

-- name: delete_sighting
-- One instance.
with inst as (delete from graph.attr_inst where eno = any($1::bigint[]) and attr = $2 and iid = $3 returning 1)
select count(*) from inst

-- name: get_sighting
-- One instance.
select eno, attr, ds, at, observed, gone, val, crt, mod, iid
from graph.attr_inst where eno = any($1::bigint[]) and attr = $2 and iid = $3 and not gone

-- name: change_sighting
-- Change one instance.
update graph.attr_inst set at = $4, observed = $5, num = $6, val = $7, mod = $8, ds = $9
where eno = $1 and attr = $2 and iid = $3

-- name: list_datasets
-- The datasets of an attribute that are there now: their last row is no deletion.
select ds from (
  select distinct on (eno, ds) ds, gone from graph.attr_inst
  where eno = any($1::bigint[]) and attr = $2 order by eno, ds, mod desc, iid desc
) l
where not gone
