-- Governed tables: agencies, datasets, contracts, sources, deliveries, versions, virtues, alerts, corrections.
create schema if not exists datasets;

create table datasets.agency (
    id uuid primary key,
    code text not null unique,
    name text not null,
    name_en text not null default '',
    sort text not null
);

create table datasets.dataset (
    id uuid primary key,
    name text not null unique check (name ~ '^[a-z0-9][a-z0-9-]{0,98}$'),
    agency_id uuid not null references datasets.agency,
    title text not null,
    title_en text not null default '',
    description text not null default '',
    theme text not null default '',
    sort text not null,
    contract_no int,
    version_no int,
    made_at timestamptz not null
);
create index on datasets.dataset (agency_id);

create table datasets.contract (
    dataset_id uuid not null references datasets.dataset,
    no int not null,
    yaml text not null,
    digest text not null,
    note text not null default '',
    made_at timestamptz not null,
    made_by text not null,
    primary key (dataset_id, no)
);

create table datasets.source (
    id uuid primary key,
    name text not null unique,
    kind text not null,
    dataset_id uuid references datasets.dataset,
    agency_id uuid not null references datasets.agency,
    settings jsonb not null default '{}',
    secret bytea,
    state jsonb not null default '{}',
    every_s int check (every_s >= 60),
    enabled boolean not null default true,
    made_at timestamptz not null,
    last_run_at timestamptz,
    last_ok_at timestamptz,
    next_run_at timestamptz,
    problem jsonb
);
create index on datasets.source (dataset_id);
create index on datasets.source (next_run_at) where enabled;

create table datasets.delivery (
    id uuid primary key,
    dataset_id uuid not null references datasets.dataset,
    source_id uuid references datasets.source,
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    size bigint not null,
    filename text not null,
    as_of timestamptz not null,
    received_at timestamptz not null,
    received_by text not null,
    confirmed_at timestamptz not null,
    state text not null check (state in ('received', 'decoded', 'checked', 'published', 'unchanged', 'failed')),
    state_at timestamptz not null,
    problem jsonb,
    decoded jsonb,
    base_id uuid references datasets.delivery,
    key text[] not null default '{}'
);
create index on datasets.delivery (dataset_id, received_at desc);
create index on datasets.delivery (state) where state in ('received', 'decoded', 'checked');

create table datasets.remote (
    source_id uuid not null references datasets.source,
    remote_id text not null,
    resource text not null,
    dataset_id uuid not null references datasets.dataset,
    seen_at timestamptz not null,
    vanished_at timestamptz,
    primary key (source_id, remote_id, resource)
);

create table datasets.version (
    dataset_id uuid not null references datasets.dataset,
    no int not null,
    delivery_id uuid not null references datasets.delivery,
    contract_no int not null,
    digest text not null,
    object text not null,
    row_count bigint not null,
    quarantined bigint not null,
    finding_count bigint not null,
    mended_count bigint not null,
    by_rule jsonb not null,
    manifest jsonb not null,
    as_of timestamptz not null,
    made_at timestamptz not null,
    made_by text not null,
    restored_from int,
    primary key (dataset_id, no),
    foreign key (dataset_id, contract_no) references datasets.contract
);

create table datasets.virtue (
    dataset_id uuid not null references datasets.dataset,
    at timestamptz not null,
    version_no int,
    accurate real,
    complete real,
    clean real,
    clean_delivered real,
    live real,
    consistent real,
    shared real,
    facts jsonb not null,
    primary key (dataset_id, at)
);

create table datasets.alert (
    id uuid primary key,
    dataset_id uuid not null references datasets.dataset,
    virtue text not null,
    was real not null,
    now real not null,
    at timestamptz not null,
    seen_at timestamptz,
    seen_by text
);
create index on datasets.alert (at desc) where seen_at is null;

create table datasets.correction (
    id uuid primary key,
    dataset_id uuid not null references datasets.dataset,
    delivery_id uuid not null references datasets.delivery,
    row_no bigint not null,
    column_name text not null,
    was text,
    now text,
    key jsonb,
    made_at timestamptz not null,
    made_by text not null,
    undone_at timestamptz
);
create index on datasets.correction (dataset_id) where undone_at is null;

create table datasets.use_day (
    dataset_id uuid not null references datasets.dataset,
    day date not null,
    reads bigint not null default 0,
    primary key (dataset_id, day)
);

alter table datasets.dataset
    add foreign key (id, contract_no) references datasets.contract (dataset_id, no) deferrable initially deferred,
    add foreign key (id, version_no) references datasets.version (dataset_id, no) deferrable initially deferred;
