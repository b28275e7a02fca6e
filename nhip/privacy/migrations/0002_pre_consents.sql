-- Consents and their withdrawals: who (by keyed hash), to which processing, to which data, to which exact words. Only ever added to.
create table privacy.consent_text (
    digest bytea primary key check (length(digest) = 32),
    text text not null check (text <> ''),
    made_at timestamptz not null
);
comment on table privacy.consent_text is 'The exact words that a person agreed to, under their SHA-256';

create table privacy.consent (
    id uuid primary key,
    subject bytea not null check (length(subject) = 32),
    processing_id uuid not null references privacy.processing,
    processing_no int not null,
    data_types text[] not null,
    text_digest bytea not null references privacy.consent_text,
    language text not null,
    channel text not null check (channel in ('desk', 'online', 'paper')),
    document text not null default '',
    given_at timestamptz not null,
    recorded_by text not null,
    recorded_party uuid,
    foreign key (processing_id, processing_no) references privacy.processing_edition
);
comment on column privacy.consent.document is 'where the signed paper lies';
create index on privacy.consent (subject, processing_id);
create index on privacy.consent (processing_id, given_at);

create table privacy.consent_withdrawal (
    consent_id uuid primary key references privacy.consent,
    channel text not null check (channel in ('desk', 'online', 'paper')),
    document text not null default '',
    withdrawn_at timestamptz not null,
    recorded_by text not null,
    recorded_party uuid
);

create table privacy.recipient_notice (
    id uuid primary key,
    consent_id uuid not null references privacy.consent_withdrawal,
    recipient text not null,
    due_at timestamptz not null,
    told_at timestamptz,
    told_by text
);
comment on table privacy.recipient_notice is 'Who must be told that a consent was withdrawn, by when, and when they were';
create index on privacy.recipient_notice (due_at) where told_at is null;

create trigger never_changed before update or delete or truncate on privacy.consent_text
    for each statement execute function privacy.refuse();
create trigger never_changed before update or delete or truncate on privacy.consent
    for each statement execute function privacy.refuse();
create trigger never_changed before update or delete or truncate on privacy.consent_withdrawal
    for each statement execute function privacy.refuse();
create trigger never_removed before delete or truncate on privacy.recipient_notice
    for each statement execute function privacy.refuse();
