-- name: find_account_by_id
-- An account whose party may act.
select a.id, a.party_id, a.name, a.password_hash
from security.account a join security.party p on p.id = a.party_id
left join security.party o on o.id = p.parent_id
where a.id = %(id)s and p.suspended_at is null and p.ended_at is null and o.suspended_at is null and o.ended_at is null

-- name: get_factors
-- What an account can prove itself with.
select a.password_hash is not null as password,
       (select t.confirmed_at from security.totp t where t.account_id = a.id) as totp,
       (select count(*) from security.passkey k where k.account_id = a.id)::int as passkeys,
       (select count(*) from security.recovery_code c where c.account_id = a.id and c.used_at is null)::int as codes
from security.account a where a.id = %(account_id)s

-- name: lock_attempts
-- Let attempts on one name wait for each other, so that none slips past the count.
select pg_advisory_xact_lock(hashtextextended(%(name)s, 4711))

-- name: count_failures
-- Failed attempts since a moment: on this name from this address, from this address, on this name; codes now and in a day.
select count(*) filter (where at > %(since)s and name = %(name)s and address = %(address)s) as here,
       count(*) filter (where at > %(since)s and address = %(address)s) as from_address,
       count(*) filter (where at > %(since)s and name = %(name)s) as on_name,
       count(*) filter (where at > %(since)s and name = %(name)s and kind = 'code') as codes,
       count(*) filter (where name = %(name)s and kind = 'code') as codes_of_day
from security.attempt
where failed and at > %(since_day)s and (name = %(name)s or (address = %(address)s and at > %(since)s))

-- name: insert_attempt
-- Note an attempt; it counts as failed until it succeeds.
insert into security.attempt (id, name, address, at, failed, kind) values (%(id)s, %(name)s, %(address)s, %(now)s, true, %(kind)s)

-- name: mark_success
-- The attempt succeeded.
update security.attempt set failed = false where id = %(id)s

-- name: forgive
-- Failed attempts on a name count no longer.
update security.attempt set failed = false where name = %(name)s and failed

-- name: forget
-- Drop attempts, sessions, half-way proofs and one-time codes that no longer matter.
with sessions as (delete from security.session where ends_at < %(now)s),
     steps as (delete from security.step where ends_at < %(now)s),
     invitations as (delete from security.invitation where ends_at < %(now)s)
delete from security.attempt where at < %(before)s

-- name: insert_step
-- A browser is half-way through a proof.
insert into security.step (token_hash, purpose, account_id, session_id, challenge, method, ends_at)
values (%(token_hash)s, %(purpose)s, %(account_id)s, %(session_id)s, %(challenge)s, %(method)s, %(ends_at)s)

-- name: find_step
-- What a browser is half-way through.
select purpose, account_id, session_id, challenge, method from security.step
where token_hash = %(token_hash)s and purpose = %(purpose)s and ends_at > %(now)s

-- name: set_challenge
-- Ask a passkey to sign this.
update security.step set challenge = %(challenge)s where token_hash = %(token_hash)s and purpose = %(purpose)s and ends_at > %(now)s

-- name: take_challenge
-- The challenge of a step, once.
update security.step s set challenge = null from security.step old
where s.token_hash = %(token_hash)s and s.purpose = %(purpose)s and s.ends_at > %(now)s and old.token_hash = s.token_hash
  and s.challenge is not null
returning s.purpose, s.account_id, s.session_id, old.challenge, s.method

-- name: end_step
-- The browser is through, or gave up.
delete from security.step where token_hash = %(token_hash)s and purpose = %(purpose)s

-- name: end_steps_of
-- No browser is half-way into this account any more.
delete from security.step where account_id = %(account_id)s

-- name: put_totp
-- A new shared secret that is not confirmed yet; a confirmed one stays.
insert into security.totp (account_id, sealed, made_at) values (%(account_id)s, %(sealed)s, %(now)s)
on conflict (account_id) do update set sealed = excluded.sealed, made_at = excluded.made_at, last_step = 0
where security.totp.confirmed_at is null

