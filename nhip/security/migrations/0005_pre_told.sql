-- How far a person has seen what happened to their account: a place in the ledger, whose times may be ahead of a clock set back.
alter table security.account drop column told_at, add column told_seq bigint not null default 0;
comment on column security.account.told_seq is 'the person has seen the events before this one';
