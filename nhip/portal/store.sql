-- name: find_publication
-- The decision about a dataset.
select dataset_id, state, licence, basis, treatment, shaping, keywords, contact, cadence, proposed_by, proposed_party, proposed_at,
       decided_by, decided_at, first_published_at, withdrawn_at, reason
from portal.publication where dataset_id = %(dataset_id)s

-- name: list_publications
-- Decisions in one of the states; without states all.
select dataset_id, state, licence, basis, treatment, shaping, keywords, contact, cadence, proposed_by, proposed_party, proposed_at,
       decided_by, decided_at, first_published_at, withdrawn_at, reason
from portal.publication where %(states)s::text[] = '{}' or state = any(%(states)s) order by proposed_at desc

-- name: replace_proposal
-- What waited is replaced by another proposal.
update portal.proposal set state = 'replaced', decided_by = %(by)s, decided_at = %(now)s where dataset_id = %(dataset_id)s and state = 'waiting'

-- name: insert_proposal
-- Propose to publish, or a change of what is published.
insert into portal.proposal (id, dataset_id, licence, basis, treatment, shaping, keywords, contact, cadence, gate, by_name, by_party, at)
values (%(id)s, %(dataset_id)s, %(licence)s, %(basis)s, %(treatment)s, %(shaping)s, %(keywords)s, %(contact)s, %(cadence)s, %(gate)s,
        %(by)s, %(party)s, %(now)s)

-- name: find_proposal
-- The last proposal about a dataset, whatever became of it.
select id, dataset_id, state, licence, basis, treatment, shaping, keywords, contact, cadence, nullif(gate, '{}') as gate, by_name, by_party,
       at, note
from portal.proposal where dataset_id = %(dataset_id)s order by at desc, id desc limit 1

-- name: end_proposal
-- What waited is decided on.
update portal.proposal set state = %(state)s, decided_by = %(by)s, decided_at = %(now)s, note = %(note)s
where id = %(id)s and state = 'waiting'

-- name: decide
-- The dataset is open as it was proposed.
insert into portal.publication (dataset_id, state, licence, basis, treatment, shaping, keywords, contact, cadence, proposed_by,
                                proposed_party, proposed_at, decided_by, decided_at, first_published_at)
select dataset_id, 'published', licence, basis, treatment, shaping, keywords, contact, cadence, by_name, by_party, at, %(by)s, %(now)s,
       %(now)s
from portal.proposal where id = %(id)s
on conflict (dataset_id) do update
set state = 'published', licence = excluded.licence, basis = excluded.basis, treatment = excluded.treatment,
    shaping = excluded.shaping, keywords = excluded.keywords, contact = excluded.contact, cadence = excluded.cadence,
    proposed_by = excluded.proposed_by, proposed_party = excluded.proposed_party, proposed_at = excluded.proposed_at,
    decided_by = excluded.decided_by, decided_at = excluded.decided_at, withdrawn_at = null, reason = '',
    first_published_at = coalesce(portal.publication.first_published_at, excluded.first_published_at)

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
    columns = excluded.columns, gate = excluded.gate, made_at = excluded.made_at, recalled_at = null, recall_reason = '', removed_at = null

-- name: find_release
-- One release, recalled or not.
select dataset_id, no, object, digest, row_count, bytes, columns, gate, as_of, made_at, recalled_at, recall_reason, removed_at
from portal.release where dataset_id = %(dataset_id)s and no = %(no)s

-- name: find_given_out
-- The newest release that is not recalled, of a dataset that is or was open.
select dataset_id, no, object, digest, row_count, bytes, columns, gate, as_of, made_at, recalled_at, recall_reason, removed_at
from portal.release where dataset_id = %(dataset_id)s and recalled_at is null order by no desc limit 1

-- name: list_releases
-- Releases of a dataset, the newest first.
select dataset_id, no, object, digest, row_count, bytes, columns, gate, as_of, made_at, recalled_at, recall_reason, removed_at
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

-- name: list_recalled_digests
-- What was recalled of a dataset: the very same bytes are not let out again.
select digest from portal.release where dataset_id = %(dataset_id)s and recalled_at is not null

-- name: list_to_remove
-- Recalled releases whose bytes are still there, and whether another release, which is given out, has the same bytes.
select r.dataset_id, r.no, r.object, exists (select 1 from portal.release o where o.object = r.object and o.recalled_at is null) as shared
from portal.release r where r.recalled_at is not null and r.removed_at is null

