-- name: next_number
-- The next number of a year.
insert into privacy.counter (name, year, last) values (%(name)s, %(year)s, 1)
on conflict (name, year) do update set last = privacy.counter.last + 1 returning last

-- name: insert_request
-- A request came.
insert into privacy.request (id, no, kind, channel, state, subject, party_id, name, contact, wanted, datasets, others,
                             received_at, answer_due, due_at)
values (%(id)s, %(no)s, %(kind)s, %(channel)s, 'received', %(subject)s, %(party_id)s, %(name)s, %(contact)s, %(wanted)s,
        %(datasets)s, %(others)s, %(received_at)s, %(answer_due)s, %(due_at)s)

-- name: insert_step
-- Something was done with a request.
insert into privacy.request_step (request_id, no, kind, told, note, at, by_name, by_party)
select %(request_id)s, coalesce(max(no), 0) + 1, %(kind)s, %(told)s, %(note)s, %(at)s, %(by_name)s, %(by_party)s
from privacy.request_step where request_id = %(request_id)s

-- name: find_request
-- One request by its number.
select id, no, kind, channel, state, subject, party_id, name, contact, wanted, datasets, others, received_at, answer_due,
       due_at, extended_at, confirmed_at, closed_at
from privacy.request where no = %(no)s

-- name: lock_request
-- Hold a request: one act on it at a time.
select id, no, kind, channel, state, subject, party_id, name, contact, wanted, datasets, others, received_at, answer_due,
       due_at, extended_at, confirmed_at, closed_at
from privacy.request where id = %(id)s for update

-- name: list_requests
-- Requests, the most urgent first: open or all, of one person or all.
select id, no, kind, channel, state, subject, party_id, name, contact, wanted, datasets, others, received_at, answer_due,
       due_at, extended_at, confirmed_at, closed_at
from privacy.request
where (%(open)s::boolean is null or (closed_at is null) = %(open)s)
  and (%(of_kind)s::text is null or kind = %(of_kind)s)
  and (%(party_id)s::uuid is null or party_id = %(party_id)s)
  and (%(subject)s::bytea is null or subject = %(subject)s)
order by closed_at is not null, case when confirmed_at is null then least(answer_due, due_at) else due_at end, no
limit %(limit)s offset %(offset)s

-- name: count_requests
-- How many are open, unanswered beyond their time, undone beyond their time, and closed.
select count(*) filter (where closed_at is null)::int open,
       count(*) filter (where closed_at is null and confirmed_at is null and answer_due <= %(now)s)::int answer_overdue,
       count(*) filter (where closed_at is null and due_at <= %(now)s)::int overdue,
       count(*) filter (where closed_at is not null)::int closed
from privacy.request

-- name: list_steps
-- What was done with a request, oldest first.
select no, kind, told, note, at, by_name from privacy.request_step where request_id = %(request_id)s order by no

-- name: confirm_request
-- The person had a first answer.
update privacy.request
set state = 'confirmed', confirmed_at = %(now)s, others = %(others)s, due_at = %(due_at)s where id = %(id)s

-- name: extend_request
-- The person was told that it takes longer.
update privacy.request set extended_at = %(now)s, due_at = %(due_at)s where id = %(id)s

-- name: close_request
-- It has come to its end.
update privacy.request
set state = %(state)s, closed_at = %(now)s, confirmed_at = coalesce(confirmed_at, %(now)s) where id = %(id)s

-- name: insert_attachment
-- A paper belongs to a request.
insert into privacy.attachment (id, request_id, name, media_type, object, size, at, by_name)
values (%(id)s, %(request_id)s, %(name)s, %(media_type)s, %(object)s, %(size)s, %(at)s, %(by_name)s)

-- name: list_attachments
-- The papers of a request.
select id, name, media_type, object, size, at, by_name from privacy.attachment
where request_id = %(request_id)s order by at, id
