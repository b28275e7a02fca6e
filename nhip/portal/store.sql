-- name: find_publication
-- The decision about a dataset.
select dataset_id, state, licence, basis, treatment, keywords, contact, cadence, proposed_by, proposed_party, proposed_at, decided_by, decided_at,
       first_published_at, withdrawn_at, reason
from portal.publication where dataset_id = %(dataset_id)s

-- name: list_publications
-- Decisions in one of the states.
select dataset_id, state, licence, basis, treatment, keywords, contact, cadence, proposed_by, proposed_party, proposed_at, decided_by, decided_at,
       first_published_at, withdrawn_at, reason
from portal.publication where state = any(%(states)s) order by proposed_at desc

-- name: propose
-- Propose to publish, or change what was proposed; what is published stays so until it is decided anew.
insert into portal.publication (dataset_id, state, licence, basis, treatment, keywords, contact, cadence, proposed_by,
                                proposed_party, proposed_at)
values (%(dataset_id)s, 'proposed', %(licence)s, %(basis)s, %(treatment)s, %(keywords)s, %(contact)s, %(cadence)s, %(by)s, %(party)s,
        %(now)s)
on conflict (dataset_id) do update
set state = case portal.publication.state when 'published' then 'published' else 'proposed' end,
    licence = excluded.licence, basis = excluded.basis, treatment = excluded.treatment, keywords = excluded.keywords,
    contact = excluded.contact, cadence = excluded.cadence, proposed_by = excluded.proposed_by, proposed_party = excluded.proposed_party,
    proposed_at = excluded.proposed_at

-- name: decide
-- The dataset is open.
update portal.publication
set state = 'published', decided_by = %(by)s, decided_at = %(now)s, withdrawn_at = null, reason = '',
    first_published_at = coalesce(first_published_at, %(now)s)
where dataset_id = %(dataset_id)s

-- name: withdraw
-- The dataset is no longer open; its address says so.
update portal.publication set state = 'withdrawn', withdrawn_at = %(now)s, decided_by = %(by)s, decided_at = %(now)s, reason = %(reason)s
where dataset_id = %(dataset_id)s

-- name: insert_decision
-- Record a decision.
insert into portal.decision (id, dataset_id, act, by_name, at, basis, note, gate)
values (%(id)s, %(dataset_id)s, %(act)s, %(by)s, %(now)s, %(basis)s, %(note)s, %(gate)s)

-- name: list_decisions
-- Decisions about a dataset, the newest first.
select id, dataset_id, act, by_name, at, basis, note, gate from portal.decision where dataset_id = %(dataset_id)s order by at desc

-- name: put_release
-- An open release; made again from the same version it takes the place of the one before.
insert into portal.release (dataset_id, no, object, digest, row_count, bytes, columns, gate, as_of, made_at)
values (%(dataset_id)s, %(no)s, %(object)s, %(digest)s, %(row_count)s, %(bytes)s, %(columns)s, %(gate)s, %(as_of)s, %(made_at)s)
on conflict (dataset_id, no) do update
set object = excluded.object, digest = excluded.digest, row_count = excluded.row_count, bytes = excluded.bytes,
    columns = excluded.columns, gate = excluded.gate, made_at = excluded.made_at

-- name: find_release
-- One release, recalled or not.
select dataset_id, no, object, digest, row_count, bytes, columns, gate, as_of, made_at, recalled_at, recall_reason
from portal.release where dataset_id = %(dataset_id)s and no = %(no)s

-- name: list_releases
-- Releases of a dataset, the newest first.
select dataset_id, no, object, digest, row_count, bytes, columns, gate, as_of, made_at, recalled_at, recall_reason
from portal.release where dataset_id = %(dataset_id)s order by no desc

-- name: recall_release
-- A release is no longer given out.
update portal.release set recalled_at = %(now)s, recall_reason = %(reason)s
where dataset_id = %(dataset_id)s and no = %(no)s and recalled_at is null

-- name: put_refusal
-- The gate did not let a version out.
insert into portal.refusal (dataset_id, no, at, gate) values (%(dataset_id)s, %(no)s, %(now)s, %(gate)s)
on conflict (dataset_id) do update set no = excluded.no, at = excluded.at, gate = excluded.gate

-- name: clear_refusal
-- The gate let it out.
delete from portal.refusal where dataset_id = %(dataset_id)s

-- name: list_due
-- Published datasets whose version in force has no release and was not refused; a changed treatment waits for its decision.
select d.name
from portal.publication p join datasets.dataset d on d.id = p.dataset_id
where p.state = 'published' and d.version_no is not null and p.decided_at >= p.proposed_at
  and not exists (select 1 from portal.release r where r.dataset_id = d.id and r.no = d.version_no)
  and not exists (select 1 from portal.refusal f where f.dataset_id = d.id and f.no = d.version_no)
