-- name: put_agency
-- Make an agency or update its names.
insert into datasets.agency (id, code, name, name_en, sort)
values (%(id)s, %(code)s, %(name)s, %(name_en)s, %(sort)s)
on conflict (code) do update set name = excluded.name, name_en = excluded.name_en, sort = excluded.sort
returning id, code, name, name_en

-- name: list_agencies
-- All agencies in Vietnamese order.
select id, code, name, name_en from datasets.agency
where (%(within)s::uuid[] is null or id = any(%(within)s))
order by sort collate "C", code

-- name: find_agency
-- An agency by its code.
select id, code, name, name_en from datasets.agency where code = %(code)s

-- name: insert_dataset
-- Make a dataset; nothing happens if the name is taken.
insert into datasets.dataset (id, name, agency_id, title, title_en, description, theme, sort, made_at)
values (%(id)s, %(name)s, %(agency_id)s, %(title)s, %(title_en)s, %(description)s, %(theme)s, %(sort)s, %(made_at)s)
on conflict (name) do nothing

-- name: list_datasets
-- Datasets in Vietnamese order, of one agency or of all.
select d.id, d.name, d.agency_id, a.code agency_code, a.name agency_name, a.name_en agency_name_en, d.title, d.title_en, d.description, d.theme,
       d.contract_no, d.version_no, d.made_at
from datasets.dataset d join datasets.agency a on a.id = d.agency_id
where (%(agency)s::text is null or a.code = %(agency)s)
  and (%(within)s::uuid[] is null or d.agency_id = any(%(within)s))
order by d.sort collate "C", d.name

-- name: find_dataset
-- A dataset by name or id.
select d.id, d.name, d.agency_id, a.code agency_code, a.name agency_name, a.name_en agency_name_en, d.title, d.title_en, d.description, d.theme,
       d.contract_no, d.version_no, d.made_at
from datasets.dataset d join datasets.agency a on a.id = d.agency_id
where d.name = %(name)s::text or d.id = %(id)s::uuid

-- name: lock_dataset
-- Hold the dataset's row until the end of the transaction: one change of its pointer at a time.
select 1 from datasets.dataset where id = %(id)s for update

-- name: insert_contract
-- Add an edition of the contract.
insert into datasets.contract (dataset_id, no, yaml, digest, note, made_at, made_by)
values (%(dataset_id)s, %(no)s, %(yaml)s, %(digest)s, %(note)s, %(made_at)s, %(made_by)s)

-- name: point_contract
-- Put an edition of the contract in force, with what it says of the dataset.
update datasets.dataset
set contract_no = %(no)s, title = %(title)s, title_en = %(title_en)s, description = %(description)s, sort = %(sort)s
where id = %(id)s

-- name: find_contract
-- One edition of a contract.
select dataset_id, no, yaml, digest, note, made_at, made_by from datasets.contract
where dataset_id = %(dataset_id)s and no = %(no)s

-- name: list_contracts
-- All editions, newest first.
select dataset_id, no, yaml, digest, note, made_at, made_by from datasets.contract
where dataset_id = %(dataset_id)s order by no desc

-- name: put_source
-- Make a source or change how it reaches the system; its state stays.
insert into datasets.source (id, name, kind, dataset_id, agency_id, settings, secret, every_s, enabled, made_at, next_run_at)
values (%(id)s, %(name)s, %(kind)s, %(dataset_id)s, %(agency_id)s, %(settings)s, %(secret)s, %(every_s)s, true, %(made_at)s,
        %(made_at)s)
on conflict (name) do update
set kind = excluded.kind, dataset_id = excluded.dataset_id, settings = excluded.settings,
    secret = coalesce(excluded.secret, datasets.source.secret), every_s = excluded.every_s
returning id

-- name: list_sources
-- Sources by name.
select id, name, kind, dataset_id, agency_id, settings, state, every_s, enabled, secret is not null has_secret,
       last_run_at, last_ok_at, next_run_at, problem
