-- name: put_text
-- Keep the words of a consent; words that are here already stay.
insert into privacy.consent_text (digest, text, made_at) values (%(digest)s, %(text)s, %(now)s) on conflict do nothing

-- name: insert_consent
-- Somebody agreed.
insert into privacy.consent (id, subject, processing_id, processing_no, data_types, text_digest, language, channel, document,
                             given_at, recorded_by, recorded_party)
values (%(id)s, %(subject)s, %(processing_id)s, %(processing_no)s, %(data_types)s, %(text_digest)s, %(language)s, %(channel)s,
        %(document)s, %(now)s, %(recorded_by)s, %(recorded_party)s)

-- name: insert_withdrawal
-- Somebody took it back; a second time changes nothing.
insert into privacy.consent_withdrawal (consent_id, channel, document, withdrawn_at, recorded_by, recorded_party)
values (%(consent_id)s, %(channel)s, %(document)s, %(now)s, %(recorded_by)s, %(recorded_party)s)
on conflict do nothing

-- name: insert_notice
-- A recipient must be told.
insert into privacy.recipient_notice (id, consent_id, recipient, due_at)
values (%(id)s, %(consent_id)s, %(recipient)s, %(due_at)s)

-- name: tell_recipient
-- A recipient was told.
update privacy.recipient_notice set told_at = %(now)s, told_by = %(who)s where id = %(id)s and told_at is null

-- name: list_notices
-- Recipients to tell, the most urgent first; those told already only with `all`.
select n.id, n.consent_id, n.recipient, n.due_at, n.told_at, n.told_by, p.name processing, e.entry ->> 'title' title,
       w.withdrawn_at
from privacy.recipient_notice n
join privacy.consent_withdrawal w on w.consent_id = n.consent_id
join privacy.consent c on c.id = n.consent_id
join privacy.processing p on p.id = c.processing_id
join privacy.processing_edition e on e.processing_id = p.id and e.no = p.no
where %(all)s or n.told_at is null
order by n.told_at is not null, n.due_at, n.id limit %(most)s

-- name: list_consents
-- What a person agreed to and took back, newest first; of one processing or all.
select c.id, p.name processing, e.entry ->> 'title' title, coalesce(e.entry ->> 'title_en', '') title_en, c.processing_no,
       c.data_types, t.text, c.text_digest, c.language, c.channel, c.document, c.given_at, c.recorded_by,
       w.withdrawn_at, coalesce(w.channel, '') withdrawn_channel, coalesce(w.recorded_by, '') withdrawn_by
from privacy.consent c
join privacy.processing p on p.id = c.processing_id
join privacy.processing_edition e on e.processing_id = p.id and e.no = p.no
join privacy.consent_text t on t.digest = c.text_digest
left join privacy.consent_withdrawal w on w.consent_id = c.id
where c.subject = %(subject)s and (%(processing)s::text is null or p.name = %(processing)s)
order by c.given_at desc, c.id desc

-- name: has_consent
-- Whether a consent is in force: to a processing that has not ended and, if asked for, to one type of data.
select exists (
    select from privacy.consent c join privacy.processing p on p.id = c.processing_id
    where c.subject = %(subject)s and p.name = %(processing)s and p.ended_at is null
      and (%(data_type)s::text is null or %(data_type)s = any(c.data_types))
      and not exists (select from privacy.consent_withdrawal w where w.consent_id = c.id))

-- name: count_consents
-- How many consents each processing has in force, and how many were taken back.
select p.name processing, count(*) filter (where w.consent_id is null)::int in_force,
       count(w.consent_id)::int withdrawn
from privacy.consent c join privacy.processing p on p.id = c.processing_id
left join privacy.consent_withdrawal w on w.consent_id = c.id
group by p.name order by p.name
