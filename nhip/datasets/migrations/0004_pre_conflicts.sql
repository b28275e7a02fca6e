-- What two datasets say differently of the same thing; measured after each publication, one row for each direction.
create table datasets.conflict (
    dataset_id uuid not null references datasets.dataset,
    other_id uuid not null references datasets.dataset,
    version_no int not null,
    other_version_no int not null,
    compared bigint not null,
    conflicts bigint not null,
    columns jsonb not null,
    object text,
    at timestamptz not null,
    primary key (dataset_id, other_id)
);
create index on datasets.conflict (other_id);
