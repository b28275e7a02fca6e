-- Which datasets' rows are things of the graph, and what the graph holds of them.
create schema things;

create table things.mapping (
    dataset_id uuid primary key references datasets.dataset on delete cascade,
    mapping jsonb not null,
    stamp text not null default '',
    version_no int,
    refused int not null default 0,
    held_at timestamptz
);
comment on column things.mapping.stamp is 'Version, contract and mapping that the graph holds whole; empty while it does not';

create table things.held (
    id text collate "C" primary key,
    dataset_id uuid not null references things.mapping on delete cascade,
    digest bytea
);
comment on table things.held is 'A thing that a dataset has in the graph; digest is null while it is being written';
create index on things.held (dataset_id, id);

create table things.fault (
    dataset_id uuid not null references things.mapping on delete cascade,
    row_no int not null,
    reason text not null,
    value text not null
);
comment on table things.fault is 'Rows of which something did not become a thing; the first thousand of a dataset';
create index on things.fault (dataset_id, row_no);
