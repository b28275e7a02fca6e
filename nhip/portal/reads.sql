-- name: add_reads
-- Count answers that were given; the virtue *shared* counts them too.
with used as (
    insert into datasets.use_day (dataset_id, day, reads)
    select dataset_id, day, sum(reads)
    from unnest(%(dataset_ids)s::uuid[], %(days)s::date[], %(reads)s::bigint[]) as given(dataset_id, day, reads)
    group by dataset_id, day order by dataset_id, day
    on conflict (dataset_id, day) do update set reads = datasets.use_day.reads + excluded.reads)
insert into portal.read_day (dataset_id, no, day, form, party_id, reads)
select * from unnest(%(dataset_ids)s::uuid[], %(nos)s::int[], %(days)s::date[], %(forms)s::text[], %(parties)s::uuid[], %(reads)s::bigint[])
on conflict (dataset_id, no, day, form, party_id) do update set reads = portal.read_day.reads + excluded.reads

-- name: list_readers
-- Who read rows of a release, the last day first; `party` is empty for strangers.
select w.day, w.form, w.party_id, coalesce(y.name, '') as party, w.reads
from portal.read_day w left join security.party y on y.id = w.party_id
where w.dataset_id = %(dataset_id)s and w.no = %(no)s order by w.day desc, party, w.form limit %(limit)s
