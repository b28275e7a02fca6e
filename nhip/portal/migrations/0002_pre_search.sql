-- Search in large catalogues: words of titles apart from all words, the virtues of a dataset as bits, so that facets are counted in
-- one pass over narrow columns.
alter table portal.entry add column heading tsvector generated always as (ts_filter(words, '{a}')) stored;
create index on portal.entry using gin (heading);
comment on column portal.entry.heading is 'words of title and name alone: these hits come first';

alter table portal.entry add column good smallint generated always as (
    case when (virtues ->> 'accurate')::float >= 90 then 1 else 0 end + case when (virtues ->> 'complete')::float >= 90 then 2 else 0 end
    + case when (virtues ->> 'clean')::float >= 90 then 4 else 0 end + case when (virtues ->> 'live')::float >= 90 then 8 else 0 end
    + case when (virtues ->> 'consistent')::float >= 90 then 16 else 0 end
    + case when (virtues ->> 'shared')::float >= 90 then 32 else 0 end) stored;
comment on column portal.entry.good is 'which virtues are at least 90: bits in the order accurate, complete, clean, live, consistent, shared';

alter table portal.entry add column year smallint generated always as (
    extract(year from as_of at time zone 'Asia/Ho_Chi_Minh')) stored;
create index on portal.entry (theme);
create index on portal.entry (sort collate "C", name);
