-- name: add
-- A new registration; gives nothing when there is one with its id.
insert into graph.registration (tenant, id, doc, sealed) values (%(tenant)s, %(id)s, %(doc)s, %(sealed)s)
on conflict do nothing returning id

-- name: put
-- The registration as it is now.
update graph.registration set doc = %(doc)s, sealed = %(sealed)s where tenant = %(tenant)s and id = %(id)s

-- name: delete
-- Forget a registration; gives it when there was one.
delete from graph.registration where tenant = %(tenant)s and id = %(id)s returning doc

-- name: lock
-- A registration that is about to be changed.
select doc, sealed from graph.registration where tenant = %(tenant)s and id = %(id)s for update

-- name: lock_all
-- One change of registrations at a time, so that none contradicts another that is being made.
select pg_advisory_xact_lock(hashtext('graph.registration'))

-- name: wait_all
-- Wait until the changes that are being made are there to be read.
select pg_advisory_xact_lock_shared(hashtext('graph.registration'))

-- name: list_all
-- Every registration with its counters.
select tenant, doc, sealed, sent, failed, succeeded_at, failed_at from graph.registration

-- name: tell
-- A change that other processes have to see.
select nextval('graph.registration_change')

-- name: change
-- How many changes there were, or are being made.
select last_value + is_called::int from graph.registration_change

-- name: count
-- Add what was asked of sources; gives the counters as they are now.
update graph.registration r
set sent = r.sent + c.sent, failed = r.failed + c.failed,
  succeeded_at = greatest(r.succeeded_at, c.succeeded_at), failed_at = greatest(r.failed_at, c.failed_at)
from unnest(%(tenants)s::int[], %(ids)s::text[], %(sent)s::bigint[], %(failed)s::bigint[],
  %(succeeded)s::timestamptz[], %(failures)s::timestamptz[]) as c(tenant, id, sent, failed, succeeded_at, failed_at)
where r.tenant = c.tenant and r.id = c.id
returning r.tenant, r.id, r.sent, r.failed, r.succeeded_at, r.failed_at

-- name: list_plain
-- Those that may have been stored before secrets were sealed.
select tenant, doc from graph.registration
where sealed is null and strpos(convert_from(doc, 'UTF8'), '"contextSourceInfo"') > 0 for update
