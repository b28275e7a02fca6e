-- name: count_hits
-- How many entries fulfil $where, which is put together from the conditions below.
select count(*) from portal.entry where $where

-- name: list_hits
-- Ids of the entries that fulfil $where in the order $order.
select dataset_id::text from portal.entry where $where order by $order limit %(rows)s offset %(start)s

-- name: count_values
-- The values of $value among the entries that fulfil $where, the most frequent first.
select value, count(*) as number from (select $value as value from portal.entry where $where) as found
where value <> '' group by value order by number desc, value limit %(most)s

-- name: list_names
-- Names of the open datasets in their order.
select name from portal.entry order by name limit %(rows)s offset %(start)s

-- name: list_tags
-- Keywords with a piece of text in them, in order.
select distinct tag from portal.entry, unnest(keywords) as tag where tag ilike %(piece)s order by tag limit %(rows)s

-- name: where_words
-- Every word, or its beginning, anywhere.
words @@ to_tsquery('simple', %(v)s)

-- name: where_heading
-- Every word in the title.
heading @@ to_tsquery('simple', %(v)s)

-- name: where_agency
-- Of one of the agencies.
agency_code = any(%(v)s::text[])

-- name: where_theme
-- Of one of the themes.
theme = any(%(v)s::text[])

-- name: where_tag
-- With one keyword that looks so.
exists (select from unnest(keywords) as tag where tag like %(v)s)

-- name: where_format
-- In one of the formats.
formats && %(v)s::text[]

-- name: where_licence
-- Under a licence that looks so.
licence like %(v)s

-- name: where_name
-- With a name that looks so.
name like %(v)s

-- name: where_id
-- With one of the ids.
dataset_id = any(%(v)s::uuid[])

-- name: where_modified_from
-- Changed at or after a moment.
modified >= %(v)s

-- name: where_modified_after
-- Changed after a moment.
modified > %(v)s

-- name: where_modified_to
-- Changed at or before a moment.
modified <= %(v)s

-- name: where_modified_before
-- Changed before a moment.
modified < %(v)s

-- name: where_issued_from
-- Published at or after a moment.
issued >= %(v)s

-- name: where_issued_after
-- Published after a moment.
issued > %(v)s

-- name: where_issued_to
-- Published at or before a moment.
issued <= %(v)s

-- name: where_issued_before
-- Published before a moment.
issued < %(v)s

-- name: order_score
-- The best first: all words in the title.
case when heading @@ to_tsquery('simple', %(best)s) then 1 else 0 end

-- name: order_modified
-- By the moment of the last change.
modified

-- name: order_issued
-- By the moment of publication.
issued

-- name: order_name
-- By name.
name

-- name: order_title
-- By title as the dictionary does.
sort collate "C"

-- name: order_id
-- By id.
dataset_id

-- name: value_agency
-- The agency, to count by.
agency_code

-- name: value_theme
-- The theme, to count by.
theme

-- name: value_tag
-- Each keyword, to count by.
unnest(keywords)

-- name: value_format
-- Each format, to count by.
unnest(formats)

-- name: value_licence
-- The licence, to count by.
licence
