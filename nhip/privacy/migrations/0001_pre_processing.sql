-- The register of processing: what is done with personal data, why, on which legal basis. Editions are only ever added.
create schema if not exists privacy;

create table privacy.processing (
    id uuid primary key,
    name text not null unique check (name ~ '^[a-z0-9][a-z0-9-]{0,98}$'),
    no int not null,
    datasets text[] not null,
    sort text not null,
    made_at timestamptz not null,
    ended_at timestamptz
);
comment on table privacy.processing is 'One processing; no, datasets and sort are those of its edition in force';
create index on privacy.processing using gin (datasets);

create table privacy.processing_edition (
    processing_id uuid not null references privacy.processing,
    no int not null check (no > 0),
    entry jsonb not null,
    note text not null default '',
    made_at timestamptz not null,
    made_by text not null,
    primary key (processing_id, no)
);

create function privacy.refuse() returns trigger language plpgsql as $$
begin
    raise exception 'this history is only ever added to (% on %)', tg_op, tg_table_name using errcode = 'integrity_constraint_violation';
end $$;
create trigger never_changed before update or delete or truncate on privacy.processing_edition
    for each statement execute function privacy.refuse();
