-- name: insert_wish
-- A new request for data.
insert into portal.wish (id, title, text, purpose, name, email, lang, address, agency_id, state, received_at, look_due, due_at)
values (%(id)s, %(title)s, %(text)s, %(purpose)s, %(name)s, %(email)s, %(lang)s, %(address)s,
        (select id from datasets.agency where code = %(agency_code)s), 'received', %(now)s, %(look_due)s, %(due_at)s)
returning no

-- name: find_wish
-- One request, by its number or id.
select w.id, w.no, w.title, w.text, w.purpose, w.name, w.email, w.lang, w.agency_id, coalesce(a.code, '') as agency_code,
       coalesce(a.name, '') as agency_name, coalesce(a.name_en, '') as agency_name_en, w.state, w.received_at, w.look_due, w.due_at,
       w.extended, w.shown_title, w.shown_text, w.shown_at, w.answer, w.dataset_name, w.merged_into, w.closed_at,
       (select count(*) from portal.wish_vote v where v.wish_id = w.id) as votes
from portal.wish w left join datasets.agency a on a.id = w.agency_id
where w.no = %(no)s or w.id = %(id)s

-- name: lock_wish
-- Whoever decides about a request does so alone.
select state from portal.wish where id = %(id)s for update

-- name: list_wishes
-- Requests in one of the states, of the agencies that may be seen (all: null; a request of no agency is seen by those who see all).
select w.id, w.no, w.title, w.text, w.purpose, w.name, w.email, w.lang, w.agency_id, coalesce(a.code, '') as agency_code,
       coalesce(a.name, '') as agency_name, coalesce(a.name_en, '') as agency_name_en, w.state, w.received_at, w.look_due, w.due_at,
       w.extended, w.shown_title, w.shown_text, w.shown_at, w.answer, w.dataset_name, w.merged_into, w.closed_at,
       (select count(*) from portal.wish_vote v where v.wish_id = w.id) as votes
from portal.wish w left join datasets.agency a on a.id = w.agency_id
where w.state = any(%(states)s) and (%(shown)s::boolean is null or (w.shown_at is not null) = %(shown)s)
  and (%(within)s::uuid[] is null or w.agency_id = any(%(within)s))
order by case when %(by_due)s then case when w.shown_at is null then w.look_due else w.due_at end end, w.received_at desc
limit %(size)s offset %(offset)s

-- name: count_wishes
-- How many of them.
select count(*) from portal.wish w
where w.state = any(%(states)s) and (%(shown)s::boolean is null or (w.shown_at is not null) = %(shown)s)
  and (%(within)s::uuid[] is null or w.agency_id = any(%(within)s))

-- name: show_wish
-- The public may read it, in these words.
update portal.wish set shown_title = %(title)s, shown_text = %(text)s, shown_at = coalesce(shown_at, %(now)s) where id = %(id)s

-- name: route_wish
-- It is the work of an agency.
update portal.wish set agency_id = %(agency_id)s where id = %(id)s

-- name: begin_wish
-- Somebody works on it.
update portal.wish set state = 'in_work' where id = %(id)s

-- name: extend_wish
-- More time, once.
update portal.wish set due_at = %(due_at)s, extended = true where id = %(id)s

-- name: close_wish
-- The end of a request.
update portal.wish set state = %(state)s, answer = %(answer)s, dataset_name = %(dataset_name)s, merged_into = %(merged_into)s,
       closed_at = %(now)s
where id = %(id)s

-- name: carry_votes
-- Whoever needed the joined request needs the other.
insert into portal.wish_vote (wish_id, browser, at) select %(into)s, browser, at from portal.wish_vote where wish_id = %(id)s
on conflict do nothing

-- name: insert_step
-- What was done about a request.
insert into portal.wish_step (id, wish_id, at, act, by_name, told, note)
values (%(id)s, %(wish_id)s, %(now)s, %(act)s, %(by_name)s, %(told)s, %(note)s)

-- name: list_steps
-- Everything that was done, in its order.
select at, act, by_name, told, note from portal.wish_step where wish_id = %(wish_id)s order by at, id

-- name: vote
-- One browser needs this too.
insert into portal.wish_vote (wish_id, browser, at) values (%(id)s, %(browser)s, %(now)s) on conflict do nothing

-- name: has_voted
-- Whether this browser did.
select 1 from portal.wish_vote where wish_id = %(id)s and browser = %(browser)s

-- name: count_recent
-- What came from an address since a moment, and all that nobody has looked at.
select (select count(*) from portal.wish where address = %(address)s and address <> '' and received_at > %(since)s)
     + (select count(*) from portal.remark where address = %(address)s and address <> '' and made_at > %(since)s),
       (select count(*) from portal.wish where state = 'received' and shown_at is null)
     + (select count(*) from portal.remark where state = 'held')

