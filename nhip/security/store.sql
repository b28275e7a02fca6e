-- name: find_account
-- An account by its name.
select id, name, password_hash, administrator from security.account where name = %(name)s

-- name: find_administrator
-- The first administrator.
select id, name, password_hash, administrator from security.account where administrator order by made_at, name limit 1

-- name: put_account
-- Make an account or give it a new password.
insert into security.account (id, name, password_hash, administrator, made_at, password_set_at)
values (%(id)s, %(name)s, %(password_hash)s, %(administrator)s, %(now)s, %(now)s)
on conflict (name) do update set password_hash = excluded.password_hash, password_set_at = excluded.password_set_at

-- name: rehash
-- Keep the same password under newer parameters.
update security.account set password_hash = %(password_hash)s where id = %(id)s

-- name: insert_session
-- Begin a session.
insert into security.session (token_hash, account_id, made_at, ends_at)
values (%(token_hash)s, %(account_id)s, %(now)s, %(ends_at)s)

-- name: find_who
-- Whose session this is, if it has not ended.
select a.id, a.name, a.administrator
from security.session s join security.account a on a.id = s.account_id
where s.token_hash = %(token_hash)s and s.ends_at > %(now)s

-- name: delete_session
-- End a session.
delete from security.session where token_hash = %(token_hash)s

-- name: delete_sessions_of
-- End all sessions of the account with this name.
delete from security.session s using security.account a where a.id = s.account_id and a.name = %(name)s

-- name: lock_attempts
-- Let attempts on one name wait for each other, so that none slips past the count.
select pg_advisory_xact_lock(hashtextextended(%(name)s, 4711))

-- name: count_failures
-- Failed attempts since a moment: on this name from this address, from this address, on this name.
select count(*) filter (where name = %(name)s and address = %(address)s) as here,
       count(*) filter (where address = %(address)s) as from_address,
       count(*) filter (where name = %(name)s) as on_name
from security.attempt
where failed and at > %(since)s and (name = %(name)s or address = %(address)s)

-- name: insert_attempt
-- Note an attempt; it counts as failed until it succeeds.
insert into security.attempt (id, name, address, at, failed) values (%(id)s, %(name)s, %(address)s, %(now)s, true)

-- name: mark_success
-- The attempt succeeded.
update security.attempt set failed = false where id = %(id)s

-- name: forget
-- Drop attempts and sessions that no longer matter.
with gone as (delete from security.session where ends_at < %(now)s)
delete from security.attempt where at < %(before)s
