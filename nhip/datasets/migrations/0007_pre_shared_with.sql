-- With whom a dataset is shared now: what the virtue *shared* counts. Whoever shares writes here (the portal; peers later).
create table datasets.shared_with (
    dataset_id uuid not null references datasets.dataset,
    who text not null,
    since timestamptz not null default now(),
    primary key (dataset_id, who)
);
comment on column datasets.shared_with.who is 'everybody: open data';