-- name: forget_addresses
-- Network addresses of what came before a moment.
with wishes as (update portal.wish set address = '' where address <> '' and received_at < %(before)s)
update portal.remark set address = '' where address <> '' and made_at < %(before)s

-- name: forget_people
-- Names and e-mail addresses of what was settled before a moment.
with wishes as (
    update portal.wish set name = '', email = '' where (name <> '' or email <> '') and closed_at < %(before)s
)
update portal.remark set name = '', email = ''
where (name <> '' or email <> '') and (replied_at < %(before)s or (state = 'dropped' and made_at < %(before)s))

-- name: insert_remark
-- A comment, held until somebody looked at it.
insert into portal.remark (id, dataset_id, release_no, kind, text, name, email, lang, address, made_at, due_at, state)
values (%(id)s, %(dataset_id)s, %(release_no)s, %(kind)s, %(text)s, %(name)s, %(email)s, %(lang)s, %(address)s, %(now)s, %(due_at)s,
        'held')

-- name: find_remark
-- One comment.
select r.id, r.dataset_id, d.name as dataset_name, d.title as dataset_title, d.title_en as dataset_title_en, r.release_no, r.kind,
       r.text, r.name, r.email, r.lang, r.made_at, r.due_at, r.state, r.shown_text, r.shown_at, r.reply, r.replied_by, r.replied_at,
       r.task, r.task_row, r.task_by, r.task_at, r.task_done_at
from portal.remark r join datasets.dataset d on d.id = r.dataset_id where r.id = %(id)s

-- name: list_remarks
-- Comments on a dataset (or all) in one of the states, of the agencies that may be seen. `waiting`: those that somebody must look at
-- or answer; `tasks`: those that are to be mended.
select r.id, r.dataset_id, d.name as dataset_name, d.title as dataset_title, d.title_en as dataset_title_en, r.release_no, r.kind,
       r.text, r.name, r.email, r.lang, r.made_at, r.due_at, r.state, r.shown_text, r.shown_at, r.reply, r.replied_by, r.replied_at,
       r.task, r.task_row, r.task_by, r.task_at, r.task_done_at
from portal.remark r join datasets.dataset d on d.id = r.dataset_id
where (%(dataset_id)s::uuid is null or r.dataset_id = %(dataset_id)s) and r.state = any(%(states)s)
  and (%(waiting)s::boolean is null or (r.state = 'held' or r.state = 'shown' and r.replied_at is null) = %(waiting)s)
  and (not %(tasks)s or r.task_at is not null and r.task_done_at is null)
  and (%(within)s::uuid[] is null or d.agency_id = any(%(within)s))
order by case when %(waiting)s then r.due_at end, r.made_at desc
limit %(size)s offset %(offset)s

-- name: count_remarks
-- How many of them.
select count(*) from portal.remark r join datasets.dataset d on d.id = r.dataset_id
where (%(dataset_id)s::uuid is null or r.dataset_id = %(dataset_id)s) and r.state = any(%(states)s)
  and (%(waiting)s::boolean is null or (r.state = 'held' or r.state = 'shown' and r.replied_at is null) = %(waiting)s)
  and (not %(tasks)s or r.task_at is not null and r.task_done_at is null)
  and (%(within)s::uuid[] is null or d.agency_id = any(%(within)s))

-- name: show_remark
-- The public may read it, in these words.
update portal.remark set state = 'shown', shown_text = %(text)s, shown_at = coalesce(shown_at, %(now)s) where id = %(id)s

-- name: drop_remark
-- It is not shown.
update portal.remark set state = 'dropped' where id = %(id)s

-- name: answer_remark
-- What the owner of the data says to it.
update portal.remark set reply = %(reply)s, replied_by = %(by)s, replied_at = %(now)s where id = %(id)s

-- name: put_task
-- It is to be mended: what, and in which delivered row where that is known.
update portal.remark set task = %(task)s, task_row = %(row)s, task_by = %(by)s, task_at = %(now)s, task_done_at = null where id = %(id)s

-- name: end_task
-- It is mended.
update portal.remark set task_done_at = %(now)s where id = %(id)s and task_at is not null and task_done_at is null

-- name: rate
-- What this browser gives; it may think again.
insert into portal.rating (dataset_id, browser, stars, at) values (%(dataset_id)s, %(browser)s, %(stars)s, %(now)s)
on conflict (dataset_id, browser) do update set stars = excluded.stars, at = excluded.at

-- name: find_rating
-- What all gave.
select count(*) as readers, avg(stars)::float as mean from portal.rating where dataset_id = %(dataset_id)s

-- name: find_own_rating
-- What this browser gave.
select stars from portal.rating where dataset_id = %(dataset_id)s and browser = %(browser)s
