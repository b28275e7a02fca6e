-- What a group of changes was computed from must still be so when it is written; else nothing of it is, and it is computed again.
create function graph.sure(fine boolean) returns boolean language plpgsql as $$
begin
  if fine then
    return true;
  end if;
  raise exception 'the graph was changed meanwhile' using errcode = 'serialization_failure';
end $$;
