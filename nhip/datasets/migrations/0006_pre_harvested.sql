-- What other portals say of their datasets, as of their last harvest: with licence and whose it is, and since when it is gone.
create table datasets.harvested (
    source_id uuid not null references datasets.source,
    remote_id text not null,
    title text not null,
    description text not null,
    organisation text not null,
    licence text not null,
    url text not null,
    tags text[] not null,
    modified text not null,
    resources jsonb not null,
    digest text not null,
    sort text not null,
    folded text not null,
    first_seen_at timestamptz not null,
    changed_at timestamptz not null,
    vanished_at timestamptz,
    primary key (source_id, remote_id)
);
comment on table datasets.harvested is 'one row for each dataset of a portal, however often it is harvested; a row is only written when something changed';
create index on datasets.harvested (source_id, sort collate "C");