from datasets.source
where (%(within)s::uuid[] is null or agency_id = any(%(within)s))
order by name

-- name: find_source
-- A source by name or id.
select id, name, kind, dataset_id, agency_id, settings, state, every_s, enabled, secret is not null has_secret,
       last_run_at, last_ok_at, next_run_at, problem
from datasets.source where name = %(name)s::text or id = %(id)s::uuid

-- name: set_secret
-- New sealed credentials of a source.
update datasets.source set secret = %(secret)s where id = %(id)s

-- name: list_secrets
-- Sealed credentials of all sources, locked, for sealing them anew.
select name key, secret sealed from datasets.source where secret is not null order by name for update

-- name: reseal_secret
-- The same credentials under another key.
update datasets.source set secret = %(sealed)s where name = %(key)s

-- name: find_secret
-- A source's sealed secret, for its connector's run alone.
select secret from datasets.source where id = %(id)s

-- name: list_due_sources
-- Sources whose time has come.
select id, name, kind, dataset_id, agency_id, settings, state, every_s, enabled, secret is not null has_secret,
       last_run_at, last_ok_at, next_run_at, problem
from datasets.source where enabled and every_s is not null and next_run_at <= %(now)s order by next_run_at

-- name: source_ran
-- Remember how a run ended; the state moves only when it ended well.
update datasets.source
set last_run_at = %(now)s,
    last_ok_at = case when %(problem)s::jsonb is null then %(now)s else last_ok_at end,
    state = coalesce(%(state)s::jsonb, state),
    problem = %(problem)s::jsonb,
    next_run_at = %(now)s::timestamptz + make_interval(secs => coalesce(every_s, 86400))
where id = %(id)s

-- name: find_last_delivery
-- The latest delivery of the dataset.
select id, dataset_id, source_id, sha256, size, filename, as_of, received_at, received_by, confirmed_at, state, state_at,
       problem, decoded, base_id, key, titles
from datasets.delivery
where dataset_id = %(dataset_id)s
order by received_at desc, id desc limit 1

-- name: find_last_usable
-- The latest delivery of the dataset that could be used, else the latest of all.
select id, dataset_id, source_id, sha256, size, filename, as_of, received_at, received_by, confirmed_at, state, state_at,
       problem, decoded, base_id, key, titles
from datasets.delivery
where dataset_id = %(dataset_id)s
order by state = 'failed', received_at desc, id desc limit 1

-- name: insert_delivery
-- A payload arrived.
insert into datasets.delivery (id, dataset_id, source_id, sha256, size, filename, as_of, received_at, received_by,
                               confirmed_at, state, state_at, base_id, key, titles)
values (%(id)s, %(dataset_id)s, %(source_id)s, %(sha256)s, %(size)s, %(filename)s, %(as_of)s, %(now)s, %(received_by)s,
        %(now)s, 'received', %(now)s, %(base_id)s, %(key)s, %(titles)s)

-- name: confirm_delivery
-- The same bytes came again: nothing changes but that we know they still hold.
update datasets.delivery set confirmed_at = %(now)s where id = %(id)s

-- name: move_delivery
-- A step was done; with `seen`, only if nobody asked for the work again since.
update datasets.delivery
set state = %(state)s, state_at = %(now)s, problem = %(problem)s::jsonb, decoded = coalesce(%(decoded)s::jsonb, decoded)
where id = %(id)s and (%(seen)s::timestamptz is null or state_at = %(seen)s)

-- name: find_delivery
-- A delivery by id.
select id, dataset_id, source_id, sha256, size, filename, as_of, received_at, received_by, confirmed_at, state, state_at,
       problem, decoded, base_id, key, titles
from datasets.delivery where id = %(id)s

-- name: list_deliveries
-- A dataset's deliveries, newest first.
select id, dataset_id, source_id, sha256, size, filename, as_of, received_at, received_by, confirmed_at, state, state_at,
       problem, decoded, base_id, key, titles
