-- Who may come in: accounts, their sessions, attempts to sign in. Part 2 puts parties, roles and grants beside them.
create schema if not exists security;

create table security.account (
    id uuid primary key,
    name text not null unique check (name <> ''),
    password_hash text not null,
    administrator boolean not null default false,
    made_at timestamptz not null,
    password_set_at timestamptz not null
);
comment on column security.account.password_hash is 'argon2id, PHC string';

create table security.session (
    token_hash bytea primary key check (length(token_hash) = 32),
    account_id uuid not null references security.account on delete cascade,
    made_at timestamptz not null,
    ends_at timestamptz not null
);
comment on column security.session.token_hash is 'SHA-256 of the cookie''s value, so that a copy of this table opens nothing';
create index on security.session (account_id);
create index on security.session (ends_at);

create table security.attempt (
    id uuid primary key,
    name text not null,
    address text not null,
    at timestamptz not null,
    failed boolean not null
);
create index on security.attempt (address, at);
create index on security.attempt (name, at);
create index on security.attempt (at);
