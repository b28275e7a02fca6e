-- Letters on their way, for asyncpg. A process claims the line of a subscription, delivers its letters in their order, one
-- notification at a time, and lets go. Whoever dies holding a line loses it when its time is over.

-- name: add
-- What a source told, to be passed on.
insert into graph.letter (tenant, sub, heard) values ($1, $2, $3)

-- name: claim
-- Lines with letters whose receivers are not to be left in peace, each given to one process. There is room for $2: half of it is
-- taken, the owners by turns (who has how many already: $4 to $6), each no more than are left afterwards. What lies further ahead
-- than anybody waits was set by a clock that ran ahead.
with owners as materialized (
  select tenant, coalesce(doc ->> '_asker', '') as who from graph.sub where certain group by 1, 2
), held as (
  select * from unnest($4::int[], $5::text[], $6::int[]) as h (tenant, who, lines)
), due as materialized (
  select o.tenant, one.id, row_number() over (partition by o.tenant, o.who) as place
  from owners o left join held h using (tenant, who)
  cross join lateral (
    select s.id from graph.sub s
    where s.certain and s.tenant = o.tenant and coalesce(s.doc ->> '_asker', '') = o.who
      and s.doc -> 'isActive' is distinct from 'false'::jsonb
      and (s.retry_at is null or s.retry_at <= now() or s.retry_at > now() + make_interval(
        secs => greatest(7200, coalesce((s.doc ->> 'throttling')::float8, 0) + 1)))
      and (s.claimed_until is null or s.claimed_until < now() or s.claimed_until > now() + interval '10 minutes')
      and exists (select from graph.letter l where l.tenant = s.tenant and l.sub = s.id and l.dead_at is null)
    limit greatest(($2::int - coalesce(h.lines, 0) + 1) / 2, 0) for no key update of s skip locked
  ) one
), free as (
  select tenant, id from due order by place limit ($2::int + 1) / 2
)
update graph.sub s set claimed_by = $1, claimed_until = now() + make_interval(secs => $3)
from free where s.tenant = free.tenant and s.id = free.id
returning s.tenant, s.id

-- name: take
-- Count and forget what was delivered ($6 notification, $7 its letters; null: nothing was), and take the next ones of a line that
-- is still ours: those of the notification that the first of them belongs to, or as many as have none, which get $4.
with gone as (
  delete from graph.letter where seq = any($7::bigint[])
), first as (
  select seq, notification from graph.letter
  where tenant = $1 and sub = $2 and dead_at is null and not seq = any($7::bigint[]) order by seq limit 2 * $5::int
), next_ones as (
  select seq from first
  where notification is not distinct from (select notification from first order by seq limit 1) order by seq limit $5::int
), line as (
  update graph.sub set
    times_sent = times_sent + $6::int,
    last_notification = case when $6 > 0 then graph.later(last_notification, $8) else last_notification end,
    last_success = case when $6 > 0 then graph.later(last_success, $8) else last_success end,
    failures = case when $6 > 0 then 0 else failures end,
    claimed_until = case when claimed_by <> $3 then claimed_until
      when exists (select from next_ones) then now() + make_interval(secs => $9) end
  where tenant = $1 and id = $2
  returning claimed_by = $3 and claimed_until is not null as ours, failures
)
update graph.letter l set notification = coalesce(l.notification, $4), tries = l.tries + 1
from next_ones n, line where l.seq = n.seq and line.ours
returning l.seq, l.notification, l.heard, l.tries, l.refusals, l.made_at, line.failures

-- name: rest
-- Count and forget what was delivered ($4), and let the line go until its throttling ($6 seconds) is over.
with gone as (
  delete from graph.letter where seq = any($4::bigint[])
)
update graph.sub set
  times_sent = times_sent + 1, failures = 0,
  last_notification = graph.later(last_notification, $5), last_success = graph.later(last_success, $5),
  retry_at = now() + make_interval(secs => $6), claimed_until = case when claimed_by <> $3 then claimed_until end
where tenant = $1 and id = $2

-- name: fail
-- A notification that was not delivered: its letters wait, or are dead; the line, if it is still ours, is free after a pause.
with line as (
  update graph.sub set times_sent = times_sent + 1, times_failed = times_failed + 1, failures = failures + 1,
    last_notification = graph.later(last_notification, $8), last_failure = graph.later(last_failure, $8),
    retry_at = now() + make_interval(secs => $9), claimed_until = null
  where tenant = $1 and id = $2 and claimed_by = $3 returning 1
)
update graph.letter set problem = $5, refusals = refusals + $6::int, dead_at = case when $7 then now() end
where seq = any($4::bigint[]) and exists (select from line)

-- name: split
-- A notification that its receiver will not have: its letters up to $6 go under one id from now on, those after it under another.
with line as (
  update graph.sub set times_sent = times_sent + 1, times_failed = times_failed + 1,
    last_notification = graph.later(last_notification, $9), last_failure = graph.later(last_failure, $9),
    retry_at = now() + make_interval(secs => $10), claimed_until = null
  where tenant = $1 and id = $2 and claimed_by = $3 returning 1
)
update graph.letter set problem = $5, notification = case when seq <= $6 then $7::uuid else $8::uuid end
where seq = any($4::bigint[]) and exists (select from line)

-- name: release
-- Let a line go for a while, with nothing tried.
update graph.sub set retry_at = now() + make_interval(secs => $4), claimed_until = null
where tenant = $1 and id = $2 and claimed_by = $3

-- name: turn
-- Whether it is this process that tidies up now.
select pg_try_advisory_lock(hashtext('graph.letter'))

-- name: turn_over
-- The next may tidy up.
select pg_advisory_unlock(hashtext('graph.letter'))

-- name: forget_orphans
-- Letters of subscriptions that are gone, and those that were dead for long.
delete from graph.letter l
where not exists (select from graph.sub s where s.tenant = l.tenant and s.id = l.sub) or l.dead_at < now() - $1::interval
returning 1

-- name: look_for_rest
-- Letters of subscriptions that are not certain any more are delivered, too.
update graph.sub s set certain = true from (select distinct tenant, sub from graph.letter where dead_at is null) l
where s.tenant = l.tenant and s.id = l.sub and not s.certain

-- name: bury_old
-- Letters that waited too long are dead.
update graph.letter set dead_at = now(), notification = coalesce(notification, gen_random_uuid()),
  problem = coalesce(problem, 'too old')
where dead_at is null and made_at < now() - $1::interval
returning 1

-- name: drop_oldest
-- The oldest beyond the bound go, counted as failed.
with lines as (
  select tenant, sub, count(*) - $1::int as surplus from graph.letter where dead_at is null
  group by tenant, sub having count(*) > $1::int
), gone as (
  delete from graph.letter using lines n, lateral (
    select seq from graph.letter where tenant = n.tenant and sub = n.sub and dead_at is null order by seq limit n.surplus
  ) oldest where letter.seq = oldest.seq
)
update graph.sub s set times_failed = s.times_failed + n.surplus, last_failure = now()
from lines n where s.tenant = n.tenant and s.id = n.sub
returning s.id, n.surplus

-- name: count_waiting
-- How many letters wait, and how many are dead.
select count(*) filter (where dead_at is null), count(*) filter (where dead_at is not null) from graph.letter
