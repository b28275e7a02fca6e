-- An agency is an organisation among the parties, under the same id, so that rights can name it.
insert into security.party (id, kind, code, name, name_en, sort, made_at)
    select id, 'organisation', code, name, name_en, sort, now() from datasets.agency
    on conflict do nothing;
alter table datasets.agency add foreign key (id) references security.party;
