-- Open releases are held before the gate again whenever the gate changes.
create table portal.examination (
    dataset_id uuid not null,
    no int not null,
    mark text not null,
    at timestamptz not null,
    state text not null check (state in ('clear', 'doubted', 'kept')),
    gate jsonb not null default '{}',
    reason text not null default '',
    decided_by text not null default '',
    decided_at timestamptz,
    primary key (dataset_id, no),
    foreign key (dataset_id, no) references portal.release on delete cascade
);
comment on table portal.examination is 'how the gate last judged each open release; without a row it never did since the release was made';
comment on column portal.examination.mark is 'which gate judged (nhip.portal.gate.mark): another one judges again';
comment on column portal.examination.state is 'doubted: something is found that somebody decides on; kept: somebody did, with the reason';
create index on portal.examination (dataset_id) where state = 'doubted';
