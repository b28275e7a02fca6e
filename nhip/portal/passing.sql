-- name: list_passed
-- Open datasets that came from other portals, none of which offers them any more; not those that somebody opened knowing it.
select d.id, d.name, string_agg(distinct s.name, ', ') as source, max(r.vanished_at) as since
from portal.publication p
join datasets.dataset d on d.id = p.dataset_id
join datasets.remote r on r.dataset_id = d.id
join datasets.source s on s.id = r.source_id
where p.state = 'published'
group by d.id, d.name, p.decided_at
having bool_and(r.vanished_at is not null and r.vanished_at > p.decided_at and s.settings ->> 'gone' is distinct from 'keep')