from datasets.delivery where dataset_id = %(dataset_id)s order by received_at desc, id desc limit %(most)s

-- name: list_unfinished
-- Deliveries whose work was cut off, oldest first.
select id, dataset_id, source_id, sha256, size, filename, as_of, received_at, received_by, confirmed_at, state, state_at,
       problem, decoded, base_id, key, titles
from datasets.delivery where state in ('received', 'decoded', 'checked') order by received_at, id

-- name: insert_version
-- A new version; the number follows the last.
insert into datasets.version (dataset_id, no, delivery_id, contract_no, digest, object, row_count, quarantined, finding_count,
                              mended_count, by_rule, manifest, as_of, made_at, made_by, restored_from)
select %(dataset_id)s, coalesce(max(no), 0) + 1, %(delivery_id)s, %(contract_no)s, %(digest)s, %(object)s, %(row_count)s,
       %(quarantined)s, %(finding_count)s, %(mended_count)s, %(by_rule)s, %(manifest)s, %(as_of)s, %(made_at)s,
       %(made_by)s, %(restored_from)s
from datasets.version where dataset_id = %(dataset_id)s
returning no

-- name: point_version
-- Publish: the version is in force from here.
update datasets.dataset set version_no = %(no)s where id = %(id)s

-- name: find_version
-- One version.
select dataset_id, no, delivery_id, contract_no, digest, object, row_count, quarantined, finding_count, mended_count,
       by_rule, manifest, as_of, made_at, made_by, restored_from
from datasets.version where dataset_id = %(dataset_id)s and no = %(no)s

-- name: find_version_at
-- The version that was in force at a time.
select dataset_id, no, delivery_id, contract_no, digest, object, row_count, quarantined, finding_count, mended_count,
       by_rule, manifest, as_of, made_at, made_by, restored_from
from datasets.version where dataset_id = %(dataset_id)s and made_at <= %(at)s order by no desc limit 1

-- name: list_versions
-- All versions, newest first.
select dataset_id, no, delivery_id, contract_no, digest, object, row_count, quarantined, finding_count, mended_count,
       by_rule, manifest, as_of, made_at, made_by, restored_from
from datasets.version where dataset_id = %(dataset_id)s order by no desc

-- name: list_in_force
-- The version in force of every dataset that has one.
select v.dataset_id, v.no, v.delivery_id, v.contract_no, v.digest, v.object, v.row_count, v.quarantined, v.finding_count,
       v.mended_count, v.by_rule, v.manifest, v.as_of, v.made_at, v.made_by, v.restored_from
from datasets.dataset d join datasets.version v on v.dataset_id = d.id and v.no = d.version_no
where (%(within)s::uuid[] is null or d.agency_id = any(%(within)s))

-- name: insert_virtue
-- Scores at a time; a second measurement at the same instant replaces the first.
insert into datasets.virtue (dataset_id, at, version_no, accurate, complete, clean, clean_delivered, live, consistent, shared,
                             facts)
values (%(dataset_id)s, %(at)s, %(version_no)s, %(accurate)s, %(complete)s, %(clean)s, %(clean_delivered)s, %(live)s,
        %(consistent)s, %(shared)s, %(facts)s)
on conflict (dataset_id, at) do update set facts = excluded.facts, version_no = excluded.version_no,
    accurate = excluded.accurate, complete = excluded.complete, clean = excluded.clean,
    clean_delivered = excluded.clean_delivered, live = excluded.live, consistent = excluded.consistent,
    shared = excluded.shared

-- name: list_latest_virtues
-- The last scores of every dataset.
select distinct on (v.dataset_id) v.dataset_id, v.at, v.version_no, v.accurate, v.complete, v.clean, v.clean_delivered, v.live,
       v.consistent, v.shared, v.facts
from datasets.virtue v join datasets.dataset d on d.id = v.dataset_id
where (%(within)s::uuid[] is null or d.agency_id = any(%(within)s))
order by v.dataset_id, v.at desc

