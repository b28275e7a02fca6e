-- Copies of subscriptions at context sources, for asyncpg.

-- name: of_subscription
-- The copies of one subscription.
select id, tenant, subscription, registration, rev, source::text, wanted::text, told::text, tries
from graph.relay where tenant = $1 and subscription = $2

-- name: of_tenant
-- The copies of a tenant's subscriptions.
select id, tenant, subscription, registration, rev, source::text, wanted::text, told::text, tries
from graph.relay where tenant = $1

-- name: list_orphans
-- Subscriptions that are gone and of which something is left: whoever deleted them did not come to tell.
select r.tenant, r.subscription from (
  select tenant, subscription from graph.relay where wanted is not null union select tenant, subscription from graph.relay_path
) r
where not exists (select from graph.sub s where s.tenant = r.tenant and s.id = r.subscription)

-- name: list_tenants
-- Tenants that want copies.
select distinct tenant from graph.relay where wanted is not null

-- name: find
-- One copy.
select id, tenant, subscription, registration, rev, source::text, wanted::text, told::text, tries
from graph.relay where id = $1

-- name: want
-- A copy is to be at a source, as it is told here; one that is there already becomes so. Of one that was to go nobody knows whether
-- it is there yet.
insert into graph.relay as r (id, tenant, subscription, registration, rev, source, wanted, due_at)
values ($1, $2, $3, $4, $5, $6::text::jsonb, $7::text::jsonb, now())
on conflict (tenant, subscription, registration) do update
set rev = excluded.rev, source = excluded.source, wanted = excluded.wanted, tries = 0,
  due_at = case when r.wanted is not null and r.told is not distinct from excluded.wanted then null else now() end

-- name: unwant
-- A copy is to go.
update graph.relay set wanted = null, tries = 0, due_at = now() where id = $1 and wanted is not null

-- name: detach
-- A copy is to go from where it is, while another may be made for the same registration elsewhere.
update graph.relay set wanted = null, registration = 'gone:' || id, tries = 0, due_at = now() where id = $1

-- name: claim
-- Some copies of which something is to be done, each by one process; one that fails to finish is tried again later. What is due in
-- a day was put off by a clock that ran ahead.
update graph.relay r set due_at = now() + interval '90 seconds', told = coalesce(r.told, '{}')
from (select id from graph.relay where due_at <= now() or due_at > now() + interval '1 day' order by due_at limit $1 for update skip locked) due
where r.id = due.id
returning r.id, r.tenant, r.subscription, r.registration, r.rev, r.source::text, r.wanted::text, r.told::text, r.tries

-- name: done
-- The source has the copy as told here; what is wanted may have become something else meanwhile.
update graph.relay set told = $2::text::jsonb, tries = 0,
  due_at = case when wanted is not distinct from $2::text::jsonb then null else now() end
where id = $1

-- name: gone
-- The source has the copy no longer; where it is wanted again meanwhile, it is to be made anew.
with gone as (delete from graph.relay where id = $1 and wanted is null)
update graph.relay set told = '{}', tries = 0, due_at = now() where id = $1 and wanted is not null

-- name: failed
-- It did not work; again after some seconds.
update graph.relay set tries = tries + 1, due_at = now() + make_interval(secs => $2::float8) where id = $1

-- name: due
-- Seconds until something is to be done; nothing when there is nothing.
select extract(epoch from min(due_at) - now())::float8 from graph.relay where due_at is not null

-- name: keep_path
-- By which brokers a subscription came.
insert into graph.relay_path (tenant, subscription, via) values ($1, $2, $3::text[])
on conflict (tenant, subscription) do update set via = excluded.via

-- name: drop_path
-- The subscription is gone.
delete from graph.relay_path where tenant = $1 and subscription = $2

-- name: path
-- By which brokers a subscription came.
select via from graph.relay_path where tenant = $1 and subscription = $2
