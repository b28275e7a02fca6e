-- name: append
-- Append bodies (in halves, the time goes between) with their subjects; gives the first one's seq. Binary arrays: psycopg
-- needs 7 us to write one text of an array in text form, half a microsecond in binary form.
select ledger.append(%(heads)b::text[], %(tails)b::text[], %(now_us)s, %(subjects)b::bytea[], %(whose)b::int[])
