-- Identity providers, who signs in by them, sign-ins under way, and single-use tokens that were used.
create table security.openid_provider (
    name text primary key check (name ~ '^[a-z][a-z0-9-]{0,30}$'),
    issuer text not null unique,
    enabled boolean not null,
    profile jsonb not null,
    sealed bytea,
    made_at timestamptz not null,
    changed_at timestamptz not null
);
comment on column security.openid_provider.sealed is 'client secret or private key, sealed; nobody can read it on a page';

create table security.openid_identity (
    id uuid primary key,
    issuer text not null,
    subject text not null check (subject <> ''),
    party_id uuid not null references security.party,
    made_at timestamptz not null,
    seen_at timestamptz,
    unique (issuer, subject)
);
comment on table security.openid_identity is 'which account of an identity provider is which party; an equal e-mail address never links';
create index on security.openid_identity (party_id);

create table security.openid_flow (
    state_hash bytea primary key check (length(state_hash) = 32),
    browser_hash bytea not null check (length(browser_hash) = 32),
    provider text not null references security.openid_provider on delete cascade,
    purpose text not null check (purpose in ('signin', 'confirm', 'link')),
    next text not null,
    party_id uuid references security.party,
    session_id uuid references security.session (id) on delete cascade,
    made_at timestamptz not null
);
comment on column security.openid_flow.browser_hash is 'SHA-256 of the secret in the browser''s cookie, from which nonce and code verifier are made';
create index on security.openid_flow (made_at);

create table security.openid_session (
    session_id uuid primary key references security.session (id) on delete cascade,
    provider text not null references security.openid_provider on delete cascade,
    sealed bytea not null
);
comment on column security.openid_session.sealed is 'the ID token, sealed: the provider asks for it when the person signs out there too';

create table security.spent_token (
    issuer text not null,
    id_hash bytea not null check (length(id_hash) = 32),
    until_at timestamptz not null,
    primary key (issuer, id_hash)
);
comment on table security.spent_token is 'identifiers (jti) of tokens that count once, until they expire';
create index on security.spent_token (until_at);