-- name: find_totp
-- The shared secret of an account.
select account_id, sealed, confirmed_at, last_step from security.totp where account_id = %(account_id)s

-- name: list_totp
-- Every shared secret, for sealing them anew.
select account_id::text key, sealed from security.totp order by account_id for update

-- name: reseal_totp
-- The same secret under another key.
update security.totp set sealed = %(sealed)s where account_id = %(key)s::uuid

-- name: use_step
-- Use up a time step; none that was used, or lies before one that was.
update security.totp set last_step = %(step)s where account_id = %(account_id)s and last_step < %(step)s

-- name: confirm_totp
-- From now on codes are asked for.
update security.totp set confirmed_at = %(now)s where account_id = %(account_id)s and confirmed_at is null

-- name: delete_totp
-- Codes are no longer asked for.
delete from security.totp where account_id = %(account_id)s

-- name: insert_passkey
-- Add a passkey.
insert into security.passkey (id, account_id, credential_id, public_key, sign_count, name, transports, synced, made_at)
values (%(id)s, %(account_id)s, %(credential_id)s, %(public_key)s, %(sign_count)s, %(name)s, %(transports)s, %(synced)s, %(made_at)s)
on conflict (credential_id) do nothing

-- name: list_passkeys
-- The passkeys of an account.
select id, account_id, credential_id, public_key, sign_count, name, transports, synced, made_at, used_at
from security.passkey where account_id = %(account_id)s order by made_at

-- name: find_passkey
-- The passkey of this credential, locked, so that its counter is looked at by one at a time.
select id, account_id, credential_id, public_key, sign_count, name, transports, synced, made_at, used_at
from security.passkey where credential_id = %(credential_id)s for update

-- name: use_passkey
-- The passkey proved itself.
update security.passkey set sign_count = %(sign_count)s, synced = %(synced)s, used_at = %(now)s where id = %(id)s

-- name: rename_passkey
-- Call a passkey otherwise.
update security.passkey set name = %(name)s where id = %(id)s and account_id = %(account_id)s

-- name: delete_passkey
-- Take a passkey away.
delete from security.passkey where id = %(id)s and account_id = %(account_id)s returning name

-- name: put_recovery_set
-- Begin a new set of recovery codes.
insert into security.recovery_set (account_id, salt, made_at) values (%(account_id)s, %(salt)s, %(now)s)
on conflict (account_id) do update set salt = excluded.salt, made_at = excluded.made_at

-- name: delete_recovery_codes
-- The codes of an account are worth nothing any more.
delete from security.recovery_code where account_id = %(account_id)s

-- name: insert_recovery_codes
-- The codes of a set.
insert into security.recovery_code (account_id, code_hash) select %(account_id)s, unnest(%(hashes)s::bytea[])

-- name: find_recovery_salt
-- The salt of an account's set.
select salt from security.recovery_set where account_id = %(account_id)s

-- name: use_recovery_code
-- Use up a recovery code.
update security.recovery_code set used_at = %(now)s
where account_id = %(account_id)s and code_hash = %(code_hash)s and used_at is null

-- name: delete_invitation
-- The one-time code of an account (or of the set-up) is worth nothing any more.
delete from security.invitation where account_id is not distinct from %(account_id)s::uuid

-- name: insert_invitation
-- Keep a one-time code.
insert into security.invitation (code_hash, account_id, drops_factors, made_at, ends_at)
values (%(code_hash)s, %(account_id)s, %(drops_factors)s, %(now)s, %(ends_at)s)

-- name: find_invitation
-- What a one-time code is for.
select account_id, drops_factors, ends_at from security.invitation where code_hash = %(code_hash)s and ends_at > %(now)s

-- name: take_invitation
-- Use up a one-time code.
delete from security.invitation where code_hash = %(code_hash)s and ends_at > %(now)s
returning account_id, drops_factors, ends_at

-- name: find_told
-- The first event about the account that the person has not seen.
select told_seq from security.account where id = %(account_id)s

-- name: set_told
-- The person has seen everything until now.
update security.account set told_seq = tip.size from ledger.tip where account.id = %(account_id)s
