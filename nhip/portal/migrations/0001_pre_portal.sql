-- Open data: decisions to publish, open releases, the catalogue that everybody searches, who downloaded what.
create schema if not exists portal;
create extension if not exists pg_trgm;

create table portal.publication (
    dataset_id uuid primary key references datasets.dataset,
    state text not null check (state in ('proposed', 'published', 'withdrawn')),
    licence text not null,
    basis text not null,
    treatment jsonb not null default '{}',
    keywords text[] not null default '{}',
    contact text not null default '',
    cadence text not null default '',
    proposed_by text not null,
    proposed_at timestamptz not null,
    decided_by text not null default '',
    decided_at timestamptz,
    first_published_at timestamptz,
    withdrawn_at timestamptz,
    reason text not null default ''
);
comment on column portal.publication.treatment is 'column -> what is done to it before it is open (nhip.portal.model.Act)';
comment on column portal.publication.reason is 'why it was withdrawn, as the tombstone says it';

create table portal.decision (
    id uuid primary key,
    dataset_id uuid not null references datasets.dataset,
    act text not null,
    by_name text not null,
    at timestamptz not null,
    basis text not null default '',
    note text not null default '',
    gate jsonb not null default '{}'
);
comment on table portal.decision is 'every decision about a publication, never changed: who, when, on what ground, what the gate had found';
create index on portal.decision (dataset_id, at);

create table portal.release (
    dataset_id uuid not null references datasets.dataset,
    no int not null,
    object text not null,
    digest text not null,
    row_count bigint not null,
    bytes bigint not null,
    columns jsonb not null,
    gate jsonb not null,
    as_of timestamptz not null,
    made_at timestamptz not null,
    recalled_at timestamptz,
    recall_reason text not null default '',
    primary key (dataset_id, no)
);
comment on table portal.release is 'the open form of a version: after treatment, after the gate. The portal serves nothing else';
comment on column portal.release.no is 'the number of the version that it was made from';

create table portal.refusal (
    dataset_id uuid primary key references datasets.dataset,
    no int not null,
    at timestamptz not null,
    gate jsonb not null
);
comment on table portal.refusal is 'a version that the gate did not let out; the release before it stays in force';

create table portal.entry (
    dataset_id uuid primary key references portal.publication,
    name text not null unique,
    title text not null,
    title_en text not null,
    description text not null,
    agency_code text not null,
    agency_name text not null,
    agency_name_en text not null,
    theme text not null,
    keywords text[] not null,
    formats text[] not null,
    places text[] not null,
    licence text not null,
    contact text not null,
    cadence text not null,
    release_no int not null,
    row_count bigint not null,
    bytes bigint not null,
    columns jsonb not null,
    virtues jsonb not null,
    score int not null default 0,
    issued timestamptz not null,
    modified timestamptz not null,
    as_of timestamptz not null,
    sort text not null,
    folded text not null,
    words tsvector not null
);
comment on table portal.entry is 'what the public catalogue says of each published dataset; every public answer is made from this and portal.release';
create index on portal.entry using gin (words);
create index on portal.entry using gin (folded gin_trgm_ops);
create index on portal.entry (modified desc);
create index on portal.entry (agency_code);
create index on portal.entry (sort, name);
create index on portal.entry using gin (keywords);
create index on portal.entry using gin (formats);
create index on portal.entry using gin (places);

create table portal.download (
    id uuid primary key,
    dataset_id uuid not null,
    no int not null,
    format text not null,
    at timestamptz not null,
    party_id uuid,
    address text not null default '',
    agent text not null default ''
);
comment on table portal.download is 'who took which release: kept for a year, so that a recalled one can be called back';
create index on portal.download (dataset_id, no);
create index on portal.download (at);
