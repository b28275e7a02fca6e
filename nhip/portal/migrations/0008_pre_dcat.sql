-- What the descriptions for other catalogues need to know of a release, and whether its addresses answer.
create table portal.extent (
    dataset_id uuid primary key references portal.entry on delete cascade,
    digest text not null,
    units text[] not null,
    west double precision,
    south double precision,
    east double precision,
    north double precision,
    begins date,
    ends date
);
comment on table portal.extent is 'where and when the rows of the release in force are, counted from the open release alone';
comment on column portal.extent.digest is 'the release that was looked at';

create table portal.answer (
    dataset_id uuid primary key references portal.entry on delete cascade,
    asked_at timestamptz not null,
    answers jsonb not null
);
comment on table portal.answer is 'what the page and the files of a dataset answered when Nhịp asked for them: path -> HTTP status';
