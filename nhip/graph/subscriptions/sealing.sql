-- Sealed secrets of endpoints, for `nhip keys` (psycopg); the other tables that hold some have the same columns.

-- name: list_sealed
-- Every one, held for a new seal; the key of a row is its tenant and id.
select tenant || ' ' || id as key, sealed from graph.sub where sealed is not null order by tenant, id for update

-- name: reseal
-- The same secrets under another seal.
update graph.sub set sealed = %(sealed)s
where tenant = split_part(%(key)s, ' ', 1)::int and id = substr(%(key)s, strpos(%(key)s, ' ') + 1)
