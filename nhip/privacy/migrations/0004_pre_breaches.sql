-- Breaches: what happened, since when it is known, whom it touches, what was done, who was told.
create table privacy.breach (
    id uuid primary key,
    no text not null unique,
    found_at timestamptz not null,
    due_at timestamptz not null,
    no_edition int not null,
    notified_at timestamptz,
    informed_at timestamptz,
    closed_at timestamptz
);

create table privacy.breach_edition (
    breach_id uuid not null references privacy.breach,
    no int not null,
    facts jsonb not null,
    note text not null default '',
    at timestamptz not null,
    by_name text not null,
    primary key (breach_id, no)
);
comment on table privacy.breach_edition is 'What was known of a breach from a time on; only ever added to';
create trigger never_changed before update or delete or truncate on privacy.breach_edition
    for each statement execute function privacy.refuse();