-- name: set_removed
-- The bytes of a recalled release are gone.
update portal.release set removed_at = %(now)s where dataset_id = %(dataset_id)s and no = %(no)s and recalled_at is not null

-- name: list_due
-- Published datasets whose version in force has no release and was not refused.
select d.name
from portal.publication p join datasets.dataset d on d.id = p.dataset_id
where p.state = 'published' and d.version_no is not null
  and not exists (select 1 from portal.release r where r.dataset_id = d.id and r.no = d.version_no)
  and not exists (select 1 from portal.refusal f where f.dataset_id = d.id and f.no = d.version_no)
order by d.name

-- name: list_standings
-- How every dataset stands that was ever proposed: what is open, what became of the last proposal, whether the gate refused the newest
-- version or it waits to be released, when somebody last looked through it.
select x.dataset_id, p.state, p.cadence, x.state as last, x.by_name as proposed_by, x.at as proposed_at, p.decided_at,
       f.no as refused_no, f.at as refused_at, r.no as release_no, r.as_of, d.version_no,
       (select max(c.at) from portal.decision c where c.dataset_id = x.dataset_id and c.act in ('published', 'reviewed')) as reviewed_at
from (select distinct on (dataset_id) dataset_id, state, by_name, at from portal.proposal
      where %(dataset_id)s::uuid is null or dataset_id = %(dataset_id)s order by dataset_id, at desc, id desc) x
join datasets.dataset d on d.id = x.dataset_id
left join portal.publication p on p.dataset_id = x.dataset_id
left join portal.refusal f on f.dataset_id = x.dataset_id
left join lateral (select no, as_of from portal.release o where o.dataset_id = x.dataset_id and o.recalled_at is null
                   order by no desc limit 1) r on true
order by x.at desc

-- name: find_refusal
-- What the gate said of the version that it did not let out.
select gate from portal.refusal where dataset_id = %(dataset_id)s

-- name: put_entry
-- What the catalogue says of a dataset.
insert into portal.entry (dataset_id, name, title, title_en, description, agency_code, agency_name, agency_name_en, theme, keywords,
                          formats, places, licence, contact, cadence, release_no, row_count, bytes, columns, virtues, issued, modified,
                          as_of, credit, sort, folded, words)
values (%(dataset_id)s, %(name)s, %(title)s, %(title_en)s, %(description)s, %(agency_code)s, %(agency_name)s, %(agency_name_en)s,
        %(theme)s, %(keywords)s, %(formats)s, %(places)s, %(licence)s, %(contact)s, %(cadence)s, %(release_no)s, %(row_count)s,
        %(bytes)s, %(columns)s, %(virtues)s, %(issued)s, %(modified)s, %(as_of)s, %(credit)s, %(sort)s, %(folded)s,
        setweight(to_tsvector('simple', %(first)s), 'A') || setweight(to_tsvector('simple', %(second)s), 'B')
        || setweight(to_tsvector('simple', %(third)s), 'C'))
on conflict (dataset_id) do update
set name = excluded.name, title = excluded.title, title_en = excluded.title_en, description = excluded.description,
    agency_code = excluded.agency_code, agency_name = excluded.agency_name, agency_name_en = excluded.agency_name_en,
    theme = excluded.theme, keywords = excluded.keywords, formats = excluded.formats, places = excluded.places,
    licence = excluded.licence, contact = excluded.contact, cadence = excluded.cadence, release_no = excluded.release_no,
    row_count = excluded.row_count, bytes = excluded.bytes, columns = excluded.columns, virtues = excluded.virtues,
    modified = excluded.modified, as_of = excluded.as_of, credit = excluded.credit, sort = excluded.sort, folded = excluded.folded, words = excluded.words

-- name: delete_entry
-- The catalogue no longer names a dataset.
delete from portal.entry where dataset_id = %(dataset_id)s

-- name: set_score
-- Points of the MQA.
update portal.entry set score = %(score)s where dataset_id = %(dataset_id)s

-- name: find_entry
-- The entry of a dataset.
select dataset_id, name, title, title_en, description, agency_code, agency_name, agency_name_en, theme, keywords, formats, places,
       licence, contact, cadence, release_no, row_count, bytes, columns, virtues, score, issued, modified, as_of,
       credit
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

-- name: forget_reads
-- Reads from before a day are forgotten.
delete from portal.read_day where day < (%(before)s::timestamptz at time zone 'Asia/Ho_Chi_Minh')::date

-- name: forget_downloads
-- Downloads from before a moment are forgotten.
delete from portal.download where at < %(before)s
