-- Requests of data subjects: what was asked, by when it must be answered and done, who did what with it.
create table privacy.counter (name text, year int, last int not null, primary key (name, year));
comment on table privacy.counter is 'Last number given to a request or breach of a year';

create table privacy.request (
    id uuid primary key,
    no text not null unique,
    kind text not null,
    channel text not null check (channel in ('desk', 'online', 'paper')),
    state text not null check (state in ('received', 'confirmed', 'done', 'refused', 'taken_back')),
    subject bytea check (length(subject) = 32),
    party_id uuid references security.party,
    name text not null check (name <> ''),
    contact text not null default '',
    wanted text not null default '',
    datasets text[] not null default '{}',
    others boolean not null default false,
    received_at timestamptz not null,
    answer_due timestamptz not null,
    due_at timestamptz not null,
    extended_at timestamptz,
    confirmed_at timestamptz,
    closed_at timestamptz
);
comment on column privacy.request.subject is 'keyed hash of the citizen number, never the number itself; null where none was given';
comment on column privacy.request.others is 'whether a processor or third party must act too';
create index on privacy.request (due_at) where closed_at is null;
create index on privacy.request (subject);
create index on privacy.request (party_id);

create table privacy.request_step (
    request_id uuid not null references privacy.request,
    no int not null,
    kind text not null,
    told text not null default '',
    note text not null default '',
    at timestamptz not null,
    by_name text not null,
    by_party uuid,
    primary key (request_id, no)
);
comment on column privacy.request_step.told is 'what the person was told';
comment on column privacy.request_step.note is 'what only the desk sees';

create table privacy.attachment (
    id uuid primary key,
    request_id uuid not null references privacy.request,
    name text not null,
    media_type text not null,
    object text not null,
    size bigint not null,
    at timestamptz not null,
    by_name text not null
);
create index on privacy.attachment (request_id);

create trigger never_changed before update or delete or truncate on privacy.request_step
    for each statement execute function privacy.refuse();
