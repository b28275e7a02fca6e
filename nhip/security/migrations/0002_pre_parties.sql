-- Parties and what they may do: people, organisations, units, service accounts; roles given to them; sessions that can be looked at.
create table security.party (
    id uuid primary key,
    kind text not null check (kind in ('person', 'organisation', 'unit', 'service')),
    code text unique check (code <> ''),
    name text not null check (name <> ''),
    name_en text not null default '',
    sort text not null,
    parent_id uuid references security.party,
    email text not null default '',
    subject bytea unique check (length(subject) = 32),
    made_at timestamptz not null,
    suspended_at timestamptz,
    ended_at timestamptz,
    check (parent_id <> id)
);
comment on column security.party.parent_id is 'the organisation or unit that this party belongs to';
comment on column security.party.subject is 'keyed hash of a person''s citizen number, never the number itself';
create index on security.party (parent_id);
create index on security.party (kind, sort);

alter table security.account
    add column party_id uuid references security.party,
    alter column password_hash drop not null;
insert into security.party (id, kind, name, sort, made_at)
    select id, 'person', name, lower(name), made_at from security.account;
update security.account set party_id = id;
alter table security.account alter column party_id set not null;
create index on security.account (party_id);

create table security.role (
    name text primary key check (name ~ '^[a-z][a-z0-9_]{1,40}$'),
    title text not null,
    title_en text not null default '',
    permissions text[] not null,
    made_at timestamptz not null,
    ended_at timestamptz
);
comment on table security.role is 'roles that an administrator made; the built-in ones are part of the program';

create table security.assignment (
    id uuid primary key,
    party_id uuid not null references security.party,
    role text not null,
    organisation_id uuid references security.party,
    area text check (area <> ''),
    sector text check (sector <> ''),
    from_at timestamptz not null,
    until_at timestamptz check (until_at > from_at),
    given_by uuid references security.party,
    note text not null default '',
    taken_at timestamptz
);
comment on column security.assignment.organisation_id is 'null: everywhere; else this organisation and the units below it';
create index on security.assignment (party_id) where taken_at is null;
create index on security.assignment (role) where taken_at is null;
insert into security.assignment (id, party_id, role, from_at)
    select gen_random_uuid(), party_id, 'administrator', made_at from security.account where administrator;

create table security.epoch (one boolean primary key default true check (one), n bigint not null);
insert into security.epoch (n) values (1);
comment on table security.epoch is 'counts changes of rights, so that no process decides by rights that it remembers from before one';
create function security.next_epoch() returns trigger language plpgsql as $$
begin
    update security.epoch set n = n + 1;
    return null;
end $$;
create trigger changes after insert or update or delete on security.assignment
    for each statement execute function security.next_epoch();
create trigger changes after insert or update or delete on security.role
    for each statement execute function security.next_epoch();
create trigger changes after update of parent_id, suspended_at, ended_at or delete on security.party
    for each statement execute function security.next_epoch();
create trigger arrivals after insert on security.party
    for each statement execute function security.next_epoch();

delete from security.session;
alter table security.session
    add column id uuid not null unique,
    add column seen_at timestamptz not null,
    add column address text not null default '',
    add column agent text not null default '',
    add column method text not null,
    add column level smallint not null check (level between 1 and 3),
    add column confirmed_at timestamptz not null,
    add column issuer text not null default '',
    add column issuer_session text not null default '',
    add column issuer_subject text not null default '';
comment on column security.session.level is '1 password, 2 with a second factor or a passkey, 3 by an identity provider at a high level of assurance';
comment on column security.session.confirmed_at is 'when the person last proved who they are';
create index on security.session (issuer, issuer_session) where issuer <> '';
create index on security.session (issuer, issuer_subject) where issuer <> '';
