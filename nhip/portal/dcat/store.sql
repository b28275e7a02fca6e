-- name: list_facts
-- What is known of the releases in force of some datasets; what was counted from another release than that is not told.
select e.dataset_id, r.digest, coalesce(x.units, '{}') as units, x.west, x.south, x.east, x.north, x.begins, x.ends
from portal.entry e join portal.release r on r.dataset_id = e.dataset_id and r.no = e.release_no
left join portal.extent x on x.dataset_id = e.dataset_id and x.digest = r.digest
where e.dataset_id = any(%(ids)s)

-- name: list_unlooked
-- Open datasets whose release in force was not looked at.
select e.dataset_id, e.name, e.release_no as no
from portal.entry e join portal.release r on r.dataset_id = e.dataset_id and r.no = e.release_no and r.recalled_at is null
where not exists (select 1 from portal.extent x where x.dataset_id = e.dataset_id and x.digest = r.digest)
order by e.modified desc limit %(most)s

-- name: put_extent
-- Where and when the rows are; nothing when the dataset was closed meanwhile.
insert into portal.extent (dataset_id, digest, units, west, south, east, north, begins, ends)
select %(dataset_id)s, %(digest)s, %(units)s, %(west)s, %(south)s, %(east)s, %(north)s, %(begins)s, %(ends)s
where exists (select 1 from portal.entry where dataset_id = %(dataset_id)s)
on conflict (dataset_id) do update
set digest = excluded.digest, units = excluded.units, west = excluded.west, south = excluded.south, east = excluded.east,
    north = excluded.north, begins = excluded.begins, ends = excluded.ends

-- name: set_places
-- The units that an entry is found by.
update portal.entry set places = %(places)s where dataset_id = %(dataset_id)s and places <> %(places)s

-- name: find_answer
-- What the addresses of a dataset answered.
select asked_at, answers from portal.answer where dataset_id = %(dataset_id)s

-- name: put_answer
-- What they answer now; nothing when the dataset was closed meanwhile.
insert into portal.answer (dataset_id, asked_at, answers)
select %(dataset_id)s, %(now)s, %(answers)s where exists (select 1 from portal.entry where dataset_id = %(dataset_id)s)
on conflict (dataset_id) do update set asked_at = excluded.asked_at, answers = excluded.answers

-- name: list_unasked
-- Open datasets whose addresses were not asked since they changed, or not since a moment (where one of them failed: a later one);
-- those never asked first.
select e.name from portal.entry e left join portal.answer a on a.dataset_id = e.dataset_id
where a.asked_at is null or a.asked_at < e.modified or a.asked_at < %(since)s
  or (a.asked_at < %(failed_since)s and exists (select from jsonb_each_text(a.answers) as told where told.value::int >= 400))
order by a.asked_at nulls first, e.name limit %(most)s

-- name: count_entries
-- How many datasets are open, or changed since a moment, and when the last of all changed.
select count(*) filter (where %(since)s::timestamptz is null or modified >= %(since)s)::int as total, max(modified) as modified
from portal.entry

-- name: list_page
-- A page of open datasets by name.
select dataset_id::text from portal.entry where %(since)s::timestamptz is null or modified >= %(since)s
order by name limit %(size)s offset %(offset)s
