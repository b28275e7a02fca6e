-- name: list_changes
-- What happened to open datasets after a moment, the last first: of one dataset, one agency, or all. A dataset that is no longer open
-- has only its name and the reason left.
with changes as (
    select 'released' as what, r.dataset_id, r.no, r.row_count as rows, r.made_at as at, '' as why, true as open
    from portal.release r where r.recalled_at is null
    union all
    select 'recalled', r.dataset_id, r.no, 0, r.recalled_at, r.recall_reason, false
    from portal.release r where r.recalled_at is not null
    union all
    select 'withdrawn', p.dataset_id, 0, 0, p.withdrawn_at, p.reason, false
    from portal.publication p where p.state = 'withdrawn' and p.first_published_at is not null
)
select c.what, c.dataset_id, d.name, coalesce(e.title, '') as title, coalesce(e.title_en, '') as title_en, a.code as agency_code, c.no,
       c.rows, c.at, c.why
from changes c
join portal.publication p on p.dataset_id = c.dataset_id and p.first_published_at is not null
join datasets.dataset d on d.id = c.dataset_id
join datasets.agency a on a.id = d.agency_id
left join portal.entry e on e.dataset_id = c.dataset_id
where c.at > %(since)s and (not c.open or e.dataset_id is not null) and (e.dataset_id is not null or p.state = 'withdrawn' or c.what = 'recalled')
  and (%(name)s::text is null or d.name = %(name)s) and (%(agency)s::text is null or a.code = %(agency)s)
order by c.at desc, c.dataset_id, c.no desc limit %(most)s

-- name: has_agency
-- Whether the agency has, or had, open data.
select 1 from portal.publication p join datasets.dataset d on d.id = p.dataset_id join datasets.agency a on a.id = d.agency_id
where a.code = %(code)s and (p.state = 'published' or p.state = 'withdrawn') and p.first_published_at is not null limit 1

-- name: ask
-- Somebody wants to be told; who asked before asks again.
insert into portal.subscription (id, email, scope, target, lang, asked_at)
values (%(id)s, %(email)s, %(scope)s, %(target)s, %(lang)s, %(now)s)
on conflict (email, scope, target) do update set asked_at = excluded.asked_at, lang = excluded.lang
returning id, email, scope, target, lang, confirmed_at, told_at

-- name: find_subscription
-- One of them.
select id, email, scope, target, lang, confirmed_at, told_at from portal.subscription where id = %(id)s

-- name: confirm
-- The owner of the mailbox said yes: told from now on.
update portal.subscription set confirmed_at = %(now)s, told_at = %(now)s where id = %(id)s and confirmed_at is null

-- name: leave
-- No more; the letters that wait go with it.
delete from portal.subscription where id = %(id)s

-- name: count_subscriptions
-- Of one mailbox.
select count(*) from portal.subscription where email = %(email)s

-- name: count_letters
-- Letters to a mailbox since a moment.
select count(*) from portal.mail where to_address = %(email)s and made_at > %(since)s

-- name: list_to_tell
-- Confirmed ones that had no letter for a while, in turn.
select id, email, scope, target, lang, confirmed_at, told_at from portal.subscription
where confirmed_at is not null and (mailed_at is null or mailed_at < %(quiet_since)s) and told_at < %(until)s
order by told_at limit %(most)s for update skip locked

-- name: told
-- Changes until then are told.
update portal.subscription set told_at = %(until)s where id = any(%(ids)s)

-- name: mailed
-- A letter is on its way.
update portal.subscription set mailed_at = %(until)s where id = any(%(ids)s)

-- name: insert_letter
-- A letter to send; one about the same is written once.
insert into portal.mail (id, key, subscription_id, to_address, subject, body, leave, made_at, next_at, state)
values (%(id)s, %(key)s, %(subscription_id)s, %(to_address)s, %(subject)s, %(body)s, %(leave)s, %(now)s, %(now)s, 'waiting')
on conflict (key) do nothing

-- name: take_letter
-- The letter that is next; whoever takes it sends it. Written down before it is sent, so that no second worker sends it too.
update portal.mail set state = 'sending', attempts = attempts + 1, next_at = %(now)s
where id = (select id from portal.mail where state = 'waiting' and next_at <= %(now)s order by next_at limit 1 for update skip locked)
returning id, to_address, subject, body, leave, attempts, subscription_id

-- name: end_letter
-- What became of a letter.
update portal.mail set state = %(state)s, ended_at = %(now)s, error = %(error)s where id = %(id)s and state = 'sending'

-- name: put_back_letter
-- It is tried again later.
update portal.mail set state = 'waiting', next_at = %(next_at)s, error = %(error)s where id = %(id)s and state = 'sending'

-- name: give_up_lost
-- Letters whose sender died while sending: nobody knows whether they arrived.
update portal.mail set state = 'unknown', ended_at = %(now)s where state = 'sending' and next_at < %(before)s

-- name: count_mail
-- Letters by state.
select state, count(*) as n from portal.mail group by state

-- name: list_trouble
-- Letters that did not go out, the last first.
select subject, state, attempts, made_at, error from portal.mail
where state in ('failed', 'unknown') or (state = 'waiting' and attempts > 0) order by made_at desc limit 50

-- name: forget_letters
-- Letters that ended before a moment.
delete from portal.mail where ended_at < %(before)s

-- name: forget_unconfirmed
-- Subscriptions that nobody confirmed.
delete from portal.subscription where confirmed_at is null and asked_at < %(before)s

-- name: count_readers
-- Confirmed subscriptions by what they are about.
select scope as state, count(*) as n from portal.subscription where confirmed_at is not null group by scope
