-- The later of two instants; one that a clock which ran ahead left behind is not believed.
create function graph.later(was timestamptz, told timestamptz) returns timestamptz language sql stable as $$
  select case when was > now() + interval '1 minute' then coalesce(told, was) else greatest(was, told) end
$$;
