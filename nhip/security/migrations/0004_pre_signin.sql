-- Second factors, passkeys, recovery, and what stands between a right password and a session.
create table security.totp (
    account_id uuid primary key references security.account on delete cascade,
    sealed bytea not null,
    made_at timestamptz not null,
    confirmed_at timestamptz,
    last_step bigint not null default 0
);
comment on column security.totp.sealed is 'the shared secret (RFC 6238) under the key of the installation (nhip.security.secrets)';
comment on column security.totp.confirmed_at is 'null until a first code was right: until then it proves nothing';
comment on column security.totp.last_step is 'the last step that was used; this one and those before it are used up';

create table security.passkey (
    id uuid primary key,
    account_id uuid not null references security.account on delete cascade,
    credential_id bytea not null unique check (length(credential_id) between 1 and 1023),
    public_key bytea not null,
    sign_count bigint not null check (sign_count >= 0),
    name text not null check (name <> ''),
    transports text[] not null default '{}',
    synced boolean not null,
    made_at timestamptz not null,
    used_at timestamptz
);
comment on column security.passkey.synced is 'kept by the person''s platform on several devices, not by one device only';
create index on security.passkey (account_id);

create table security.recovery_set (
    account_id uuid primary key references security.account on delete cascade,
    salt bytea not null check (length(salt) = 16),
    made_at timestamptz not null
);
create table security.recovery_code (
    account_id uuid not null references security.recovery_set on delete cascade,
    code_hash bytea not null check (length(code_hash) = 32),
    used_at timestamptz,
    primary key (account_id, code_hash)
);
comment on table security.recovery_code is 'argon2id of each code under the salt of its set';

create table security.invitation (
    code_hash bytea primary key check (length(code_hash) = 32),
    account_id uuid unique references security.account on delete cascade,
    drops_factors boolean not null default false,
    made_at timestamptz not null,
    ends_at timestamptz not null
);
comment on table security.invitation is 'one-time codes: to set a password (new person, recovery), or, without an account, to set up this installation';
create unique index on security.invitation ((account_id is null)) where account_id is null;

create table security.step (
    token_hash bytea primary key check (length(token_hash) = 32),
    purpose text not null check (purpose in ('second', 'passkey', 'register', 'confirm')),
    account_id uuid references security.account on delete cascade,
    session_id uuid references security.session (id) on delete cascade,
    challenge bytea,
    method text not null default '',
    ends_at timestamptz not null
);
comment on table security.step is 'a browser half-way through a proof: after the password, or while a passkey is asked';
comment on column security.step.challenge is 'random bytes that a passkey has to sign, once';
create index on security.step (ends_at);

alter table security.attempt add column kind text not null default 'password';
comment on column security.attempt.kind is 'password, code, confirm, passkey or invitation';
alter table security.account add column told_at timestamptz;
comment on column security.account.told_at is 'until when the person has seen what happened to their account';