-- name: list_virtue_history
-- A dataset's scores over time, oldest first.
select dataset_id, at, version_no, accurate, complete, clean, clean_delivered, live, consistent, shared, facts
from datasets.virtue where dataset_id = %(dataset_id)s order by at

-- name: put_conflict
-- What two datasets say differently, as measured now.
insert into datasets.conflict (dataset_id, other_id, version_no, other_version_no, compared, conflicts, columns, object, at)
values (%(dataset_id)s, %(other_id)s, %(version_no)s, %(other_version_no)s, %(compared)s, %(conflicts)s, %(columns)s, %(object)s,
        %(at)s)
on conflict (dataset_id, other_id) do update
set version_no = excluded.version_no, other_version_no = excluded.other_version_no, compared = excluded.compared,
    conflicts = excluded.conflicts, columns = excluded.columns, object = excluded.object, at = excluded.at

-- name: list_all_conflicts
-- What was measured of all pairs.
select c.dataset_id, c.other_id, o.name other_name, o.title other_title, o.title_en other_title_en, c.version_no,
       c.other_version_no, c.compared, c.conflicts, c.columns, c.object, c.at
from datasets.conflict c join datasets.dataset o on o.id = c.other_id

-- name: list_conflicts
-- What other datasets say differently of the things of one dataset, those with most conflicts first.
select c.dataset_id, c.other_id, o.name other_name, o.title other_title, o.title_en other_title_en, c.version_no,
       c.other_version_no, c.compared, c.conflicts, c.columns, c.object, c.at
from datasets.conflict c join datasets.dataset o on o.id = c.other_id
where c.dataset_id = %(dataset_id)s and c.compared > 0
  and (%(within)s::uuid[] is null or o.agency_id = any(%(within)s))
order by c.conflicts desc, o.sort collate "C"

-- name: delete_conflict
-- No contract relates the two any more.
delete from datasets.conflict where dataset_id = %(dataset_id)s and other_id = %(other_id)s

-- name: insert_alert
-- A virtue dropped.
insert into datasets.alert (id, dataset_id, virtue, was, now, at)
values (%(id)s, %(dataset_id)s, %(virtue)s, %(was)s, %(now)s, %(at)s)

-- name: list_alerts
-- Alerts nobody has seen yet, newest first.
select a.id, a.dataset_id, d.name dataset_name, d.title dataset_title, a.virtue, a.was, a.now, a.at, a.seen_at
from datasets.alert a join datasets.dataset d on d.id = a.dataset_id
where a.seen_at is null and (%(within)s::uuid[] is null or d.agency_id = any(%(within)s))
order by a.at desc limit %(most)s

-- name: find_alert_place
-- The agency of the dataset that an alert is about.
select d.agency_id from datasets.alert a join datasets.dataset d on d.id = a.dataset_id where a.id = %(id)s

-- name: see_alert
-- Somebody took notice.
update datasets.alert set seen_at = %(now)s, seen_by = %(who)s where id = %(id)s and seen_at is null

-- name: insert_correction
-- An officer put a cell right.
insert into datasets.correction (id, dataset_id, delivery_id, row_no, column_name, was, now, key, made_at, made_by)
values (%(id)s, %(dataset_id)s, %(delivery_id)s, %(row_no)s, %(column_name)s, %(was)s, %(now)s, %(key)s, %(made_at)s,
        %(made_by)s)

-- name: undo_correction
-- Take a correction back.
update datasets.correction set undone_at = %(now)s
where id = %(id)s and dataset_id = %(dataset_id)s and undone_at is null

-- name: list_corrections
-- Corrections in force of a dataset, oldest first.
select id, dataset_id, delivery_id, row_no, column_name, was, now, key, made_at, made_by
from datasets.correction where dataset_id = %(dataset_id)s and undone_at is null order by made_at, id

-- name: count_reads
-- Reads since a day, by dataset; `only`: of this one.
select dataset_id, sum(reads)::bigint n from datasets.use_day
where day >= %(since)s and (%(only)s::uuid is null or dataset_id = %(only)s) group by dataset_id

