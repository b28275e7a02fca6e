-- name: make_weeks
-- Partitions of the history for this week and eight ahead; how many were missing.
select count(*) filter (where graph.make_week(now() + n * interval '7 days')) from generate_series(0, 8) n

-- name: list_weeks
-- The weeks of the history, with the instant at which each ends.
select c.relname, (to_date(substring(c.relname from '[0-9]{4}w[0-9]{2}$'), 'IYYY"w"IW') + 7)::timestamp at time zone 'UTC' as ends
from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = 'graph.attr_inst'::regclass and c.relname ~ '^attr_inst_[0-9]{4}w[0-9]{2}$'
order by 1

-- name: forget_other
-- History older than its time outside the weeks, some thousand rows at a time.
delete from graph.attr_inst_other where ctid = any(array(
  select ctid from graph.attr_inst_other where at < %(before)s and mod < %(before)s limit 5000))

-- name: forget_lives
-- Lives that ended before that and of which no history is left, some thousand at a time.
delete from graph.past p where (p.tenant, p.id, p.eno) in (
  select tenant, id, eno from graph.past o
  where coalesce(o.deleted_at, o.modified_at) < %(before)s
    and not exists (select from graph.attr_inst a where a.eno = o.eno)
  limit 5000)

-- name: list_due
-- Entities of which something has expired, for asyncpg.
select tenant, id from graph.entity where due_at <= $1 order by tenant, id limit 500
