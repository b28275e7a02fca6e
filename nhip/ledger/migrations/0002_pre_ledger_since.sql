-- "The first event since": with the block range index PostgreSQL preferred to walk all rows before it (2.3 s of a million).
create index event_since on ledger.event (at_us, seq);
drop index ledger.event_at;
