-- name: put_mapping
-- Set a dataset's mapping; the same one again changes nothing.
insert into things.mapping (dataset_id, mapping) values (%(dataset_id)s, %(mapping)s)
on conflict (dataset_id) do update set mapping = excluded.mapping, stamp = '', ending = false
where things.mapping.mapping <> excluded.mapping or things.mapping.ending

-- name: end_mapping
-- Have a dataset's things deleted, then the mapping.
update things.mapping set ending = true where dataset_id = %(dataset_id)s

-- name: delete_mapping
-- Forget a mapping; what the graph holds of it stays there.
delete from things.mapping where dataset_id = %(dataset_id)s

-- name: find_held
-- The mapping of one dataset with what the graph holds of it.
select m.dataset_id, d.name as dataset_name, d.title, d.title_en, m.mapping, m.stamp, m.version_no, m.refused, m.held_at,
       m.ending, (select count(*) from things.held h where h.dataset_id = m.dataset_id)::int as things
from things.mapping m join datasets.dataset d on d.id = m.dataset_id
where m.dataset_id = %(dataset_id)s

-- name: list_held
-- Every mapping with what the graph holds of it.
select m.dataset_id, d.name as dataset_name, d.title, d.title_en, m.mapping, m.stamp, m.version_no, m.refused, m.held_at,
       m.ending, (select count(*) from things.held h where h.dataset_id = m.dataset_id)::int as things
from things.mapping m join datasets.dataset d on d.id = m.dataset_id
where (%(within)s::uuid[] is null or d.agency_id = any(%(within)s))
order by d.name

-- name: list_behind
-- Datasets whose version in force, contract or mapping the graph does not hold yet, or whose things are to go.
select m.dataset_id, d.name
from things.mapping m join datasets.dataset d on d.id = m.dataset_id
where m.ending or d.version_no is not null
  and m.stamp <> d.version_no || '/' || coalesce(d.contract_no, 0) || '/' || md5(m.mapping::text)
order by d.name

-- name: lock_mapping
-- A mapping for the one who brings its things up to date; nothing while another does.
select mapping, stamp, ending, md5(mapping::text) as digest from things.mapping where dataset_id = %(dataset_id)s
for no key update skip locked

-- name: finish
-- The graph holds this version whole.
update things.mapping
set stamp = %(stamp)s, version_no = %(version_no)s, refused = %(refused)s, held_at = %(at)s
where dataset_id = %(dataset_id)s

-- name: find_digests
-- What is known of things with these ids.
select id, dataset_id, digest from things.held where id = any(%(ids)s)

-- name: begin_held
-- Things that are about to be written.
insert into things.held (id, dataset_id)
select id, %(dataset_id)s from unnest(%(ids)s::text[]) as given (id)
on conflict (id) do update set digest = null where things.held.dataset_id = excluded.dataset_id

-- name: end_held
-- Things that were written.
update things.held h set digest = given.digest
from unnest(%(ids)s::text[], %(digests)s::bytea[]) as given (id, digest)
where h.id = given.id and h.dataset_id = %(dataset_id)s

-- name: page_of_held
-- Ids of a dataset's things in their order.
select id from things.held where dataset_id = %(dataset_id)s and id > %(after)s order by id limit %(most)s

-- name: delete_held
-- Things that are in the graph no longer.
delete from things.held where dataset_id = %(dataset_id)s and id = any(%(ids)s)

-- name: count_held
-- How many things a dataset has in the graph.
select count(*) from things.held where dataset_id = %(dataset_id)s

-- name: clear_faults
-- Forget what was told of an earlier version.
delete from things.fault where dataset_id = %(dataset_id)s

-- name: add_faults
-- Rows of which something did not become a thing.
insert into things.fault (dataset_id, row_no, reason, value)
select %(dataset_id)s, * from unnest(%(rows)s::int[], %(reasons)s::text[], %(values)s::text[])

-- name: list_faults
-- What did not become things, by row.
select f.row_no as row, f.reason, f.value from things.fault f join datasets.dataset d on d.id = f.dataset_id
where d.name = %(name)s and (%(within)s::uuid[] is null or d.agency_id = any(%(within)s)) order by f.row_no limit %(most)s

-- name: find_holder
-- The dataset whose row a thing is, with its mapping and when the graph last came in step with it.
select d.name, d.title, d.title_en, m.mapping, m.version_no, m.held_at
from things.held h join things.mapping m on m.dataset_id = h.dataset_id join datasets.dataset d on d.id = h.dataset_id
where h.id = %(id)s and h.digest is not null and (%(within)s::uuid[] is null or d.agency_id = any(%(within)s))