order by d.name

-- name: list_standings
-- How every publication stands: what was decided last, whether the gate refused its newest version or it waits to be released.
select p.dataset_id, p.state, p.proposed_by, p.proposed_at, p.decided_at,
       (select x.act from portal.decision x
        where x.dataset_id = p.dataset_id and x.act in ('proposed', 'published', 'returned', 'withdrawn')
        order by x.at desc, x.id desc limit 1) as last_act,
       f.no as refused_no, f.at as refused_at,
       (select max(r.no) from portal.release r where r.dataset_id = p.dataset_id and r.recalled_at is null) as release_no,
       d.version_no
from portal.publication p join datasets.dataset d on d.id = p.dataset_id
left join portal.refusal f on f.dataset_id = p.dataset_id
where %(dataset_id)s::uuid is null or p.dataset_id = %(dataset_id)s
order by p.proposed_at desc

-- name: find_refusal
-- What the gate said of the version that it did not let out.
select gate from portal.refusal where dataset_id = %(dataset_id)s

-- name: put_entry
-- What the catalogue says of a dataset.
insert into portal.entry (dataset_id, name, title, title_en, description, agency_code, agency_name, agency_name_en, theme, keywords,
                          formats, places, licence, contact, cadence, release_no, row_count, bytes, columns, virtues, issued, modified,
                          as_of, sort, folded, words)
values (%(dataset_id)s, %(name)s, %(title)s, %(title_en)s, %(description)s, %(agency_code)s, %(agency_name)s, %(agency_name_en)s,
        %(theme)s, %(keywords)s, %(formats)s, %(places)s, %(licence)s, %(contact)s, %(cadence)s, %(release_no)s, %(row_count)s,
        %(bytes)s, %(columns)s, %(virtues)s, %(issued)s, %(modified)s, %(as_of)s, %(sort)s, %(folded)s,
        setweight(to_tsvector('simple', %(first)s), 'A') || setweight(to_tsvector('simple', %(second)s), 'B')
        || setweight(to_tsvector('simple', %(third)s), 'C'))
on conflict (dataset_id) do update
set name = excluded.name, title = excluded.title, title_en = excluded.title_en, description = excluded.description,
    agency_code = excluded.agency_code, agency_name = excluded.agency_name, agency_name_en = excluded.agency_name_en,
    theme = excluded.theme, keywords = excluded.keywords, formats = excluded.formats, places = excluded.places,
    licence = excluded.licence, contact = excluded.contact, cadence = excluded.cadence, release_no = excluded.release_no,
    row_count = excluded.row_count, bytes = excluded.bytes, columns = excluded.columns, virtues = excluded.virtues,
    modified = excluded.modified, as_of = excluded.as_of, sort = excluded.sort, folded = excluded.folded, words = excluded.words

-- name: delete_entry
-- The catalogue no longer names a dataset.
delete from portal.entry where dataset_id = %(dataset_id)s

-- name: set_score
-- Points of the MQA.
update portal.entry set score = %(score)s where dataset_id = %(dataset_id)s

-- name: find_entry
-- The entry of a dataset.
select dataset_id, name, title, title_en, description, agency_code, agency_name, agency_name_en, theme, keywords, formats, places,
       licence, contact, cadence, release_no, row_count, bytes, columns, virtues, score, issued, modified, as_of
from portal.entry where name = %(name)s

-- name: find_tombstone
-- A dataset that was open and is not any more: why and since when.
select d.name, p.reason, p.withdrawn_at from portal.publication p join datasets.dataset d on d.id = p.dataset_id
where d.name = %(name)s and p.state = 'withdrawn' and p.first_published_at is not null

-- name: insert_download
-- Somebody took a release.
insert into portal.download (id, dataset_id, no, format, at, party_id, address, agent)
values (%(id)s, %(dataset_id)s, %(no)s, %(format)s, %(now)s, %(party_id)s, %(address)s, %(agent)s)

-- name: count_use
-- One more read of a dataset today; the virtue *shared* counts these.
insert into datasets.use_day (dataset_id, day, reads) values (%(dataset_id)s, %(day)s, 1)
on conflict (dataset_id, day) do update set reads = datasets.use_day.reads + 1

-- name: list_downloads
-- Who took a release; `party` is empty for strangers.
select w.format, w.at, w.party_id, coalesce(y.name, '') as party, w.address, w.agent
from portal.download w left join security.party y on y.id = w.party_id
where w.dataset_id = %(dataset_id)s and (%(no)s::int is null or no = %(no)s) order by at desc limit %(limit)s

-- name: forget_downloads
-- Downloads from before a moment are forgotten.
delete from portal.download where at < %(before)s
