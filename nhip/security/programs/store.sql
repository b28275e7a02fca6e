-- name: insert_credential
-- Make a key or client.
insert into security.program_credential (id, public_id, party_id, kind, title, secret_hash, jwks, scopes, networks, per_minute,
                                         per_day, made_at, made_by, expires_at)
values (%(id)s, %(public_id)s, %(party_id)s, %(kind)s, %(title)s, %(secret_hash)s, %(jwks)s, %(scopes)s, %(networks)s,
        %(per_minute)s, %(per_day)s, %(now)s, %(made_by)s, %(expires_at)s)

-- name: list_credentials
-- Keys and clients of one program or all; with `ended`, the revoked and expired ones too.
select c.id, c.public_id, c.party_id, p.name program, c.kind, c.title, c.scopes, c.networks, c.per_minute, c.per_day, c.made_at,
       c.expires_at, c.revoked_at, c.last_used_at, c.last_address, c.jwks is not null signs
from security.program_credential c join security.party p on p.id = c.party_id
where (%(party_id)s::uuid is null or c.party_id = %(party_id)s)
  and (%(ended)s or (c.revoked_at is null and c.expires_at > %(now)s))
order by p.sort collate "C", c.made_at desc, c.id limit 1000

-- name: find_credential
-- One key or client.
select c.id, c.public_id, c.party_id, p.name program, c.kind, c.title, c.scopes, c.networks, c.per_minute, c.per_day, c.made_at,
       c.expires_at, c.revoked_at, c.last_used_at, c.last_address, c.jwks is not null signs
from security.program_credential c join security.party p on p.id = c.party_id where c.id = %(id)s

-- name: revoke_credential
-- It opens nothing from now on, nor do its tokens.
with gone as (delete from security.program_token where credential_id = %(id)s)
update security.program_credential set revoked_at = %(now)s where id = %(id)s and revoked_at is null

-- name: find_caller
-- A key or client in force, of a program that may act, by its public id.
select c.id, c.public_id, c.secret_hash, c.jwks, c.scopes, c.networks, c.per_minute, c.per_day, c.last_used_at,
       p.id party, p.name, p.parent_id organisation, coalesce(o.code, '') organisation_code, e.n epoch
from security.program_credential c
join security.party p on p.id = c.party_id
left join security.party o on o.id = p.parent_id
cross join security.epoch e
where c.public_id = %(public_id)s and c.kind = %(what)s and c.revoked_at is null and c.expires_at > %(now)s
  and p.suspended_at is null and p.ended_at is null and o.suspended_at is null and o.ended_at is null

-- name: find_caller_by_token
-- The client in force that an access token was given to, with the token's scopes.
select c.id, c.public_id, c.secret_hash, c.jwks, t.scopes, c.networks, c.per_minute, c.per_day, c.last_used_at,
       p.id party, p.name, p.parent_id organisation, coalesce(o.code, '') organisation_code, e.n epoch
from security.program_token t
join security.program_credential c on c.id = t.credential_id
join security.party p on p.id = c.party_id
left join security.party o on o.id = p.parent_id
cross join security.epoch e
where t.token_hash = %(token_hash)s and t.ends_at > %(now)s and c.revoked_at is null and c.expires_at > %(now)s
  and p.suspended_at is null and p.ended_at is null and o.suspended_at is null and o.ended_at is null

-- name: touch_credential
-- Note a use.
update security.program_credential set last_used_at = %(now)s, last_address = %(address)s where id = %(id)s

-- name: insert_token
-- Give an access token; those that have expired go.
with gone as (delete from security.program_token where ends_at < %(now)s)
insert into security.program_token (token_hash, credential_id, scopes, made_at, ends_at)
values (%(token_hash)s, %(credential_id)s, %(scopes)s, %(now)s, %(ends_at)s)

-- name: delete_token
-- Take an access token of this client back.
delete from security.program_token where token_hash = %(token_hash)s and credential_id = %(credential_id)s

-- name: lease
-- Give a process leave for as many requests of a span as are left, at most a block; the quota is never exceeded.
insert into security.program_quota as q (credential_id, span, starts_at, used, granted)
values (%(credential_id)s, %(span)s, %(starts_at)s, least(%(block)s, %(quota)s), least(%(block)s, %(quota)s))
on conflict (credential_id, span) do update set
    starts_at = greatest(q.starts_at, excluded.starts_at),
    granted = case when excluded.starts_at > q.starts_at then excluded.used
                   else greatest(0, least(%(block)s, %(quota)s - q.used)) end,
    used = case when excluded.starts_at > q.starts_at then excluded.used
                else greatest(q.used, least(q.used + %(block)s, %(quota)s)) end
returning granted, used
