-- name: list_table_sizes
-- Tables by the room that they take with their indexes.
select n.nspname || '.' || c.relname "table", pg_total_relation_size(c.oid) bytes, greatest(c.reltuples, 0)::bigint rows
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema')
order by 2 desc limit 40
