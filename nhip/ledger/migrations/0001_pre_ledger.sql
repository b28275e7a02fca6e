-- The ledger: events in one chain and one RFC 6962 tree, whose data they are about, signed tree heads.
create schema if not exists ledger;

-- json, not jsonb: four look-ups in a body cost 10 us less (docs/decisions/0011-ledger.md)
create table ledger.event (
    seq bigint primary key check (seq >= 0),
    body text not null,
    leaf bytea not null check (length(leaf) = 32),
    chain bytea not null check (length(chain) = 32),
    at_us bigint not null generated always as ((body::json ->> 'at')::bigint) stored,
    kind text not null generated always as (body::json ->> 'kind') stored,
    what text not null generated always as (body::json ->> 'what') stored,
    actor text generated always as (body::json -> 'actor' ->> 'id') stored
);
comment on table ledger.event is 'What happened. Never changed: see docs/explain/ledger.md before you touch a row';
comment on column ledger.event.seq is 'Place in the tree, from 0 and without gaps';
comment on column ledger.event.body is 'Canonical JSON, exactly the bytes that were hashed';
comment on column ledger.event.leaf is 'SHA-256(0x00 || body)';
comment on column ledger.event.chain is 'SHA-256(chain of the row before || leaf); 32 zero bytes come before the first';
create index event_kind on ledger.event (kind, seq);
create index event_what on ledger.event (what, seq) where what <> '';
create index event_actor on ledger.event (actor, seq) where actor is not null;
create index event_at on ledger.event using brin (at_us) with (pages_per_range = 16);

create table ledger.subject (
    subject bytea not null check (length(subject) = 32),
    seq bigint not null,
    primary key (subject, seq)
);
comment on table ledger.subject is 'Whose personal data an event is about; the same as in the events'' bodies';

create table ledger.tip (
    one boolean primary key default true check (one),
    id uuid not null default gen_random_uuid(),
    size bigint not null default 0,
    chain bytea not null default decode(repeat('00', 32), 'hex'),
    at_us bigint not null default 0
) with (fillfactor = 10);
comment on table ledger.tip is 'One row: name of this ledger, number of its events, chain and time of the last';
insert into ledger.tip default values;

create table ledger.head (
    size bigint primary key check (size > 0),
    at_us bigint not null,
    root bytea not null check (length(root) = 32),
    signature bytea not null check (length(signature) = 64),
    key_id bytea not null check (length(key_id) = 4)
);
comment on table ledger.head is 'Signed roots of the tree of the first `size` events';

create table ledger.node (
    level smallint not null check (level > 0 and level % 8 = 0),
    place bigint not null,
    hash bytea not null check (length(hash) = 32),
    primary key (level, place)
);
comment on table ledger.node is 'Roots of complete subtrees of 2^level leaves: leaves place * 2^level and on. Can be computed again';

create function ledger.refuse() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger is only ever added to (% on %)', tg_op, tg_table_name using errcode = 'integrity_constraint_violation';
end $$;

create trigger never_changed before update or delete or truncate on ledger.event
    for each statement execute function ledger.refuse();
create trigger never_changed before update or delete or truncate on ledger.subject
    for each statement execute function ledger.refuse();
create trigger never_changed before update or delete or truncate on ledger.head
    for each statement execute function ledger.refuse();
create trigger never_changed before delete or truncate on ledger.tip
    for each statement execute function ledger.refuse();

-- Append bodies, each given in two halves between which the time goes. One statement, so that nobody's round trip is
-- waited for while the lock is held. `whose[i]` is the body (from 1) that `subjects[i]` belongs to. Gives the first seq.
create function ledger.append(heads text[], tails text[], now_us bigint, subjects bytea[], whose int[])
returns bigint language plpgsql as $$
declare
    last ledger.tip%rowtype;
    body text;
    leaf bytea;
    bodies text[];
    leaves bytea[];
    chains bytea[];
begin
    perform pg_advisory_xact_lock(7210048);
    select * into strict last from ledger.tip;
    now_us := greatest(now_us, last.at_us);
    for i in 1 .. cardinality(heads) loop
        body := heads[i] || now_us || tails[i];
        leaf := sha256('\x00'::bytea || convert_to(body, 'UTF8'));
        last.chain := sha256(last.chain || leaf);
        bodies[i] := body;
        leaves[i] := leaf;
        chains[i] := last.chain;
    end loop;
    insert into ledger.event (seq, body, leaf, chain)
    select last.size + n - 1, b, l, c from unnest(bodies, leaves, chains) with ordinality as row (b, l, c, n);
    insert into ledger.subject (subject, seq) select s, last.size + n - 1 from unnest(subjects, whose) as row (s, n);
    update ledger.tip set size = size + cardinality(heads), chain = last.chain, at_us = now_us;
    return last.size;
end $$;
