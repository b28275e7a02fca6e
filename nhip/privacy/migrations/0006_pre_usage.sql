-- Who looked: people of deleted versions that had been handed out, and disclosures that the law delays.
create table privacy.former_member (
    dataset_id uuid not null,
    no int not null,
    subject bytea not null check (length(subject) = 32),
    primary key (subject, dataset_id, no),
    foreign key (dataset_id, no) references datasets.version
);
comment on table privacy.former_member is 'So that people still learn who was given their data after the version itself was deleted';

create table privacy.withholding (
    id uuid primary key,
    organisation text not null check (organisation <> ''),
    subject bytea check (length(subject) = 32),
    from_at timestamptz not null,
    until_at timestamptz not null check (until_at > from_at),
    release_at timestamptz not null check (release_at > made_at),
    ground text not null check (ground <> ''),
    document text not null check (document <> ''),
    made_at timestamptz not null,
    made_by text not null
);
comment on table privacy.withholding is 'Looks of an organisation, within a time, at one person or anybody, that are not told before release_at';
create index on privacy.withholding (organisation, release_at);
create trigger never_changed before update or delete or truncate on privacy.withholding
    for each statement execute function privacy.refuse();
