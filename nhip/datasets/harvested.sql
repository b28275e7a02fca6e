-- name: retitle
-- Datasets here follow the title of the portal, where nobody gave them another.
with told as (select * from jsonb_to_recordset(%(told)s) as t(remote_id text, title text, sort text))
update datasets.dataset d set title = told.title, sort = told.sort
from told
join datasets.harvested h on h.source_id = %(source_id)s and h.remote_id = told.remote_id
join datasets.remote r on r.source_id = h.source_id and r.remote_id = h.remote_id
where r.dataset_id = d.id and d.title = h.title and d.title <> told.title

-- name: put_harvested
-- What the portal says; only what changed is written.
insert into datasets.harvested as h (source_id, remote_id, title, description, organisation, licence, url, tags, modified, resources,
                                     digest, sort, folded, first_seen_at, changed_at)
select %(source_id)s, t.remote_id, t.title, t.description, t.organisation, t.licence, t.url, t.tags, t.modified, t.resources, t.digest,
       t.sort, t.folded, %(now)s, %(now)s
from jsonb_to_recordset(%(told)s) as t(remote_id text, title text, description text, organisation text, licence text, url text,
                                       tags text[], modified text, resources jsonb, digest text, sort text, folded text)
on conflict (source_id, remote_id) do update
set title = excluded.title, description = excluded.description, organisation = excluded.organisation, licence = excluded.licence,
    url = excluded.url, tags = excluded.tags, modified = excluded.modified, resources = excluded.resources, digest = excluded.digest,
    sort = excluded.sort, folded = excluded.folded, changed_at = excluded.changed_at, vanished_at = null
where h.digest <> excluded.digest or h.vanished_at is not null

-- name: vanish_harvested
-- What the portal lists no longer.
update datasets.harvested h set vanished_at = %(now)s
where h.source_id = %(source_id)s and h.vanished_at is null
  and not exists (select from unnest(%(ids)s::text[]) as there(remote_id) where there.remote_id = h.remote_id)

-- name: list_harvested
-- Datasets of a portal by words of their title or organisation, in dictionary order, those that are gone last.
select remote_id, title, description, organisation, licence, url, tags, modified, resources, first_seen_at, changed_at, vanished_at
from datasets.harvested
where source_id = %(source_id)s and (%(words)s = '' or folded like %(words)s)
order by vanished_at is not null, sort collate "C", remote_id limit %(most)s offset %(start)s

-- name: count_harvested
-- How many datasets of a portal have the words; how many of them are gone.
select count(*) as number, count(vanished_at) as gone
from datasets.harvested where source_id = %(source_id)s and (%(words)s = '' or folded like %(words)s)

-- name: find_origin
-- Where a dataset came from: what its portal says of it.
select s.name as source, h.title, h.organisation, h.licence, h.url, h.changed_at, h.vanished_at
from datasets.remote r
join datasets.harvested h on h.source_id = r.source_id and h.remote_id = r.remote_id
join datasets.source s on s.id = r.source_id
where r.dataset_id = %(dataset_id)s order by h.vanished_at is not null, h.changed_at desc limit 1
