-- name: list_mirrors
-- Every mirror.
select m.*, t.name as tenant_name, exists (select from graph.mirror_doubt d where d.mirror = m.id) as doubts
from graph.mirror m join graph.tenant t on t.id = m.tenant
order by m.name

-- name: find_mirror
-- One mirror by its number.
select m.*, t.name as tenant_name, exists (select from graph.mirror_doubt d where d.mirror = m.id) as doubts
from graph.mirror m join graph.tenant t on t.id = m.tenant
where m.id = %(id)s

-- name: add
-- A new mirror; gives its number, nothing where its name or tenant is taken.
insert into graph.mirror (name, tenant, peer, peer_tenant, context, types, q, scope, attrs)
values (%(name)s, %(tenant)s, %(peer)s, %(peer_tenant)s, %(context)s, %(types)s, %(q)s, %(scope)s, %(attrs)s)
on conflict do nothing returning id

-- name: set_secret
-- Keep the sealed headers of a mirror.
update graph.mirror set secret = %(secret)s where id = %(id)s

-- name: find_secret
-- The sealed headers of a mirror.
select secret from graph.mirror where id = %(id)s

-- name: list_sealed
-- All sealed headers, for a new key.
select id::text as key, secret as sealed from graph.mirror where secret is not null order by id for update

-- name: reseal
-- Headers sealed with another key.
update graph.mirror set secret = %(sealed)s where id = %(key)s::int

-- name: remove
-- Forget a mirror and whose word its entities are.
delete from graph.mirror where id = %(id)s

-- name: lock
-- One at a time takes what a peer said, while the mirror is there; gives the step of what is taken now.
select pg_advisory_xact_lock(hashtext('graph.mirror'), id), nextval('graph.mirror_step') as step
from graph.mirror where id = %(id)s for key share

-- name: step
-- The step of a question.
select nextval('graph.mirror_step')

-- name: known
-- What is known of entities.
select id, modified_at, step, gone, digest from graph.mirrored where mirror = %(mirror)s and id = any(%(ids)s)

-- name: put_known
-- What is known of entities from now on.
insert into graph.mirrored (mirror, id, modified_at, step, gone, digest)
select %(mirror)s, id, modified_at, %(step)s, gone, digest
from unnest(%(ids)s::text[], %(times)s::text[], %(gone)s::bool[], %(digests)s::bytea[]) as n(id, modified_at, gone, digest)
on conflict (mirror, id) do update set modified_at = excluded.modified_at, step = excluded.step, gone = excluded.gone,
  digest = excluded.digest, received_at = clock_timestamp()

-- name: doubt
-- Ask about these entities.
insert into graph.mirror_doubt (mirror, id, step) select %(mirror)s, id, %(step)s from unnest(%(ids)s::text[]) id
on conflict (mirror, id) do update set step = excluded.step

-- name: settle
-- These were asked about at a step; what came into doubt since stays so.
delete from graph.mirror_doubt where mirror = %(mirror)s and id = any(%(ids)s) and step < %(asked)s

-- name: list_doubts
-- Entities to ask about next.
select id from graph.mirror_doubt where mirror = %(mirror)s order by step, id limit %(limit)s

-- name: count_received
-- A notification is durable.
update graph.mirror set received = received + %(notifications)s, refused = refused + %(refused)s, heard_at = now()
where id = %(id)s and subscription = %(subscription)s

-- name: list_held
-- What a mirror holds, after an id.
select id from graph.entity where tenant = %(tenant)s and id > %(after)s order by id limit %(limit)s

-- name: count_held
-- How many entities a tenant holds.
select coalesce(sum(c.entities), 0)::bigint from graph.shape s join graph.shape_count c on c.shape = s.id where s.tenant = %(tenant)s

-- name: subscribed
-- A new subscription at the peer: its counters begin.
update graph.mirror set subscription = %(subscription)s, token = %(token)s, received = 0, peer_sent = 0, peer_failed = 0,
  state = 'copying'
where id = %(id)s

-- name: told_counters
-- The peer's counters and its beginning, as it says them now. Where something was missed, that is noted with them.
update graph.mirror set peer_sent = %(sent)s, peer_failed = %(failed)s, peer_began = coalesce(%(began)s, peer_began),
  state = case when %(missed)s then 'copying' else state end,
  received = case when %(missed)s then greatest(received, %(sent)s - %(failed)s) else received end
where id = %(id)s

-- name: beat
-- Somebody looks after it.
update graph.mirror set beat_at = now() where id = %(id)s

-- name: set_state
-- How it is doing.
update graph.mirror set state = %(state)s, problem = %(problem)s where id = %(id)s

-- name: good
-- What the peer changed before an instant is here.
update graph.mirror set good_at = graph.later(good_at, %(at)s) where id = %(id)s

-- name: begin_compare
-- Everything is about to be compared.
update graph.mirror set state = 'copying', refused = 0 where id = %(id)s

-- name: compared
-- Everything was compared; how many entities the peer has more than we.
update graph.mirror set compared_at = %(at)s, good_at = graph.later(good_at, %(at)s), sync_done = greatest(sync_done, %(sync)s),
  difference = %(difference)s, refused = refused + %(refused)s, state = 'live', problem = ''
where id = %(id)s

-- name: ask_sync
-- Have everything compared.
update graph.mirror set sync_asked = sync_asked + 1 where id = %(id)s returning sync_asked

-- name: forget_gone
-- Forget that entities are gone, once no late notification of them can come any more.
delete from graph.mirrored where mirror = %(mirror)s and gone and received_at < now() - interval '7 days'

-- name: provenance
-- Where entities of a mirror come from.
select d.id, m.name as mirror, m.peer, m.peer_tenant, d.modified_at, d.received_at
from graph.mirrored d join graph.mirror m on m.id = d.mirror
where d.mirror = %(mirror)s and d.id = any(%(ids)s) and not d.gone
order by d.id

-- name: claim
-- Look after a mirror until the connection ends; whether nobody else does.
select pg_try_advisory_lock(hashtext('graph.mirror.tending'), $1)
