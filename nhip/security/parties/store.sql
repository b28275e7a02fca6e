-- name: insert_party
-- Make a party.
insert into security.party (id, kind, code, name, name_en, sort, parent_id, email, subject, made_at)
values (%(id)s, %(kind)s, %(code)s, %(name)s, %(name_en)s, %(sort)s, %(parent_id)s, %(email)s, %(subject)s, %(now)s)

-- name: put_organisation
-- Make the organisation of this code, or change its names.
insert into security.party (id, kind, code, name, name_en, sort, made_at)
values (%(id)s, 'organisation', %(code)s, %(name)s, %(name_en)s, %(sort)s, %(now)s)
on conflict (code) do update set name = excluded.name, name_en = excluded.name_en, sort = excluded.sort
where (security.party.name, security.party.name_en) is distinct from (excluded.name, excluded.name_en)

-- name: find_by_code
-- The organisation or unit of this code.
select id, kind, name, name_en, code, parent_id, email, made_at, suspended_at, ended_at from security.party where code = %(code)s

-- name: find_party
-- One party.
select id, kind, name, name_en, code, parent_id, email, made_at, suspended_at, ended_at from security.party where id = %(id)s

-- name: find_by_subject
-- The person with this keyed hash of the citizen number.
select id, kind, name, name_en, code, parent_id, email, made_at, suspended_at, ended_at from security.party
where subject = %(subject)s

-- name: set_subject
-- Who this person is, as a keyed hash of the citizen number.
update security.party set subject = %(subject)s where id = %(id)s

-- name: find_subject
-- The keyed hash of the citizen number of a person.
select subject from security.party where id = %(id)s

-- name: list_parties
-- Parties of the kinds asked for, in Vietnamese order; with a text, those whose name, code, e-mail or account holds it.
select p.id, p.kind, p.name, p.name_en, p.code, p.parent_id, p.email, p.made_at, p.suspended_at, p.ended_at
from security.party p
where p.kind = any(%(kinds)s) and (%(ended)s or p.ended_at is null)
  and (%(parent_id)s::uuid is null or p.parent_id = %(parent_id)s)
  and (%(within)s::uuid[] is null or p.parent_id = any(%(within)s) or (p.id = any(%(within)s) and p.kind in ('organisation', 'unit')))
  and (%(text)s = '' or p.sort like '%%' || %(sort)s || '%%' or lower(coalesce(p.code, '')) = lower(%(text)s)
       or lower(p.email) = lower(%(text)s)
       or exists (select 1 from security.account a where a.party_id = p.id and lower(a.name) = lower(%(text)s)))
order by p.sort collate "C", p.id limit %(limit)s offset %(offset)s

-- name: change_party
-- Change a party's names, place and address.
update security.party set name = %(name)s, name_en = %(name_en)s, sort = %(sort)s, parent_id = %(parent_id)s, email = %(email)s
where id = %(id)s and ended_at is null

-- name: suspend_party
-- A party may not act until it is let again.
update security.party set suspended_at = %(at)s where id = %(id)s and ended_at is null

-- name: end_party
-- A party is no more; its traces stay.
update security.party set ended_at = %(now)s, subject = null where id = %(id)s and ended_at is null

-- name: end_sessions_below
-- End the sessions of a party, and of everybody who belongs to it.
with recursive below (id) as (
    select %(id)s::uuid union select p.id from security.party p join below b on p.parent_id = b.id
)
delete from security.session s using security.account a where a.id = s.account_id and a.party_id in (select id from below)

-- name: is_below
-- Whether a party lies at or below another.
with recursive above (id, parent_id) as (
    select id, parent_id from security.party where id = %(id)s
    union select p.id, p.parent_id from security.party p join above a on p.id = a.parent_id
)
select exists (select 1 from above where id = %(top)s)
