-- name: insert_story
-- A new draft.
insert into portal.story (id, name, agency_id, title, state, edited_by, edited_party, edited_at)
values (%(id)s, %(name)s, %(agency_id)s, %(title)s, 'draft', %(by)s, %(party)s, %(now)s)
on conflict (name) do nothing

-- name: find_story
-- One story, as it is being edited.
select s.id, s.name, s.agency_id, a.name as agency_name, a.name_en as agency_name_en, s.title, s.title_en, s.lead, s.lead_en, s.blocks,
       s.state, s.revision, s.edited_by, s.edited_party, s.edited_at, s.version_no, s.first_published_at, s.published_at, s.reason
from portal.story s join datasets.agency a on a.id = s.agency_id where s.name = %(name)s

-- name: list_stories
-- Stories of the agencies that may be seen (all: null), the last edited first.
select s.id, s.name, s.agency_id, a.name as agency_name, a.name_en as agency_name_en, s.title, s.title_en, s.lead, s.lead_en, s.blocks,
       s.state, s.revision, s.edited_by, s.edited_party, s.edited_at, s.version_no, s.first_published_at, s.published_at, s.reason
from portal.story s join datasets.agency a on a.id = s.agency_id
where %(within)s::uuid[] is null or s.agency_id = any(%(within)s) order by s.edited_at desc limit %(most)s

-- name: save
-- What is being edited, if nobody saved meanwhile; a published story becomes a draft beside what the public reads.
update portal.story set title = %(title)s, title_en = %(title_en)s, lead = %(lead)s, lead_en = %(lead_en)s, blocks = %(blocks)s,
       state = 'draft', revision = revision + 1, edited_by = %(by)s, edited_party = %(party)s, edited_at = %(now)s
where id = %(id)s and revision = %(revision)s

-- name: set_state
-- How it stands.
update portal.story set state = %(state)s where id = %(id)s

-- name: publish
-- What was edited is what the public reads.
update portal.story set state = 'published', version_no = %(no)s, published_at = %(now)s, reason = '',
       first_published_at = coalesce(first_published_at, %(now)s)
where id = %(id)s

-- name: insert_version
-- A published version; it never changes.
insert into portal.story_version (story_id, no, title, title_en, lead, lead_en, blocks, by_name, made_at)
select s.id, coalesce((select max(v.no) from portal.story_version v where v.story_id = s.id), 0) + 1, s.title, s.title_en, s.lead, s.lead_en,
       s.blocks, %(by)s, %(now)s
from portal.story s where s.id = %(id)s
returning no

-- name: withdraw
-- The public reads it no longer.
update portal.story set state = 'withdrawn', version_no = null, reason = %(reason)s where id = %(id)s

-- name: insert_step
-- What was done.
insert into portal.story_step (id, story_id, at, act, by_name, note) values (%(id)s, %(story_id)s, %(now)s, %(act)s, %(by)s, %(note)s)

-- name: list_steps
-- Everything that was done, the last first.
select at, act, by_name, note from portal.story_step where story_id = %(story_id)s order by at desc, id desc

-- name: find_published
-- What the public reads under a name: the version in force, or one by its number.
select v.story_id, s.name, v.no, a.name as agency_name, a.name_en as agency_name_en, s.first_published_at, v.made_at, v.title, v.title_en,
       v.lead, v.lead_en, v.blocks
from portal.story s join portal.story_version v on v.story_id = s.id and v.no = s.version_no join datasets.agency a on a.id = s.agency_id
where s.name = %(name)s

-- name: list_published
-- What the public reads, the newest first.
select v.story_id, s.name, v.no, a.name as agency_name, a.name_en as agency_name_en, s.first_published_at, v.made_at, v.title, v.title_en,
       v.lead, v.lead_en, v.blocks
from portal.story s join portal.story_version v on v.story_id = s.id and v.no = s.version_no join datasets.agency a on a.id = s.agency_id
order by s.published_at desc, s.name limit %(size)s offset %(offset)s

-- name: count_published
-- How many there are.
select count(*) from portal.story where version_no is not null

-- name: list_choices
-- Open datasets to choose from, under their agencies.
select name, title, title_en, agency_name from portal.entry order by agency_name, sort collate "C", name limit %(most)s
