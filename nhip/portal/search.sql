-- name: search
-- Entries that hold every word (all of them without words), the best first, and the facets of what was found. Rows of (what, values,
-- number): `hit` an id with its place, the others a value with its count. Words in titles are looked for first; at most %(most)s
-- entries are looked at. Never prepared: the values at hand decide the plan.
with titled as materialized (
    select dataset_id, agency_code, theme, licence, formats, places, good, year, modified, row_count, sort, 0 as level, title, folded
    from portal.entry
    where (%(query)s::text is null or heading @@ %(query)s::tsquery)
      and (%(agency)s::text[] is null or marks && %(agency)s)
      and (%(theme)s::text[] is null or marks && %(theme)s)
      and (%(licence)s::text[] is null or marks && %(licence)s)
      and (%(year)s::text[] is null or marks && %(year)s)
      and (%(virtue)s::text[] is null or marks @> %(virtue)s)
      and (%(format)s::text[] is null or formats @> %(format)s)
      and (%(place)s::text[] is null or places && %(place)s)
    order by case when %(query)s::text is null and %(sort)s = 'title' then sort end collate "C",
             case when %(query)s::text is null and %(sort)s = 'rows' then row_count end desc,
             case when %(query)s::text is null then modified end desc
    limit %(most)s + 1
), other as materialized (
    select dataset_id, agency_code, theme, licence, formats, places, good, year, modified, row_count, sort, 1 as level, title, folded
    from portal.entry
    where %(query)s::text is not null and words @@ %(query)s::tsquery
      and dataset_id not in (select dataset_id from titled)
      and (%(agency)s::text[] is null or marks && %(agency)s)
      and (%(theme)s::text[] is null or marks && %(theme)s)
      and (%(licence)s::text[] is null or marks && %(licence)s)
      and (%(year)s::text[] is null or marks && %(year)s)
      and (%(virtue)s::text[] is null or marks @> %(virtue)s)
      and (%(format)s::text[] is null or formats @> %(format)s)
      and (%(place)s::text[] is null or places && %(place)s)
    limit greatest(0, %(most)s + 1 - (select count(*) from titled))
), found as (select * from titled union all select * from other
), best as (
    select dataset_id from found order by
        case when %(sort)s = 'best' then level end,
        case when %(sort)s = 'best' and level = 0 then case when title ilike all(%(accented)s::text[]) then 0 else 1 end end,
        case when %(sort)s = 'best' then case when strpos(folded, %(phrase)s) > 0 then strpos(folded, %(phrase)s) else 9999 end end,
        case when %(sort)s = 'rows' then row_count end desc,
        case when %(sort)s = 'title' then sort end collate "C",
        modified desc, dataset_id
    limit %(size)s offset %(offset)s
)
select 'hit' as what, array[dataset_id::text] as value, row_number() over () as number from best
union all
select case when grouping(agency_code) = 0 then 'agency' when grouping(theme) = 0 then 'theme' when grouping(licence) = 0 then 'licence'
            when grouping(formats) = 0 then 'format' when grouping(places) = 0 then 'place' when grouping(good) = 0 then 'virtue'
            when grouping(year) = 0 then 'year' else 'total' end,
       coalesce(formats, places, array[coalesce(agency_code, theme, licence, good::text, year::text, '')]), count(*)
from found
group by grouping sets ((), (agency_code), (theme), (licence), (formats), (places), (good), (year))

-- name: list_endings
-- Words of the catalogue that begin with each of the typed ones, at most %(most)s each.
select typed, array(select word from portal.word where word >= typed collate "C" and word < typed || chr(1114111) order by word
                    limit %(most)s)
from unnest(%(typed)s::text[]) as typed

-- name: use_indexes
-- Words are looked up in their index: what reading each row's words would cost lies outside the table, where the planner does not
-- look.
select set_config('enable_seqscan', 'off', true)

-- name: set_nearness
-- How alike words must be, for this transaction.
select set_config('pg_trgm.word_similarity_threshold', '0.45', true)

-- name: list_near
-- Entries whose words look like what was typed, the nearest first: for typing slips. Of three hundred that are near enough.
select dataset_id::text
from (select dataset_id, folded, modified from portal.entry where folded %%> %(phrase)s limit 300) alike
order by word_similarity(%(phrase)s, folded) desc, modified desc, dataset_id limit %(most)s

-- name: list_entries
-- Entries by their ids.
select dataset_id, name, title, title_en, description, agency_code, agency_name, agency_name_en, theme, keywords, formats, places,
       licence, contact, cadence, release_no, row_count, bytes, columns, virtues, score, issued, modified, as_of,
       credit
from portal.entry where dataset_id = any(%(ids)s)

-- name: list_agencies
-- Agencies that have open data, with how many, in dictionary order of the caller.
select agency_code as code, max(agency_name) as title, max(agency_name_en) as title_en, count(*) as datasets, sum(row_count)::bigint as rows,
       max(modified) as modified
from portal.entry group by agency_code

-- name: list_themes
-- Themes with how many datasets.
select theme as code, count(*) as datasets from portal.entry group by theme order by datasets desc, theme

-- name: get_numbers
-- What is open: datasets, agencies, rows, bytes, and when something changed last.
select count(*) as datasets, count(distinct agency_code) as agencies, coalesce(sum(row_count), 0)::bigint as rows,
       coalesce(sum(bytes), 0)::bigint as bytes, max(modified) as modified
from portal.entry

-- name: list_newest
-- The entries changed last.
select dataset_id, name, title, title_en, description, agency_code, agency_name, agency_name_en, theme, keywords, formats, places,
       licence, contact, cadence, release_no, row_count, bytes, columns, virtues, score, issued, modified, as_of,
       credit
from portal.entry order by modified desc, dataset_id limit %(most)s

-- name: list_addresses
-- Names and days of change for the sitemap, after a name.
select name, modified from portal.entry where name > %(after)s order by name limit %(most)s
