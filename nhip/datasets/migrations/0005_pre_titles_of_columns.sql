-- What the source calls the columns of a delivery (a portal's dictionary of fields), for the contract that is drafted from it.
alter table datasets.delivery add column titles jsonb not null default '{}';
