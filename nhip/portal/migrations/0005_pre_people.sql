-- What people do with the portal: ask for data, comment, rate, follow changes; and the letters that are sent about it.
create table portal.wish (
    id uuid primary key,
    no int generated always as identity unique,
    title text not null,
    text text not null,
    purpose text not null default '',
    name text not null default '',
    email text not null default '',
    lang text not null,
    address text not null default '',
    agency_id uuid references datasets.agency,
    state text not null check (state in ('received', 'in_work', 'published', 'refused', 'merged', 'dropped')),
    received_at timestamptz not null,
    look_due timestamptz not null,
    due_at timestamptz not null,
    extended boolean not null default false,
    shown_title text not null default '',
    shown_text text not null default '',
    shown_at timestamptz,
    answer text not null default '',
    dataset_name text not null default '',
    merged_into int references portal.wish (no),
    closed_at timestamptz
);
comment on table portal.wish is 'a request for data by a citizen; the public sees shown_title and shown_text alone, after an official looked at them';
comment on column portal.wish.address is 'network address, for limits; forgotten after a week';
create index on portal.wish (received_at desc);
create index on portal.wish (address, received_at) where address <> '';

create table portal.wish_step (
    id uuid primary key,
    wish_id uuid not null references portal.wish,
    at timestamptz not null,
    act text not null,
    by_name text not null,
    told text not null default '',
    note text not null default ''
);
comment on column portal.wish_step.told is 'what the public reads of this step';
create index on portal.wish_step (wish_id, at);

create table portal.wish_vote (
    wish_id uuid not null references portal.wish,
    browser uuid not null,
    at timestamptz not null,
    primary key (wish_id, browser)
);
comment on table portal.wish_vote is '"I need this too", once a browser; weighs nothing';

create table portal.remark (
    id uuid primary key,
    dataset_id uuid not null references datasets.dataset,
    release_no int not null,
    kind text not null check (kind in ('question', 'fault', 'idea')),
    text text not null,
    name text not null default '',
    email text not null default '',
    lang text not null,
    address text not null default '',
    made_at timestamptz not null,
    due_at timestamptz not null,
    state text not null check (state in ('held', 'shown', 'dropped')),
    shown_text text not null default '',
    shown_at timestamptz,
    reply text not null default '',
    replied_by text not null default '',
    replied_at timestamptz,
    task text not null default '',
    task_row bigint,
    task_by text not null default '',
    task_at timestamptz,
    task_done_at timestamptz
);
comment on table portal.remark is 'a comment on an open dataset: held until an official of its agency shows it; a fault can become a task to mend';
create index on portal.remark (dataset_id, made_at desc);
create index on portal.remark (made_at desc);
create index on portal.remark (address, made_at) where address <> '';

create table portal.rating (
    dataset_id uuid not null references datasets.dataset,
    browser uuid not null,
    stars smallint not null check (stars between 1 and 5),
    at timestamptz not null,
    primary key (dataset_id, browser)
);

create table portal.subscription (
    id uuid primary key,
    email text not null,
    scope text not null check (scope in ('catalogue', 'agency', 'dataset')),
    target text not null default '',
    lang text not null,
    asked_at timestamptz not null,
    confirmed_at timestamptz,
    told_at timestamptz,
    mailed_at timestamptz,
    unique (email, scope, target)
);
comment on column portal.subscription.told_at is 'changes until then were told, or there were none';
create index on portal.subscription (told_at) where confirmed_at is not null;

create table portal.mail (
    id uuid primary key,
    key text not null unique,
    subscription_id uuid references portal.subscription on delete cascade,
    to_address text not null,
    subject text not null,
    body text not null,
    leave text not null default '',
    made_at timestamptz not null,
    next_at timestamptz not null,
    state text not null check (state in ('waiting', 'sending', 'sent', 'failed', 'unknown')),
    attempts int not null default 0,
    ended_at timestamptz,
    error text not null default ''
);
comment on table portal.mail is 'letters to send; `key` says what a letter is about, so that nothing is written twice';
comment on column portal.mail.state is 'unknown: the server was given it and went away before it answered; not sent again';
create index on portal.mail (next_at) where state = 'waiting';
create index on portal.mail (to_address, made_at);
