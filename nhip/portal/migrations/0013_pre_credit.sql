-- Whose a harvested dataset is stands in a field of its own, not in the last line of its description.
alter table portal.entry add column credit jsonb;
comment on column portal.entry.credit is 'of harvested data: organisation, title, url, licence there, and the portal; null: our own';

update datasets.dataset d set description = regexp_replace(d.description, E'(^|\n\n)Nguồn: [^\n]*$', '')
where exists (select from datasets.remote r where r.dataset_id = d.id) and d.description ~ E'(^|\n\n)Nguồn: [^\n]*$';

update portal.entry e
set credit = jsonb_build_object('organisation', o.organisation, 'title', o.title, 'url', o.url, 'licence', o.licence, 'portal', o.source),
    description = regexp_replace(e.description, E'(^|\n\n)Nguồn: [^\n]*$', '')
from (
    select distinct on (r.dataset_id) r.dataset_id, s.name as source, h.title, h.organisation, h.licence, h.url
    from datasets.remote r
    join datasets.harvested h on h.source_id = r.source_id and h.remote_id = r.remote_id
    join datasets.source s on s.id = r.source_id
    order by r.dataset_id, h.vanished_at is not null, h.changed_at desc) o
where o.dataset_id = e.dataset_id;

-- What is told of an entry that is our own keeps its digest: concat_ws passes over nulls.
create or replace function portal.mark_of(e portal.entry) returns text language sql stable as $$
    select md5(concat_ws(chr(31), e.name, e.title, e.title_en, e.description, e.agency_code, e.agency_name, e.theme,
                         array_to_string(e.keywords, chr(30)), array_to_string(e.formats, chr(30)), e.licence, e.contact, e.cadence,
                         e.release_no, e.bytes, e.issued, e.modified, e.as_of, e.credit::text))
$$;
