-- name: list_in_force
-- What a party was given and may have now or later, with the organisations below the one that it is limited to.
with recursive below (root, id) as (
    select distinct a.organisation_id, a.organisation_id from security.assignment a
    where a.party_id = %(party_id)s and a.taken_at is null and a.organisation_id is not null
    union
    select b.root, p.id from below b join security.party p on p.parent_id = b.id where p.ended_at is null
)
select a.id, a.party_id, a.role, a.organisation_id, a.area, a.sector, a.from_at, a.until_at, a.note,
       coalesce((select array_agg(b.id) from below b where b.root = a.organisation_id), '{}') organisations
from security.assignment a left join security.party o on o.id = a.organisation_id
where a.party_id = %(party_id)s and a.taken_at is null and (a.until_at is null or a.until_at > %(now)s)
  and o.ended_at is null
order by a.from_at, a.id

-- name: list_of_party
-- Assignments of a party that were not taken back, the lapsed ones too.
select id, party_id, role, organisation_id, area, sector, from_at, until_at, note
from security.assignment where party_id = %(party_id)s and taken_at is null order by from_at, id

-- name: list_of_role
-- Assignments of a role in force.
select id, party_id, role, organisation_id, area, sector, from_at, until_at, note
from security.assignment
where role = %(role)s and taken_at is null and (until_at is null or until_at > %(now)s) order by from_at, id

-- name: find_assignment
-- One assignment that was not taken back.
select id, party_id, role, organisation_id, area, sector, from_at, until_at, note
from security.assignment where id = %(id)s and taken_at is null for update

-- name: insert_assignment
-- Give a role.
insert into security.assignment (id, party_id, role, organisation_id, area, sector, from_at, until_at, given_by, note)
values (%(id)s, %(party_id)s, %(role)s, %(organisation_id)s, %(area)s, %(sector)s, %(from_at)s, %(until_at)s, %(given_by)s,
        %(note)s)

-- name: take_assignment
-- Take a role back.
update security.assignment set taken_at = %(now)s where id = %(id)s and taken_at is null

-- name: list_roles
-- Roles that an administrator made.
select name, title, title_en, permissions from security.role where ended_at is null order by name

-- name: put_role
-- Make a role, or change the one of this name.
insert into security.role (name, title, title_en, permissions, made_at)
values (%(name)s, %(title)s, %(title_en)s, %(permissions)s, %(now)s)
on conflict (name) do update
set title = excluded.title, title_en = excluded.title_en, permissions = excluded.permissions, ended_at = null

-- name: end_role
-- End a role; whoever has it, has nothing by it any more.
update security.role set ended_at = %(now)s where name = %(name)s and ended_at is null

-- name: count_administrators
-- How many parties that can act may give roles everywhere and for ever.
select count(distinct a.party_id) from security.assignment a join security.party p on p.id = a.party_id
where a.role = 'administrator' and a.taken_at is null and a.organisation_id is null and a.area is null and a.sector is null
  and a.from_at <= %(now)s and a.until_at is null and p.suspended_at is null and p.ended_at is null

-- name: lock_roles
-- Changes of who administers wait for each other.
select n from security.epoch for update

-- name: find_epoch
-- The number of the last change of rights.
select n from security.epoch
