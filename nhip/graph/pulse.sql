-- name: listen
-- Be told of changes for so many seconds.
insert into graph.listening (until) values (now() + make_interval(secs => %(seconds)s))
on conflict (one) do update set until = greatest(graph.listening.until, excluded.until)

-- name: is_heard
-- Whether somebody wants to be told.
select exists (select from graph.listening where until > now()) as heard

-- name: list_types_of
-- The types of entities, also of those that are gone.
select distinct i.iri
from (
    select unnest(s.types) as type
    from graph.entity e join graph.shape s on s.id = e.shape
    where e.tenant = %(tenant)s and e.id = any(%(ids)s)
    union
    select unnest(p.types) from graph.past p where p.tenant = %(tenant)s and p.id = any(%(ids)s)
  ) t join graph.iri i on i.id = t.type
