-- The hot path of the graph, for asyncpg ($1, $2, ...). Lists come as arrays, one element a row.

-- name: list_iris
-- The whole dictionary.
select id, iri from graph.iri

-- name: find_iris
-- Numbers of these IRIs, as far as there are any.
select id, iri from graph.iri where iri = any($1::text[])

-- name: name_iris
-- The IRIs of these numbers.
select id, iri from graph.iri where id = any($1::int[])

-- name: add_iris
-- Give numbers to IRIs that have none; in order, so that two processes never wait for each other crosswise.
insert into graph.iri (iri) select i from unnest($1::text[]) i order by i on conflict do nothing

-- name: find_shape
-- The number of this set of types and attributes.
select id from graph.shape where tenant = $1 and types = $2::int[] and attrs = $3::int[]

-- name: add_shape
-- A new set of types and attributes.
insert into graph.shape (tenant, types, attrs) values ($1, $2::int[], $3::int[]) on conflict do nothing

-- name: find_tenant
-- The number of a tenant.
select id from graph.tenant where name = $1

-- name: add_tenant
-- Make a tenant.
insert into graph.tenant (name) values ($1) on conflict do nothing

-- name: list_tenants
-- All tenants.
select id, name from graph.tenant

-- name: list_indexed
-- Tables of values, whether somebody is at filling them in (a minute longer than its turn lasts), and their part of what says
-- that something changed.
select x.tenant, x.attr, i.iri, not x.ready and x.asked_at > now() - interval '2 minutes', 2 * x.turn + x.ready::int
from graph.indexed x join graph.iri i on i.id = x.attr

-- name: next_eno
-- The first of a thousand numbers of lives.
select nextval('graph.eno')

-- name: next_iid
-- The first of ten thousand numbers of instances.
select nextval('graph.iid')

-- name: take_slot
-- Claim a slot of the counters until this connection ends.
select pg_try_advisory_lock(hashtext('graph.slot'), $1)

-- name: get
-- Entities by id.
select id, doc, sys, ver, due_at from graph.entity where tenant = $1 and id = any($2::text[])

-- name: look
-- Entities that are about to change.
select id, doc, sys, ver, due_at, eno, shape from graph.entity where tenant = $1 and id = any($2::text[])

-- name: lock
-- The same, kept from others until the end of the transaction; in order, so that two never wait for each other crosswise.
select id, doc, sys, ver, due_at, eno, shape from graph.entity where tenant = $1 and id = any($2::text[])
order by id for update
