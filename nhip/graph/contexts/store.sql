-- name: add
-- A context that is served here.
insert into graph.context (id, tenant, kind, body, created_at)
values (%(id)s, %(tenant)s, %(kind)s, %(body)s, %(at)s)

-- name: put_copy
-- The copy of a document as it was fetched just now; gives its identifier.
insert into graph.context (id, tenant, kind, url, body, created_at)
values (%(id)s, %(tenant)s, 'Cached', %(url)s, %(body)s, %(at)s)
on conflict (tenant, url) where url is not null do update set body = excluded.body, created_at = excluded.created_at
returning id

-- name: drop_surplus
-- Of what nobody asked us to keep, copies or what was made on a tenant's behalf, goes what is beyond so many or so many bytes, first
-- what nobody used for longest: it is fetched or made again when it is asked for. What subscriptions are told in stays.
delete from graph.context c using (
  select id, row_number() over w as place, sum(octet_length(body)) over w as bytes from graph.context
  where tenant = %(tenant)s and kind = %(kind)s window w as (order by greatest(used_at, created_at) desc, id)
) ranked
where c.tenant = %(tenant)s and c.id = ranked.id and (ranked.place > %(most)s or ranked.bytes > %(most_bytes)s)
  and c.id not in (
    select substring(h.url from '[^/]+$') from (
      select doc->>'jsonldContext' from graph.sub where tenant = %(tenant)s
      union all select doc->>'jsonldContext' from graph.watch where tenant = %(tenant)s
      union all select wanted->>'jsonldContext' from graph.relay where tenant = %(tenant)s
    ) as h(url) where h.url ~ '[^/]$')

-- name: find
-- One context of a tenant by its identifier or, if it is a copy, by its address.
select id, kind, url, body, created_at, used_at, hits from graph.context
where tenant = %(tenant)s and (id = %(name)s or url = %(name)s)

-- name: find_same
-- One made on behalf of the tenant with the same content.
select id from graph.context
where tenant = %(tenant)s and kind = 'ImplicitlyCreated' and sha256(body) = sha256(%(body)s) limit 1

-- name: list_all
-- A tenant's contexts, the newest first; a kind that is null does not narrow.
select id, kind, url, body, created_at, used_at, hits from graph.context
where tenant = %(tenant)s and (%(kind)s::text is null or kind = %(kind)s) order by created_at desc, id

-- name: delete
-- Forget one.
delete from graph.context where tenant = %(tenant)s and id = %(id)s

-- name: count_hits
-- Add uses that were counted in memory.
update graph.context c set hits = c.hits + u.hits, used_at = greatest(c.used_at, %(at)s)
from (
  -- a context may be named by its identifier and by its address at once
  select k.tenant, k.id, sum(n.hits)::bigint as hits
  from unnest(%(tenants)s::int[], %(names)s::text[], %(hits)s::bigint[]) as n(tenant, name, hits)
  join graph.context k on k.tenant = n.tenant and (k.id = n.name or k.url = n.name)
  group by k.tenant, k.id
) u
where c.tenant = u.tenant and c.id = u.id

-- name: stamps
-- Since when contexts are as they are.
select u.tenant, u.name, c.created_at
from unnest(%(tenants)s::int[], %(names)s::text[]) as u(tenant, name)
join graph.context c on c.tenant = u.tenant and (c.id = u.name or c.url = u.name)
