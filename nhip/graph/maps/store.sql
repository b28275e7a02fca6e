-- Entity maps, for asyncpg ($1, $2, ...).

-- name: add_map
-- Keep a map; those whose time is over go. Nothing is given, nor kept, where those of the tenant take $8 bytes already.
with over as (delete from graph.entity_map where expires_at <= $5::timestamptz)
insert into graph.entity_map (tenant, id, ids, expires_at, sources, rights)
select $1, $2, $3::text[], $4, $6::text::jsonb, $7
where (
  select coalesce(sum(pg_column_size(ids) + pg_column_size(sources)), 0) from graph.entity_map
  where tenant = $1 and expires_at > $5::timestamptz
) < $8
returning id

-- name: get_map
-- A map that is alive.
select id, ids, expires_at, sources::text, rights from graph.entity_map where tenant = $1 and id = $2 and expires_at > $3

-- name: set_expiry
-- Another end for a map that is alive.
update graph.entity_map set expires_at = $4 where tenant = $1 and id = $2 and expires_at > $3 returning id

-- name: set_ids
-- What is left of a map.
update graph.entity_map set ids = $3::text[] where tenant = $1 and id = $2

-- name: delete_map
-- A map goes.
delete from graph.entity_map where tenant = $1 and id = $2 and expires_at > $3 returning id
