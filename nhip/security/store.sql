-- name: find_account
-- The account of this name, of a party that may act, in an organisation that may.
select a.id, a.party_id, a.name, a.password_hash
from security.account a join security.party p on p.id = a.party_id
left join security.party o on o.id = p.parent_id
where a.name = %(name)s and p.suspended_at is null and p.ended_at is null and o.suspended_at is null and o.ended_at is null

-- name: find_account_of
-- The account of a party.
select id, party_id, name, password_hash from security.account where party_id = %(party_id)s order by made_at limit 1

-- name: find_administrator
-- The first account that may administer everything.
select a.id, a.party_id, a.name, a.password_hash
from security.account a join security.party p on p.id = a.party_id
where p.suspended_at is null and p.ended_at is null and exists (
    select 1 from security.assignment g
    where g.party_id = p.id and g.role = 'administrator' and g.taken_at is null
      and g.organisation_id is null and g.area is null and g.sector is null
)
order by a.made_at, a.name limit 1

-- name: insert_account
-- Make an account.
insert into security.account (id, party_id, name, password_hash, made_at, password_set_at)
values (%(id)s, %(party_id)s, %(name)s, %(password_hash)s, %(now)s, %(now)s)

-- name: set_password
-- Give an account a new password.
update security.account set password_hash = %(password_hash)s, password_set_at = %(now)s where id = %(id)s

-- name: rehash
-- Keep the same password under newer parameters.
update security.account set password_hash = %(password_hash)s where id = %(id)s

-- name: insert_session
-- Begin a session.
insert into security.session (token_hash, id, account_id, made_at, seen_at, ends_at, address, agent, method, level, confirmed_at,
                              issuer, issuer_session, issuer_subject)
values (%(token_hash)s, %(id)s, %(account_id)s, %(now)s, %(now)s, %(ends_at)s, %(address)s, %(agent)s, %(method)s, %(level)s,
        %(now)s, %(issuer)s, %(issuer_session)s, %(issuer_subject)s)

-- name: find_session
-- Whose session this is, if it has not ended and its party may act, with the number of the last change of rights.
select s.id session, s.account_id, a.name account, p.id party, p.name, p.parent_id organisation, coalesce(o.code, '') organisation_code,
       s.method, s.level, s.confirmed_at, s.seen_at, s.address, s.agent, e.n epoch
from security.session s
join security.account a on a.id = s.account_id
join security.party p on p.id = a.party_id
left join security.party o on o.id = p.parent_id
cross join security.epoch e
where s.token_hash = %(token_hash)s and s.ends_at > %(now)s and s.seen_at > %(idle)s
  and p.suspended_at is null and p.ended_at is null and o.suspended_at is null and o.ended_at is null

-- name: touch_session
-- Note that a session is in use.
update security.session set seen_at = %(now)s, address = %(address)s where id = %(id)s

-- name: confirm_session
-- The person proved again who they are, perhaps at a higher level; with a new token the old one opens nothing any more.
update security.session set confirmed_at = %(now)s, level = greatest(level, %(level)s),
       token_hash = coalesce(%(token_hash)s::bytea, token_hash)
where id = %(id)s

-- name: delete_oldest
-- End the sessions of an account beyond those last used.
delete from security.session where id in (
    select id from security.session where account_id = %(account_id)s order by seen_at desc, made_at desc offset %(most)s
)

-- name: delete_session
-- End a session.
delete from security.session where token_hash = %(token_hash)s returning id, account_id

-- name: delete_session_by_id
-- End a session of an account.
delete from security.session where id = %(id)s and (%(account_id)s::uuid is null or account_id = %(account_id)s)

-- name: delete_sessions_of
-- End all sessions of an account, but perhaps one.
delete from security.session where account_id = %(account_id)s and (%(but)s::uuid is null or id <> %(but)s)

-- name: list_sessions
-- Sessions that have not ended: of one account or of all, the last used first.
select s.id, s.account_id, a.name account, p.id party_id, p.name, s.made_at, s.seen_at, s.ends_at, s.address, s.agent, s.method, s.level
from security.session s join security.account a on a.id = s.account_id join security.party p on p.id = a.party_id
where s.ends_at > %(now)s and s.seen_at > %(idle)s and (%(account_id)s::uuid is null or s.account_id = %(account_id)s)
order by s.seen_at desc limit 500
