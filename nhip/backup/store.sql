-- name: begin
-- One moment for the dump, the counts and the list of objects.
set transaction isolation level repeatable read, read only

-- name: export_snapshot
-- The moment, for pg_dump to see too.
select pg_export_snapshot()

-- name: describe
-- What the copy is of.
select current_setting('server_version') postgres, (select count(*) from public.nhip_migration) migrations,
       t.size events, encode(t.chain, 'hex') chain
from ledger.tip t

-- name: list_named_objects
-- Every object of the versions in force; older ones may have been purged when their time was over.
select distinct o.value name
from datasets.dataset d join datasets.version v on v.dataset_id = d.id and v.no = d.version_no,
     jsonb_each_text(v.manifest -> 'objects') o
where o.value <> ''

-- name: is_empty
-- Whether nothing of ours is in the database.
select to_regclass('public.nhip_migration') is null empty
