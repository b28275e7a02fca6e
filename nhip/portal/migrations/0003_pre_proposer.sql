-- Four eyes: who proposed, as a party and not as a name that two people may share.
alter table portal.publication add column proposed_party uuid;
comment on column portal.publication.proposed_party is 'who proposed and so does not decide; null: the command line';
