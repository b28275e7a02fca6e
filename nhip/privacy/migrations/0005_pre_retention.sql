-- How long data are kept, what was deleted because of it, and the proof.
create table privacy.retention (
    id uuid primary key,
    dataset_id uuid not null references datasets.dataset,
    months int not null check (months between 0 and 1200),
    ground text not null,
    made_at timestamptz not null,
    made_by text not null,
    ended_at timestamptz
);
comment on column privacy.retention.months is 'superseded versions and the deliveries behind them are kept this long after they were superseded';
create unique index retention_in_force on privacy.retention (dataset_id) where ended_at is null;

create table privacy.deletion (
    id uuid primary key,
    dataset_id uuid not null references datasets.dataset,
    retention_id uuid references privacy.retention,
    state text not null check (state in ('begun', 'done')),
    begun_at timestamptz not null,
    done_at timestamptz
);
create index on privacy.deletion (state) where state = 'begun';

create table privacy.deleted_object (
    deletion_id uuid not null references privacy.deletion,
    object text not null,
    sha256 text not null,
    primary key (deletion_id, object)
);
create index on privacy.deleted_object (object);

create table privacy.deleted_version (
    dataset_id uuid not null,
    no int not null,
    deletion_id uuid not null references privacy.deletion,
    primary key (dataset_id, no),
    foreign key (dataset_id, no) references datasets.version
);

create table privacy.deleted_delivery (
    delivery_id uuid primary key references datasets.delivery,
    deletion_id uuid not null references privacy.deletion
);

create trigger never_changed before update or delete or truncate on privacy.deleted_object
    for each statement execute function privacy.refuse();
create trigger never_removed before delete or truncate on privacy.deletion
    for each statement execute function privacy.refuse();
