-- name: insert_breach
-- A breach was found.
insert into privacy.breach (id, no, found_at, due_at, no_edition)
values (%(id)s, %(no)s, %(found_at)s, %(due_at)s, 1)

-- name: insert_edition
-- What is known of it from now on.
insert into privacy.breach_edition (breach_id, no, facts, note, at, by_name)
values (%(id)s, %(no)s, %(facts)s, %(note)s, %(at)s, %(by_name)s)

-- name: point_breach
-- Put an edition of the facts in force, with the marks of what was done.
update privacy.breach
set no_edition = %(no)s, notified_at = %(notified_at)s, informed_at = %(informed_at)s, closed_at = %(closed_at)s
where id = %(id)s

-- name: lock_breach
-- Hold a breach: one change of it at a time.
select no_edition from privacy.breach where id = %(id)s for update

-- name: list_breaches
-- Breaches: those that are open first, the most urgent first.
select b.id, b.no, b.found_at, b.due_at, b.no_edition, b.notified_at, b.informed_at, b.closed_at, e.facts
from privacy.breach b join privacy.breach_edition e on e.breach_id = b.id and e.no = b.no_edition
where %(no)s::text is null or b.no = %(no)s
order by b.closed_at is not null, b.notified_at is not null, b.due_at, b.no

-- name: list_editions
-- How the facts came to be known, newest first.
select no, facts, note, at, by_name from privacy.breach_edition where breach_id = %(id)s order by no desc

-- name: list_versions_between
-- Versions of a dataset that were in force at some time between two moments.
select no from (
    select no, made_at, lead(made_at) over (order by no) next_at
    from datasets.version where dataset_id = %(dataset_id)s) v
where made_at < %(until)s and coalesce(next_at, 'infinity') > %(since)s order by no

-- name: list_looked_at
-- People whose data in these datasets were shown or handed out one by one in a span of time, by the ledger.
select distinct s.subject from ledger.subject s join ledger.event e on e.seq = s.seq
where e.what = any(%(what)s) and e.kind in ('personal.read', 'personal.exported')
  and e.at_us >= %(since_us)s and e.at_us < %(until_us)s
