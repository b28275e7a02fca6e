-- Mirrors: read-only tenants that follow some types of a peer, and whose word each entity in them is.
create table graph.mirror (
  id int generated always as identity primary key,
  name text collate "C" not null unique,
  tenant int not null unique references graph.tenant,
  peer text not null,                           -- address of the peer's interface, with /ngsi-ld/v1
  peer_tenant text not null default '',
  context text not null default '',             -- address of the @context of what follows; empty: the core @context
  types text[] not null,
  q text not null default '',
  scope text not null default '',
  attrs text[] not null default '{}',
  secret bytea,                                 -- headers for the peer, sealed
  subscription text not null default '',        -- id of ours at the peer
  token bytea not null default '',              -- SHA-256 of what its notifications have to carry
  received bigint not null default 0,           -- notifications of this subscription that are durable here
  peer_sent bigint not null default 0,          -- the peer's counters when we asked last
  peer_failed bigint not null default 0,
  peer_began timestamptz,                       -- when the peer was started, as far as it says
  state text not null default 'new',            -- new, copying, live, away
  problem text not null default '',
  refused bigint not null default 0,            -- entities of the peer that we did not take, since the last comparison
  difference bigint not null default 0,         -- entities there less entities here, right after the last comparison
  sync_asked bigint not null default 0,
  sync_done bigint not null default 0,
  good_at timestamptz,                          -- what the peer changed before this is here
  compared_at timestamptz,                      -- when everything was compared last
  heard_at timestamptz,                         -- the last notification
  beat_at timestamptz,                          -- the last time that somebody looked after it
  created_at timestamptz not null default now()
);

create table graph.mirrored (
  mirror int not null references graph.mirror on delete cascade,
  id text collate "C" not null,
  modified_at text not null,                    -- the peer's modifiedAt
  received_at timestamptz not null default clock_timestamp(),
  step bigint not null,                         -- graph.mirror_step when it was taken
  gone boolean not null,
  digest bytea not null,
  primary key (mirror, id)
);
create index on graph.mirrored (mirror, received_at) where gone;

-- Entities that the peer has to be asked about, as what it told does not say how they are now.
create table graph.mirror_doubt (
  mirror int not null references graph.mirror on delete cascade,
  id text collate "C" not null,
  step bigint not null,
  primary key (mirror, id)
);

-- Rises with everything that is taken or asked: what was taken before a question is no newer than its answer.
create sequence graph.mirror_step;
