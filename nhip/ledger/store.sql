-- name: append
-- Append bodies (in halves, the time goes between) with their subjects; gives the first one's seq.
select ledger.append(%(heads)s, %(tails)s, %(now_us)s, %(subjects)s, %(whose)s)
