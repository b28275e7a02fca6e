-- Search in large catalogues, again: the facets of a dataset lie in the same index as its words, so that only the rows that fulfil all
-- of a question are visited; and every word of the catalogue is known, so that the beginning of a word is looked up as the few whole
-- words that begin so, which an index finds much faster.
alter table portal.entry add column marks text[] generated always as (array_remove(array[
    'a:' || agency_code, 't:' || theme, 'l:' || licence,
    'y:' || extract(year from as_of at time zone 'Asia/Ho_Chi_Minh')::int::text,
    case when (virtues ->> 'accurate')::float >= 90 then 'v:accurate' end,
    case when (virtues ->> 'complete')::float >= 90 then 'v:complete' end,
    case when (virtues ->> 'clean')::float >= 90 then 'v:clean' end,
    case when (virtues ->> 'live')::float >= 90 then 'v:live' end,
    case when (virtues ->> 'consistent')::float >= 90 then 'v:consistent' end,
    case when (virtues ->> 'shared')::float >= 90 then 'v:shared' end], null)) stored;
comment on column portal.entry.marks is 'the values of facets, with a letter that says of which: a agency, t theme, l licence, y year, v virtue';
create index entry_heading_marks on portal.entry using gin (heading, marks, formats, places);
create index entry_words_marks on portal.entry using gin (words, marks, formats, places);
drop index portal.entry_heading_idx, portal.entry_words_idx, portal.entry_formats_idx, portal.entry_places_idx;

create table portal.word (word text collate "C" primary key);
comment on table portal.word is 'every word that an entry has or had';
insert into portal.word select distinct unnest(tsvector_to_array(words)) from portal.entry;

create function portal.keep_words() returns trigger language plpgsql as $$
begin
    insert into portal.word
    select distinct made.word collate "C" as word from (select unnest(tsvector_to_array(words)) as word from entries) made
    where not exists (select from portal.word known where known.word = made.word collate "C")
    order by word on conflict do nothing;
    return null;
end
$$;
create trigger keep_words_put after insert on portal.entry referencing new table as entries
    for each statement execute function portal.keep_words();
create trigger keep_words_changed after update on portal.entry referencing new table as entries
    for each statement execute function portal.keep_words();
