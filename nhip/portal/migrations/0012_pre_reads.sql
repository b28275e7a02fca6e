-- Who read rows of open data by programs: counted by party and day, so that a recalled release can be called back from them, too.
create table portal.read_day (
    dataset_id uuid not null,
    no int not null,
    day date not null,
    form text not null,
    party_id uuid,
    reads bigint not null
);
comment on table portal.read_day is 'answers with rows given by day; party_id null: strangers, of whom nothing else is kept. Kept as long as downloads';
create unique index on portal.read_day (dataset_id, no, day, form, party_id) nulls not distinct;
create index on portal.read_day (day);
