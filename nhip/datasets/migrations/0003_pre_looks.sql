-- Looks at personal data: which session may see those of which dataset, for which purpose, until when.
create table datasets.look (
    id uuid primary key,
    session_id uuid not null references security.session (id) on delete cascade,
    dataset_id uuid not null references datasets.dataset,
    processing_id uuid not null,
    purpose text not null check (purpose <> ''),
    made_at timestamptz not null,
    ends_at timestamptz not null check (ends_at > made_at),
    unique (session_id, dataset_id)
);
comment on column datasets.look.processing_id is 'the entry of the register of processing that the purpose was chosen from';
create index on datasets.look (ends_at);
