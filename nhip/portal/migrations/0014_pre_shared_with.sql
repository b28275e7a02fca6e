-- What is open already is shared with everybody.
insert into datasets.shared_with (dataset_id, who) select dataset_id, 'everybody' from portal.entry on conflict do nothing;
