-- The national portal that our catalogue is registered with, what was sent to it, and the number of the catalogue's state.
create table portal.national (
    single boolean primary key default true check (single),
    url text not null,
    way text not null check (way in ('ckan', 'dcat')),
    organisation text not null default '',
    prefix text not null default '',
    enabled boolean not null default true,
    secret bytea,
    failures int not null default 0,
    problem jsonb,
    away_since timestamptz,
    answered_at timestamptz,
    next_try_at timestamptz
);
comment on table portal.national is 'at most one row: where and how we register, and how the other side was last met';

create table portal.registration (
    dataset_id uuid primary key,
    name text not null,
    title text not null,
    remote_id text not null default '',
    mark text not null default '',
    sent_at timestamptz,
    withdrawn_at timestamptz,
    attempts int not null default 0,
    next_try_at timestamptz,
    problem jsonb
);
comment on column portal.registration.mark is 'digest of the entry as the other side has it; empty: it does not have it';
create index on portal.registration (next_try_at) where problem is not null;

-- The digest of what is told of an entry; when it differs from the registered one, the entry is sent again.
create function portal.mark_of(e portal.entry) returns text language sql stable as $$
    select md5(concat_ws(chr(31), e.name, e.title, e.title_en, e.description, e.agency_code, e.agency_name, e.theme,
                         array_to_string(e.keywords, chr(30)), array_to_string(e.formats, chr(30)), e.licence, e.contact, e.cadence,
                         e.release_no, e.bytes, e.issued, e.modified, e.as_of))
$$;

-- The number of the public catalogue's state: it grows with every transaction that changes what the public is told, at its commit,
-- so that an answer kept under a number is true as long as the number stands.
create table portal.epoch (single boolean primary key default true check (single), number bigint not null default 1);
insert into portal.epoch default values;

create function portal.next_epoch() returns trigger language plpgsql as $$
begin
    if current_setting('portal.counted', true) is distinct from pg_current_xact_id()::text then
        perform set_config('portal.counted', pg_current_xact_id()::text, true);
        update portal.epoch set number = number + 1;
    end if;
    return null;
end
$$;
comment on function portal.next_epoch is 'deferred to the commit: the lock on the one row is held for a moment, and never before another lock';

do $$
declare
    shown text;
begin
    for shown in
        select tablename from pg_tables
        where schemaname = 'portal' and tablename not in ('download', 'national', 'registration', 'epoch', 'decision', 'refusal')
    loop
        execute format('create constraint trigger next_epoch after insert or update or delete on portal.%I '
                       'deferrable initially deferred for each row execute function portal.next_epoch()', shown);
    end loop;
end
$$;
