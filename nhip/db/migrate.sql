-- name: make_table
-- The register of migrations that ran.
create table if not exists public.nhip_migration (
    package text not null,
    name text not null,
    digest text not null,
    ran_at timestamptz not null default now(),
    primary key (package, name)
)

-- name: has_table
-- Whether the register of migrations is there; looking makes nothing.
select to_regclass('public.nhip_migration') is not null

-- name: list_done
-- What ran, with the digest of its text.
select package, name, digest from public.nhip_migration

-- name: wait_turn
-- One runner at a time; released with the transaction.
select pg_advisory_xact_lock(7210046)

-- name: record
-- Remember a migration.
insert into public.nhip_migration (package, name, digest) values (%(package)s, %(name)s, %(digest)s)