-- name: count_shares
-- With how many each dataset is shared; `only`: this one.
select dataset_id, count(*) n from datasets.shared_with where %(only)s::uuid is null or dataset_id = %(only)s group by dataset_id

-- name: share
-- A dataset is shared with somebody from now on.
insert into datasets.shared_with (dataset_id, who) values (%(dataset_id)s, %(who)s) on conflict do nothing

-- name: unshare
-- A dataset is no longer shared with somebody.
delete from datasets.shared_with where dataset_id = %(dataset_id)s and who = %(who)s

-- name: take_turn
-- Wait until nobody else holds this number; ends with the connection.
select pg_advisory_lock(%(number)s)

-- name: end_turn
-- Let the next one in.
select pg_advisory_unlock(%(number)s)

-- name: list_names
-- Ids and names of all datasets.
select id, name from datasets.dataset

-- name: list_latest_of
-- The last scores of one dataset.
select dataset_id, at, version_no, accurate, complete, clean, clean_delivered, live, consistent, shared, facts
from datasets.virtue where dataset_id = %(dataset_id)s order by at desc limit 1

-- name: find_remote
-- The dataset that stands for a resource of a portal.
select dataset_id from datasets.remote where source_id = %(source_id)s and remote_id = %(remote_id)s and resource = %(resource)s

-- name: insert_remote
-- Remember which dataset stands for a resource of a portal.
insert into datasets.remote (source_id, remote_id, resource, dataset_id, seen_at)
values (%(source_id)s, %(remote_id)s, %(resource)s, %(dataset_id)s, %(now)s)

-- name: list_vanished
-- Datasets that a portal had and has no longer, of one source or standing for one dataset, the latest first.
select r.dataset_id, d.name dataset_name, d.title, s.name source_name, r.vanished_at
from datasets.remote r
join datasets.dataset d on d.id = r.dataset_id
join datasets.source s on s.id = r.source_id
where r.vanished_at is not null
  and (%(source_id)s::uuid is null or r.source_id = %(source_id)s)
  and (%(dataset_id)s::uuid is null or r.dataset_id = %(dataset_id)s)
order by r.vanished_at desc, d.sort collate "C"

-- name: vanish_remotes
-- The portal no longer has these datasets.
update datasets.remote set vanished_at = %(now)s
where source_id = %(source_id)s and remote_id = any(%(ids)s) and vanished_at is null

-- name: return_remotes
-- The portal has these datasets (again).
update datasets.remote set vanished_at = null, seen_at = %(now)s where source_id = %(source_id)s and remote_id = any(%(ids)s)

-- name: source_queued
-- Its run was enqueued; the next one is due after its interval.
update datasets.source set next_run_at = %(now)s::timestamptz + make_interval(secs => coalesce(every_s, 86400))
where id = %(id)s

-- name: put_look
-- A session may see the personal data of a dataset for a purpose, until then.
insert into datasets.look (id, session_id, dataset_id, processing_id, purpose, made_at, ends_at)
values (%(id)s, %(session_id)s, %(dataset_id)s, %(processing_id)s, %(purpose)s, %(made_at)s, %(ends_at)s)
on conflict (session_id, dataset_id) do update
set id = excluded.id, processing_id = excluded.processing_id, purpose = excluded.purpose, made_at = excluded.made_at,
    ends_at = excluded.ends_at

-- name: find_look
-- The look that a session has on a dataset now.
select id, session_id, dataset_id, processing_id, purpose, made_at, ends_at from datasets.look
where session_id = %(session_id)s and dataset_id = %(dataset_id)s and ends_at > %(now)s

-- name: end_look
-- Mask the personal data again.
delete from datasets.look where session_id = %(session_id)s and dataset_id = %(dataset_id)s

-- name: forget_looks
-- Looks that are over; the ledger keeps that they were.
delete from datasets.look where ends_at <= %(now)s
