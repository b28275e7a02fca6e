-- Stories: pages of text, numbers, charts, tables and maps over open data, that officials compose.
create table portal.story (
    id uuid primary key,
    name text not null unique check (name ~ '^[a-z0-9][a-z0-9-]{0,98}$'),
    agency_id uuid not null references datasets.agency,
    title text not null,
    title_en text not null default '',
    lead text not null default '',
    lead_en text not null default '',
    blocks jsonb not null default '[]',
    state text not null check (state in ('draft', 'waiting', 'published', 'withdrawn')),
    revision int not null default 1,
    edited_by text not null,
    edited_party uuid,
    edited_at timestamptz not null,
    version_no int,
    first_published_at timestamptz,
    published_at timestamptz,
    reason text not null default ''
);
comment on column portal.story.state is 'of what is being edited; version_no names what the public reads, and stays while a new draft is made';
comment on column portal.story.revision is 'counts savings, so that two who edit at once notice';
create index on portal.story (published_at desc) where version_no is not null;

create table portal.story_version (
    story_id uuid not null references portal.story,
    no int not null,
    title text not null,
    title_en text not null,
    lead text not null,
    lead_en text not null,
    blocks jsonb not null,
    by_name text not null,
    made_at timestamptz not null,
    primary key (story_id, no)
);

create table portal.story_step (
    id uuid primary key,
    story_id uuid not null references portal.story,
    at timestamptz not null,
    act text not null,
    by_name text not null,
    note text not null default ''
);
create index on portal.story_step (story_id, at);
