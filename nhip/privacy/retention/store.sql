-- name: end_rule
-- A rule holds no more.
update privacy.retention set ended_at = %(now)s where dataset_id = %(dataset_id)s and ended_at is null

-- name: insert_rule
-- A rule from now on.
insert into privacy.retention (id, dataset_id, months, ground, made_at, made_by)
values (%(id)s, %(dataset_id)s, %(months)s, %(ground)s, %(now)s, %(made_by)s)

-- name: list_rules
-- Rules: those in force, or also the earlier ones of one dataset.
select r.id, d.name dataset, d.title, r.months, r.ground, r.made_at, r.made_by, r.ended_at
from privacy.retention r join datasets.dataset d on d.id = r.dataset_id
where (%(dataset)s::text is null or d.name = %(dataset)s) and (%(ended)s or r.ended_at is null)
order by d.sort collate "C", r.made_at desc

-- name: list_expired_versions
-- Versions that were superseded before a moment and are still here, oldest first; never the one in force.
select v.no from (
    select dataset_id, no, lead(made_at) over (order by no) superseded_at
    from datasets.version where dataset_id = %(dataset_id)s) v
join datasets.dataset d on d.id = v.dataset_id
where v.no <> d.version_no and v.superseded_at <= %(before)s
  and not exists (select from privacy.deleted_version x where x.dataset_id = v.dataset_id and x.no = v.no)
order by v.no

-- name: list_objects
-- The objects of versions: number, role and name.
select v.no, o.key role, o.value object, o.value = v.object main
from datasets.version v cross join jsonb_each_text(v.manifest -> 'objects') o
where v.dataset_id = %(dataset_id)s and v.no = any(%(nos)s)

-- name: list_left_objects
-- Objects of versions that were deleted but that stayed because something else needed them.
select distinct o.value object
from privacy.deleted_version x
join datasets.version v on v.dataset_id = x.dataset_id and v.no = x.no
cross join jsonb_each_text(v.manifest -> 'objects') o
where x.dataset_id = %(dataset_id)s
  and not exists (select from privacy.deleted_object d where d.object = o.value)

-- name: list_needed_objects
-- Which of these objects a version needs that is neither deleted nor among those to be deleted.
select distinct o.value object
from datasets.version v cross join jsonb_each_text(v.manifest -> 'objects') o
where o.value = any(%(objects)s)
  and not (v.dataset_id = %(dataset_id)s and v.no = any(%(nos)s))
  and not exists (select from privacy.deleted_version x where x.dataset_id = v.dataset_id and x.no = v.no)

-- name: list_expired_deliveries
-- Deliveries that were replaced before a moment and that nothing needs: no version that stays, no later delivery of changes,
-- not the work that would be done again.
with recursive mine as (
    select d.*, lead(d.received_at) over (order by d.received_at, d.id) replaced_at
    from datasets.delivery d where d.dataset_id = %(dataset_id)s
), needed as (
    select v.delivery_id id from datasets.version v
    where v.dataset_id = %(dataset_id)s and not v.no = any(%(nos)s)
      and not exists (select from privacy.deleted_version x where x.dataset_id = v.dataset_id and x.no = v.no)
    union
    (select id from mine order by state = 'failed', received_at desc, id desc limit 1)
    union
    select m.id from mine m where m.replaced_at is null or m.replaced_at > %(before)s
), chain as (
    select id from needed
    union
    select d.base_id from chain c join datasets.delivery d on d.id = c.id where d.base_id is not null
)
select m.id, m.sha256 from mine m
where m.state in ('published', 'unchanged', 'failed')
  and m.id not in (select id from chain)
  and not exists (select from privacy.deleted_delivery x where x.delivery_id = m.id)
order by m.received_at, m.id

-- name: list_needed_raw
-- Which of these raw payloads a delivery needs that is neither deleted nor among those to be deleted.
select distinct d.sha256 object from datasets.delivery d
where d.sha256 = any(%(objects)s) and not d.id = any(%(deliveries)s)
  and not exists (select from privacy.deleted_delivery x where x.delivery_id = d.id)

-- name: count_unfinished
-- Deliveries of a dataset that are being worked through.
select count(*) from datasets.delivery
where dataset_id = %(dataset_id)s and state in ('received', 'decoded', 'checked')

-- name: insert_deletion
-- A deletion begins.
insert into privacy.deletion (id, dataset_id, retention_id, state, begun_at)
values (%(id)s, %(dataset_id)s, %(retention_id)s, 'begun', %(now)s)

-- name: insert_deleted_objects
-- What it takes away.
insert into privacy.deleted_object (deletion_id, object, sha256)
select %(id)s, object, sha256 from unnest(%(objects)s::text[], %(sha256s)s::text[]) as row (object, sha256)

-- name: insert_deleted_versions
-- Versions that cannot be read from now on.
insert into privacy.deleted_version (dataset_id, no, deletion_id)
select %(dataset_id)s, no, %(id)s from unnest(%(nos)s::int[]) no

-- name: insert_deleted_deliveries
-- Deliveries whose raw bytes are gone from now on.
insert into privacy.deleted_delivery (delivery_id, deletion_id)
select delivery, %(id)s from unnest(%(deliveries)s::uuid[]) delivery

-- name: finish_deletion
-- Everything is gone.
update privacy.deletion set state = 'done', done_at = %(now)s where id = %(id)s and state = 'begun'

-- name: list_deletions
-- Deletions, newest first: of one number, those that were cut off, or all.
select x.id, d.id dataset_id, d.name dataset, d.title, x.state, x.begun_at, x.done_at,
       (select count(*)::int from privacy.deleted_object o where o.deletion_id = x.id) objects,
       array(select no from privacy.deleted_version v where v.deletion_id = x.id order by no) versions
from privacy.deletion x join datasets.dataset d on d.id = x.dataset_id
where (%(id)s::uuid is null or x.id = %(id)s) and (%(state)s::text is null or x.state = %(state)s)
order by x.begun_at desc, x.id desc limit %(most)s

-- name: list_deleted_objects
-- What a deletion took away.
select object, sha256 from privacy.deleted_object where deletion_id = %(id)s order by object

-- name: find_event
-- The event of the ledger that says what a deletion took away.
select seq, at_us, body from ledger.event where kind = 'retention.deleted' and what = %(what)s order by seq limit 1

-- name: list_exported_versions
-- Versions of a dataset that were ever handed out whole, or of which the raw bytes were.
select distinct v.no from ledger.event e join datasets.version v
on v.dataset_id = %(dataset_id)s and (v.no::text = e.body::json -> 'data' ->> 'version'
                                      or v.delivery_id::text = e.body::json -> 'data' ->> 'delivery')
where e.what = %(what)s and e.kind = 'personal.exported'

-- name: begin_former
-- Where the people of a version that is deleted are written to.
copy privacy.former_member (dataset_id, no, subject) from stdin
