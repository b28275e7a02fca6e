-- name: put_provider
-- Keep a provider; its secret stays unless another one is given.
insert into security.openid_provider (name, issuer, enabled, profile, sealed, made_at, changed_at)
values (%(name)s, %(issuer)s, %(enabled)s, %(profile)s, %(sealed)s, %(now)s, %(now)s)
on conflict (name) do update
set issuer = excluded.issuer, enabled = excluded.enabled, profile = excluded.profile,
    sealed = coalesce(excluded.sealed, security.openid_provider.sealed), changed_at = excluded.changed_at

-- name: list_providers
-- Every provider with the number of accounts that are linked.
select p.profile, p.sealed, p.made_at, p.changed_at,
       (select count(*) from security.openid_identity i where i.issuer = p.issuer) identities
from security.openid_provider p order by p.name

-- name: find_provider
-- One provider.
select p.profile, p.sealed, p.made_at, p.changed_at, 0::bigint identities
from security.openid_provider p where p.name = %(name)s

-- name: delete_provider
-- Forget a provider; the links of its accounts stay, for when it comes back.
delete from security.openid_provider where name = %(name)s

-- name: end_sessions_of_issuer
-- End every session that began at an issuer; which they were.
delete from security.session s using security.account a where a.id = s.account_id and s.issuer = %(issuer)s
returning s.id, a.party_id

-- name: end_session_of_sid
-- End the session of one sign-in at the issuer; with a subject, only if it is that account's.
delete from security.session s using security.account a
where a.id = s.account_id and s.issuer = %(issuer)s and s.issuer_session = %(sid)s
  and (%(sub)s = '' or s.issuer_subject = %(sub)s)
returning s.id, a.party_id

-- name: end_sessions_of_subject
-- End every session of one account of the issuer.
delete from security.session s using security.account a
where a.id = s.account_id and s.issuer = %(issuer)s and s.issuer_subject = %(sub)s
returning s.id, a.party_id

-- name: insert_flow
-- Begin a sign-in.
insert into security.openid_flow (state_hash, browser_hash, provider, purpose, next, party_id, session_id, made_at)
values (%(state_hash)s, %(browser_hash)s, %(provider)s, %(purpose)s, %(next)s, %(party_id)s, %(session_id)s, %(made_at)s)

-- name: take_flow
-- The sign-in of this state, which is over with this.
delete from security.openid_flow where state_hash = %(state_hash)s
returning state_hash, browser_hash, provider, purpose, next, party_id, session_id, made_at

-- name: forget
-- Drop sign-ins that nobody finished, and identifiers of tokens that have expired anyway.
with flows as (delete from security.openid_flow where made_at < %(before)s)
delete from security.spent_token where until_at < %(now)s

-- name: spend
-- Use a token's identifier, which may be done once.
insert into security.spent_token (issuer, id_hash, until_at) values (%(issuer)s, %(id_hash)s, %(until_at)s)
on conflict do nothing

-- name: lock_identity
-- Let two first sign-ins of one account wait for each other.
select pg_advisory_xact_lock(hashtextextended(%(issuer)s || ' ' || %(subject)s, 4712))

-- name: find_identity
-- Whose this account of an issuer is.
select id, issuer, subject, party_id, made_at, seen_at from security.openid_identity
where issuer = %(issuer)s and subject = %(subject)s

-- name: list_identities
-- The accounts of providers that are linked to a party.
select id, issuer, subject, party_id, made_at, seen_at from security.openid_identity
where party_id = %(party_id)s order by made_at, id

-- name: insert_identity
-- Link an account of an issuer to a party.
insert into security.openid_identity (id, issuer, subject, party_id, made_at)
values (%(id)s, %(issuer)s, %(subject)s, %(party_id)s, %(now)s)

-- name: see_identity
-- Note a sign-in.
update security.openid_identity set seen_at = %(now)s where id = %(id)s

-- name: delete_identity
-- Unlink an account from a party.
delete from security.openid_identity where id = %(id)s and party_id = %(party_id)s

-- name: find_session_id
-- The session of this token.
select id from security.session where token_hash = %(token_hash)s

-- name: insert_id_token
-- Keep the ID token of a session.
insert into security.openid_session (session_id, provider, sealed) values (%(session_id)s, %(provider)s, %(sealed)s)

-- name: find_id_token
-- Where a session came from, with its ID token.
select o.session_id, o.provider, o.sealed from security.openid_session o join security.session s on s.id = o.session_id
where s.token_hash = %(token_hash)s

-- name: list_sealed_providers
-- Client secrets of providers, locked, for sealing them anew.
select name key, sealed from security.openid_provider where sealed is not null order by name for update

-- name: reseal_provider
-- The same client secret under another key.
update security.openid_provider set sealed = %(sealed)s where name = %(key)s

-- name: list_sealed_sessions
-- ID tokens of sessions, locked, for sealing them anew.
select session_id::text key, sealed from security.openid_session order by session_id for update

-- name: reseal_session
-- The same ID token under another key.
update security.openid_session set sealed = %(sealed)s where session_id = %(key)s::uuid
