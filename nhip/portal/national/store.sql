-- name: find_national
-- Where we register, without the key.
select url, way, organisation, prefix, enabled, secret is not null as has_key, failures, problem, away_since, answered_at, next_try_at
from portal.national

-- name: put_national
-- Where we register from now on; the key stays unless a new one is given.
insert into portal.national (url, way, organisation, prefix, enabled, secret)
values (%(url)s, %(way)s, %(organisation)s, %(prefix)s, %(enabled)s, %(secret)s)
on conflict (single) do update
set url = excluded.url, way = excluded.way, organisation = excluded.organisation, prefix = excluded.prefix, enabled = excluded.enabled,
    secret = coalesce(excluded.secret, portal.national.secret), failures = 0, problem = null, away_since = null, next_try_at = null

-- name: find_key
-- The sealed key.
select secret from portal.national

-- name: list_sealed
-- The sealed key, held for a new one.
select 'portal.national' as key, secret as sealed from portal.national where secret is not null for update

-- name: reseal
-- The same key under another seal.
update portal.national set secret = %(sealed)s where %(key)s = 'portal.national'

-- name: forget_sent
-- Another place knows nothing of us yet; what was withdrawn stays so.
update portal.registration set mark = '', remote_id = '', sent_at = null, attempts = 0, next_try_at = null, problem = null

-- name: try_now
-- Wait no longer, neither for the portal nor for a dataset.
with portal_ as (update portal.national set next_try_at = null)
update portal.registration set next_try_at = null

-- name: answered
-- The other side is there.
update portal.national set failures = 0, problem = null, away_since = null, next_try_at = null, answered_at = %(now)s

-- name: away
-- The other side is not there; nothing is sent before the next try.
update portal.national
set failures = failures + 1, problem = %(problem)s, away_since = coalesce(away_since, %(now)s), next_try_at = %(next)s

-- name: list_due
-- What differs from what the other side has, datasets that were never tried first, so that one that is refused holds up no other.
select dataset_id, name, title, mark, remote_id, attempts, gone
from (
    select e.dataset_id, e.name, e.title, portal.mark_of(e) as mark, coalesce(r.remote_id, '') as remote_id,
           coalesce(r.attempts, 0) as attempts, false as gone
    from portal.entry e left join portal.registration r on r.dataset_id = e.dataset_id
    where r.mark is distinct from portal.mark_of(e) and coalesce(r.next_try_at, '-infinity') <= %(now)s
    union all
    select r.dataset_id, r.name, r.title, '', r.remote_id, r.attempts, true
    from portal.registration r
    where r.withdrawn_at is null and coalesce(r.next_try_at, '-infinity') <= %(now)s
      and not exists (select from portal.entry e where e.dataset_id = r.dataset_id)
) as due
order by not gone, attempts, name limit %(most)s

-- name: begun
-- Somebody may know of it from now on, even if the answer is lost: so a withdrawal is told, too.
insert into portal.registration (dataset_id, name, title, attempts) values (%(dataset_id)s, %(name)s, %(title)s, 1)
on conflict (dataset_id) do update set name = excluded.name, title = excluded.title, attempts = portal.registration.attempts + 1

-- name: sent
-- The other side has it.
update portal.registration
set mark = %(mark)s, remote_id = %(remote_id)s, sent_at = %(now)s, withdrawn_at = null, attempts = 0, next_try_at = null, problem = null
where dataset_id = %(dataset_id)s

-- name: withdrawn
-- The other side has it no longer.
update portal.registration
set mark = '', withdrawn_at = %(now)s, attempts = 0, next_try_at = null, problem = null where dataset_id = %(dataset_id)s

-- name: refused
-- The other side does not want it; tried again later.
update portal.registration set problem = %(problem)s, next_try_at = %(next)s where dataset_id = %(dataset_id)s

-- name: list_registrations
-- How datasets stand, those out of order first.
select * from (
    select coalesce(e.dataset_id, r.dataset_id) as dataset_id, coalesce(e.name, r.name) as name, coalesce(e.title, r.title) as title,
           coalesce(r.remote_id, '') as remote_id, r.sent_at, r.withdrawn_at, coalesce(r.attempts, 0) as attempts, r.next_try_at, r.problem,
           case when e.dataset_id is null and r.withdrawn_at is not null then 'withdrawn'
                when e.dataset_id is null then 'withdrawing'
                when r.problem is not null then 'refused'
                when r.mark is distinct from portal.mark_of(e) then 'waiting' else 'registered' end as state
    from portal.entry e full join portal.registration r on r.dataset_id = e.dataset_id
) as standing
where %(state)s::text is null or state = %(state)s
order by array_position(array['refused', 'withdrawing', 'waiting', 'registered', 'withdrawn'], state), sent_at desc nulls first, name
limit %(most)s offset %(start)s

-- name: count_registrations
-- How many datasets are in each state.
select state, count(*) as number from (
    select case when e.dataset_id is null and r.withdrawn_at is not null then 'withdrawn'
                when e.dataset_id is null then 'withdrawing'
                when r.problem is not null then 'refused'
                when r.mark is distinct from portal.mark_of(e) then 'waiting' else 'registered' end as state
    from portal.entry e full join portal.registration r on r.dataset_id = e.dataset_id
) as standing group by state
