-- A mapping that is being taken away: its things are deleted first, by whichever process comes to it, then the mapping itself.
alter table things.mapping add column ending boolean not null default false;
