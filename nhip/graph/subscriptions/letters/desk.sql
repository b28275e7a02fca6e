-- Letters as people look after them (psycopg). A dead letter is a notification that was given up, with all that it would have told.

-- name: list_dead
-- Dead letters, those that died last first.
select l.notification as id, t.name as tenant, l.sub as subscription, count(*) as changes, min(l.made_at) as made_at,
  max(l.dead_at) as dead_at, max(l.tries) as tries, coalesce(max(l.problem), '') as problem
from graph.letter l join graph.tenant t on t.id = l.tenant where l.dead_at is not null
group by l.notification, t.name, l.sub order by max(l.dead_at) desc, l.notification limit %(limit)s

-- name: find_dead
-- One dead letter.
select l.notification as id, t.name as tenant, l.sub as subscription, count(*) as changes, min(l.made_at) as made_at,
  max(l.dead_at) as dead_at, max(l.tries) as tries, coalesce(max(l.problem), '') as problem
from graph.letter l join graph.tenant t on t.id = l.tenant where l.dead_at is not null and l.notification = %(id)s
group by l.notification, t.name, l.sub

-- name: list_heard
-- What it would have told, in its order.
select heard from graph.letter where dead_at is not null and notification = %(id)s order by seq limit %(limit)s

-- name: retry
-- Try it again from the beginning, before what came later; its receiver is not left in peace any longer.
with again as (
  update graph.letter set dead_at = null, tries = 0, refusals = 0, made_at = now()
  where dead_at is not null and notification = %(id)s returning tenant, sub
)
update graph.sub s set retry_at = null from (select distinct tenant, sub from again) a where s.tenant = a.tenant and s.id = a.sub

-- name: drop
-- Give it up for good.
delete from graph.letter where dead_at is not null and notification = %(id)s

-- name: list_waiting
-- Subscriptions for which letters wait.
select t.name as tenant, l.sub as subscription, count(*) as changes, min(l.made_at) as made_at,
  coalesce(max(s.failures), 0) as failures, max(s.retry_at) as retry_at,
  coalesce((array_agg(l.problem order by l.seq))[1], '') as problem
from graph.letter l join graph.tenant t on t.id = l.tenant left join graph.sub s on s.tenant = l.tenant and s.id = l.sub
where l.dead_at is null group by t.name, l.sub order by min(l.made_at), l.sub limit %(limit)s
