-- Subscriptions, for asyncpg. Every change tells all processes (channel graph_sub).

-- name: list_all
-- Every subscription, to be held in memory.
select tenant, id, doc::text, context::text, rev, created_at, modified_at, sealed, times_sent, times_failed,
  last_notification, last_success, last_failure from graph.sub

-- name: find
-- One of a tenant as it is stored.
select tenant, id, doc::text, context::text, rev, created_at, modified_at, sealed, times_sent, times_failed,
  last_notification, last_success, last_failure from graph.sub where tenant = $1 and id = $2

-- name: insert
-- A new one; gives nothing when there is one with this id.
with made as (
  insert into graph.sub (tenant, id, doc, context, next_at, sealed, certain)
  values ($1, $2, $3::text::jsonb, $4::text::jsonb, $5, $6, $7)
  on conflict do nothing returning tenant, id, rev
)
select rev, pg_notify('graph_sub', tenant || ' ' || id) from made

-- name: update
-- Change one, as it was in the revision $8 (null: in any); gives nothing when it is gone, or another.
with made as (
  update graph.sub set doc = $3::text::jsonb, context = $4::text::jsonb, next_at = $5, sealed = $6, certain = $7,
    retry_at = null, failures = 0, modified_at = now(), rev = nextval('graph.sub_rev')
  where tenant = $1 and id = $2 and ($8::bigint is null or rev = $8) returning tenant, id, rev
)
select rev, pg_notify('graph_sub', tenant || ' ' || id) from made

-- name: delete
-- Delete one; gives nothing when it is gone.
with gone as (delete from graph.sub where tenant = $1 and id = $2 returning tenant, id)
select pg_notify('graph_sub', tenant || ' ' || id) from gone

-- name: delete_with_letters
-- Delete one with what it was still to be told; gives nothing when it is gone.
with gone as (
  delete from graph.sub where tenant = $1 and id = $2 returning tenant, id
), letters as (
  delete from graph.letter l using gone g where l.tenant = g.tenant and l.sub = g.id
)
select pg_notify('graph_sub', tenant || ' ' || id) from gone

-- name: page
-- A page of a tenant's, in the order of their making.
select tenant, id, doc::text, context::text, rev, created_at, modified_at, sealed, times_sent, times_failed,
  last_notification, last_success, last_failure from graph.sub where tenant = $1 order by created_at, id limit $2 offset $3

-- name: count
-- How many a tenant has.
select count(*) from graph.sub where tenant = $1

-- name: add_counts
-- What happened since counters were written last; locked in one order, as several processes do this at once.
with t as (
  select * from unnest($1::int[], $2::text[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[])
    as t(tenant, id, sent, failed, notified, good, bad)
), locked as materialized (
  select s.tenant, s.id from graph.sub s join t using (tenant, id) order by s.tenant, s.id for no key update of s
)
update graph.sub s set
  times_sent = s.times_sent + t.sent, times_failed = s.times_failed + t.failed,
  last_notification = graph.later(s.last_notification, t.notified), last_success = graph.later(s.last_success, t.good),
  last_failure = graph.later(s.last_failure, t.bad)
from t join locked using (tenant, id)
where s.tenant = t.tenant and s.id = t.id

-- name: turn
-- Whether the throttling ($3 seconds) lets a notification go now, whichever process sends it: 0, and its time begins anew; else the
-- seconds that are left of it.
with mine as (
  update graph.sub set last_notification = now()
  where tenant = $1 and id = $2 and (last_notification is null or last_notification <= now() - make_interval(secs => $3)
    or last_notification > now() + interval '1 minute')
  returning 1
)
select case when exists (select from mine) then 0::float8
  else extract(epoch from last_notification + make_interval(secs => $3) - now())::float8 end
from graph.sub where tenant = $1 and id = $2

-- name: claim_due
-- Those whose interval has passed, each by one process only. The next time is in the rhythm of those before, and to come: what was
-- missed while nobody was there is not caught up with. One that lies further ahead than its interval was set by a clock that ran ahead.
update graph.sub s
set next_at = s.next_at + make_interval(secs => due.step * (floor(extract(epoch from now() - s.next_at) / due.step) + 1))
from (
  select tenant, id, (doc->>'timeInterval')::float8 as step from graph.sub
  where next_at <= now() or next_at > now() + make_interval(secs => (doc->>'timeInterval')::float8 + 1)
  for update skip locked
) due
where s.tenant = due.tenant and s.id = due.id
returning s.tenant, s.id

-- name: fingerprint
-- What memory should hold: how many, the sum of their revisions and that of the squares.
select count(*), coalesce(sum(rev), 0)::text, coalesce(sum(rev::numeric * rev), 0)::text from graph.sub

-- name: list_plain
-- Those that were stored before secrets were sealed.
select tenant, id, doc::text from graph.sub
where sealed is null and (doc #> '{notification,endpoint}' ?| array['receiverInfo', 'notifierInfo']
  or doc #>> '{notification,endpoint,uri}' ~ '[@?#]')

-- name: seal
-- Put the sealed secrets of one in the place of the plain ones.
update graph.sub set doc = $3::text::jsonb, sealed = $4 where tenant = $1 and id = $2 and sealed is null
