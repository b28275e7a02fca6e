-- Until when somebody looks at pages that follow what is written. One row, kept up by the processes that serve such pages; while
-- nobody looks, writers tell nothing. Lost in a crash without harm: it is written again within seconds.
create unlogged table graph.listening (
  one boolean primary key default true check (one),
  until timestamptz not null
);
