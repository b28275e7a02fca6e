-- A proposal is a row of its own: what is open keeps its licence, words and treatment until a change is decided on.
create table portal.proposal (
    id uuid primary key,
    dataset_id uuid not null references datasets.dataset,
    state text not null default 'waiting' check (state in ('waiting', 'accepted', 'returned', 'replaced')),
    licence text not null,
    basis text not null,
    treatment jsonb not null default '{}',
    shaping jsonb not null default '{}',
    keywords text[] not null default '{}',
    contact text not null default '',
    cadence text not null default '',
    gate jsonb not null default '{}',
    by_name text not null,
    by_party uuid,
    at timestamptz not null,
    decided_by text not null default '',
    decided_at timestamptz,
    note text not null default ''
);
comment on table portal.proposal is 'what was proposed about a dataset, never changed but for its end; at most one of a dataset waits';
comment on column portal.proposal.gate is 'what the gate said when it was proposed; it is held before the gate again when it is decided on';
comment on column portal.proposal.shaping is 'what is done to the table as a whole (nhip.portal.model.Shaping)';
create unique index on portal.proposal (dataset_id) where state = 'waiting';
create index on portal.proposal (dataset_id, at desc);

alter table portal.publication add column shaping jsonb not null default '{}';
alter table portal.release add column removed_at timestamptz;
comment on column portal.release.removed_at is 'when the bytes of a recalled release were deleted';

-- What waits now
insert into portal.proposal (id, dataset_id, licence, basis, treatment, keywords, contact, cadence, gate, by_name, by_party, at)
select last.id, p.dataset_id, p.licence, p.basis, p.treatment, p.keywords, p.contact, p.cadence, last.gate, p.proposed_by, p.proposed_party,
       p.proposed_at
from portal.publication p
cross join lateral (
    select x.id, x.act, x.gate from portal.decision x
    where x.dataset_id = p.dataset_id and x.act in ('proposed', 'published', 'returned', 'withdrawn')
    order by x.at desc, x.id desc limit 1) last
where last.act = 'proposed';

-- Words and treatment that a change overwrote before anybody decided on it, from what is open
update portal.publication p
set licence = e.licence, keywords = e.keywords, contact = e.contact, cadence = e.cadence
from portal.entry e
where e.dataset_id = p.dataset_id and p.state = 'published' and p.decided_at < p.proposed_at;

update portal.publication p
set treatment = (
    select coalesce(jsonb_object_agg(c.name, coalesce(
        (select jsonb_build_object('act', o.item ->> 'act', 'to', coalesce(o.item -> 'to', '0'))
         from jsonb_array_elements(r.columns) as o (item) where o.item ->> 'name' = c.name),
        '{"act": "drop", "to": 0}')), '{}')
    from (select item ->> 'name' as name from jsonb_array_elements(v.manifest -> 'columns') as m (item)) c
    where c.name <> '_row')
from portal.release r join datasets.version v on v.dataset_id = r.dataset_id and v.no = r.no
where r.dataset_id = p.dataset_id and p.state = 'published' and p.decided_at < p.proposed_at
  and r.no = (select max(x.no) from portal.release x where x.dataset_id = p.dataset_id);

-- Only decisions stay in portal.publication
update portal.publication set state = 'withdrawn' where state = 'proposed' and withdrawn_at is not null;
delete from portal.publication where state = 'proposed';
