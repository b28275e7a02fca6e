-- Programs: their keys and OAuth clients, access tokens, what they have used of their quotas.
create table security.program_credential (
    id uuid primary key,
    public_id text not null unique check (public_id ~ '^[0-9A-Za-z]{12}$'),
    party_id uuid not null references security.party,
    kind text not null check (kind in ('key', 'client')),
    title text not null,
    secret_hash bytea check (length(secret_hash) = 32),
    jwks jsonb,
    scopes text[] not null check (cardinality(scopes) > 0),
    networks text[] not null default '{}',
    per_minute integer not null check (per_minute > 0),
    per_day integer not null check (per_day > 0),
    made_at timestamptz not null,
    made_by uuid references security.party,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    last_used_at timestamptz,
    last_address text not null default '',
    check ((secret_hash is null) <> (jwks is null)),
    check (kind = 'client' or secret_hash is not null)
);
comment on column security.program_credential.secret_hash is 'SHA-256 of the whole text, which holds 256 random bits and is shown once';
comment on column security.program_credential.jwks is 'public keys of a client that proves itself by signed assertions (RFC 7523)';
comment on column security.program_credential.networks is 'CIDR; empty: from anywhere';
create index on security.program_credential (party_id);

create table security.program_token (
    token_hash bytea primary key check (length(token_hash) = 32),
    credential_id uuid not null references security.program_credential on delete cascade,
    scopes text[] not null,
    made_at timestamptz not null,
    ends_at timestamptz not null
);
create index on security.program_token (credential_id);
create index on security.program_token (ends_at);

create table security.program_quota (
    credential_id uuid not null references security.program_credential on delete cascade,
    span text not null check (span in ('minute', 'day')),
    starts_at timestamptz not null,
    used integer not null,
    granted integer not null,
    primary key (credential_id, span)
) with (fillfactor = 50);
comment on column security.program_quota.used is 'requests that processes were given leave for in this span; never above the quota';
comment on column security.program_quota.granted is 'what the last process that asked was given';
