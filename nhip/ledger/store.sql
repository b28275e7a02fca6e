-- name: append
-- Append bodies (in halves, the time goes between) with their subjects; gives the first one's seq. Binary arrays: psycopg
-- needs 7 us to write one text of an array in text form, half a microsecond in binary form.
select ledger.append(%(heads)b::text[], %(tails)b::text[], %(now_us)s, %(subjects)b::bytea[], %(whose)b::int[])

-- name: find_tip
-- How far the ledger goes.
select id, size, chain, at_us from ledger.tip

-- name: find_text
-- One event as it was hashed.
select body, leaf from ledger.event where seq = %(seq)s

-- name: find_since
-- The first event at or after a moment.
select seq from ledger.event where at_us >= %(since_us)s order by at_us, seq limit 1

-- name: list_rows
-- The newest events that fit; what is null does not narrow.
select seq, leaf, body from ledger.event
where (%(kind)s::text is null or kind = %(kind)s)
  and (%(what)s::text is null or what = %(what)s)
  and (%(actor)s::text is null or actor = %(actor)s)
  and (%(from_seq)s::bigint is null or seq >= %(from_seq)s)
  and (%(before_seq)s::bigint is null or seq < %(before_seq)s)
order by seq desc limit %(limit)s

-- name: list_subject
-- The newest events about one person in a span of time.
select e.seq, e.leaf, e.body
from ledger.subject s join ledger.event e on e.seq = s.seq
where s.subject = %(subject)s and e.at_us >= %(since_us)s and e.at_us < %(until_us)s
order by s.seq desc offset %(offset)s limit %(limit)s

-- name: count_subject
-- How many events are about one person in a span of time.
select count(*) from ledger.subject s join ledger.event e on e.seq = s.seq
where s.subject = %(subject)s and e.at_us >= %(since_us)s and e.at_us < %(until_us)s

-- name: wait_for_heads
-- One at a time makes tree heads.
select pg_advisory_xact_lock(7210049)

-- name: find_last_head
-- The newest tree head.
select size, at_us, root, signature, key_id from ledger.head order by size desc limit 1

-- name: find_head
-- The tree head of one size.
select size, at_us, root, signature, key_id from ledger.head where size = %(size)s

-- name: list_heads
-- Tree heads, the newest first.
select size, at_us, root, signature, key_id from ledger.head
where %(before)s::bigint is null or size < %(before)s order by size desc limit %(limit)s

-- name: list_heads_after
-- Tree heads above a size, the oldest first.
select size, at_us, root, signature, key_id from ledger.head where size > %(size)s order by size

-- name: insert_head
-- Keep a tree head.
insert into ledger.head (size, at_us, root, signature, key_id)
values (%(size)s, %(at_us)s, %(root)s, %(signature)s, %(key_id)s)

-- name: list_leaves
-- Leaf hashes of some ranges.
select e.seq, e.leaf from unnest(%(starts)s::bigint[], %(ends)s::bigint[]) as wanted (first, past)
join ledger.event e on e.seq >= wanted.first and e.seq < wanted.past

-- name: list_nodes
-- Hashes of complete subtrees of some ranges of one level.
select n.level, n.place, n.hash
from unnest(%(levels)s::int[], %(starts)s::bigint[], %(ends)s::bigint[]) as wanted (level, first, past)
join ledger.node n on n.level = wanted.level and n.place >= wanted.first and n.place < wanted.past

-- name: count_nodes
-- How many subtrees of a level are complete and kept.
select coalesce(max(place) + 1, 0) from ledger.node where level = %(level)s

-- name: insert_nodes
-- Keep the hashes of subtrees.
insert into ledger.node (level, place, hash)
select %(level)s, %(first)s + n - 1, hash from unnest(%(hashes)b::bytea[]) with ordinality as made (hash, n)

-- name: freeze
-- One view of all tables for the whole transaction, which changes nothing.
set transaction isolation level repeatable read, read only

-- name: export_snapshot
-- A name for this view of the tables.
select pg_export_snapshot()

-- name: join_snapshot
-- See the tables as another connection does (a statement that takes no parameters).
set transaction snapshot {}

-- name: find_chain
-- The chain value of one event.
select chain from ledger.event where seq = %(seq)s

-- name: list_stored
-- Events as they stand there, in order, after a place and before another.
select seq, convert_to(body, 'UTF8'), leaf, chain, at_us, kind, what, actor
from ledger.event where seq > %(after)s and seq < %(end)s order by seq limit %(limit)s

-- name: iter_subjects
-- Whose data each event is about, in the order of the events.
select seq, encode(subject, 'hex') from ledger.subject order by seq, subject

-- name: list_heads_between
-- Tree heads above a size up to another, the oldest first.
select size, at_us, root, signature, key_id from ledger.head where size > %(above)s and size <= %(to)s order by size

-- name: list_kept_nodes
-- All kept subtrees of one level, in order.
select place, hash from ledger.node where level = %(level)s order by place
