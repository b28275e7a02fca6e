-- name: list_looks
-- Events about one person in a span of time, newest first.
select e.seq, e.body from ledger.subject s join ledger.event e on e.seq = s.seq
where s.subject = %(subject)s and e.kind = any(%(kinds)s) and e.at_us >= %(since_us)s and e.at_us < %(until_us)s
order by e.seq desc

-- name: list_exports
-- Events in a span of time by which whole tables were handed out, newest first; who is in them stands in the tables alone.
select e.seq, e.body from ledger.event e
where e.kind = 'personal.exported' and e.at_us >= %(since_us)s and e.at_us < %(until_us)s
  and not exists (select from ledger.subject s where s.seq = e.seq)
order by e.seq desc

-- name: find_span
-- From when on the ledger can be asked, and up to when.
select coalesce((select at_us from ledger.event order by seq limit 1), 0) since_us, (select at_us from ledger.tip) until_us

-- name: was_member
-- Whether a person was in a version that has been deleted since.
select exists (select from privacy.former_member
               where subject = %(subject)s and dataset_id = %(dataset_id)s and no = %(no)s)

-- name: list_withheld
-- Which looks at a person are not told yet.
select organisation, from_at, until_at from privacy.withholding
where release_at > %(now)s and (subject is null or subject = %(subject)s)

-- name: insert_withholding
-- The law delays telling.
insert into privacy.withholding (id, organisation, subject, from_at, until_at, release_at, ground, document, made_at, made_by)
values (%(id)s, %(organisation)s, %(subject)s, %(from_at)s, %(until_at)s, %(release_at)s, %(ground)s, %(document)s, %(now)s,
        %(made_by)s)

-- name: list_withholdings
-- All delays, those that still hold first.
select id, organisation, subject is not null of_one, from_at, until_at, release_at, ground, document, made_at, made_by
from privacy.withholding order by release_at desc limit 200

-- name: list_titles
-- Titles of datasets and processings, names of organisations and what parties do, to put words in the place of ids.
select 'dataset' kind, d.name id, d.title, d.title_en from datasets.dataset d where d.name = any(%(datasets)s)
union all
select 'agency', d.name, a.code, '' from datasets.dataset d join datasets.agency a on a.id = d.agency_id
where d.name = any(%(datasets)s)
union all
select 'organisation', p.code, p.name, p.name_en from security.party p where p.code = any(%(organisations)s)
union all
select 'role', s.party_id::text, string_agg(distinct s.role, ' '), '' from security.assignment s
where s.party_id::text = any(%(parties)s) group by s.party_id
union all
select 'processing', p.id::text, p.name, '' from privacy.processing p where p.id::text = any(%(processings)s)
