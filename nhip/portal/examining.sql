-- name: list_to_examine
-- Open releases that today's gate has not judged, those in force first.
select d.id, d.name, r.no
from portal.release r
join portal.publication p on p.dataset_id = r.dataset_id and p.state = 'published'
join datasets.dataset d on d.id = r.dataset_id
left join portal.entry e on e.dataset_id = r.dataset_id
left join portal.examination x on x.dataset_id = r.dataset_id and x.no = r.no
where r.recalled_at is null and x.mark is distinct from %(mark)s
order by e.release_no is distinct from r.no, r.made_at desc, r.dataset_id, r.no
limit %(most)s

-- name: find_examination
-- How the gate last judged a release.
select x.dataset_id, d.name, x.no, x.at, x.state, x.gate, x.reason, x.decided_by, x.decided_at
from portal.examination x join datasets.dataset d on d.id = x.dataset_id
where x.dataset_id = %(dataset_id)s and x.no = %(no)s

-- name: put_examination
-- How today's gate judges a release; what somebody decided about it before is forgotten unless it is `kept`.
insert into portal.examination (dataset_id, no, mark, at, state, gate)
values (%(dataset_id)s, %(no)s, %(mark)s, %(now)s, %(state)s, %(gate)s)
on conflict (dataset_id, no) do update
set mark = excluded.mark, at = excluded.at, state = excluded.state, gate = excluded.gate,
    reason = case when excluded.state = 'kept' then portal.examination.reason else '' end,
    decided_by = case when excluded.state = 'kept' then portal.examination.decided_by else '' end,
    decided_at = case when excluded.state = 'kept' then portal.examination.decided_at end

-- name: keep_doubted
-- Somebody decides that a release stays open although something is found; of the examination that they have seen.
update portal.examination set state = 'kept', reason = %(reason)s, decided_by = %(by)s, decided_at = %(now)s
where dataset_id = %(dataset_id)s and no = %(no)s and state = 'doubted' and at = %(seen)s

-- name: list_doubted
-- Releases that are given out and in which something is found that nobody has decided on, the longest waiting first.
select x.dataset_id, d.name, x.no, x.at, x.state, x.gate, x.reason, x.decided_by, x.decided_at
from portal.examination x
join portal.release r on r.dataset_id = x.dataset_id and r.no = x.no and r.recalled_at is null
join portal.publication p on p.dataset_id = x.dataset_id and p.state = 'published'
join datasets.dataset d on d.id = x.dataset_id
where x.state = 'doubted' order by x.at, d.name, x.no
