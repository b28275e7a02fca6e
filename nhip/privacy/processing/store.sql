-- name: insert_processing
-- A new processing.
insert into privacy.processing (id, name, no, datasets, sort, made_at)
values (%(id)s, %(name)s, 1, %(datasets)s, %(sort)s, %(now)s)

-- name: lock_processing
-- Hold a processing: one change of it at a time.
select no from privacy.processing where id = %(id)s and ended_at is null for update

-- name: insert_edition
-- What it says from now on.
insert into privacy.processing_edition (processing_id, no, entry, note, made_at, made_by)
values (%(id)s, %(no)s, %(entry)s, %(note)s, %(now)s, %(made_by)s)

-- name: point_processing
-- Put an edition in force.
update privacy.processing set no = %(no)s, datasets = %(datasets)s, sort = %(sort)s where id = %(id)s

-- name: end_processing
-- It is done no more; its editions stay.
update privacy.processing set ended_at = %(now)s where id = %(id)s and ended_at is null

-- name: list_processings
-- Processings in Vietnamese order: those of one dataset or all, those that ended only when asked for.
select p.id, p.name, p.no, e.entry, e.made_at changed_at, e.made_by changed_by, p.made_at, p.ended_at,
       coalesce(o.name, '') controller_name, coalesce(o.name_en, '') controller_name_en
from privacy.processing p
join privacy.processing_edition e on e.processing_id = p.id and e.no = p.no
left join security.party o on o.code = e.entry ->> 'controller'
where (%(dataset)s::text is null or p.datasets @> array[%(dataset)s::text])
  and (%(ended)s or p.ended_at is null)
order by p.sort collate "C", p.name

-- name: find_processing
-- One processing by its name.
select p.id, p.name, p.no, e.entry, e.made_at changed_at, e.made_by changed_by, p.made_at, p.ended_at,
       coalesce(o.name, '') controller_name, coalesce(o.name_en, '') controller_name_en
from privacy.processing p
join privacy.processing_edition e on e.processing_id = p.id and e.no = p.no
left join security.party o on o.code = e.entry ->> 'controller'
where p.name = %(name)s

-- name: list_editions
-- Everything that a processing ever said, newest first.
select no, entry, note, made_at, made_by from privacy.processing_edition where processing_id = %(id)s order by no desc
