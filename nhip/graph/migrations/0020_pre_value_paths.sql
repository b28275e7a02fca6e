-- Rows of values are of paths now (an attribute, a sub-attribute, a key inside a value, a language) and of two kinds, numbers and
-- texts or marks (nhip/graph/query/values.py); `attr` is the number of such a table in graph.iri. Elements of lists are under the
-- number with a minus, as a comparison of order does not look at them. Values in JSON-LD's typed wrapping had no rows: all are made
-- again when they are asked for.
truncate graph.attr_num, graph.attr_txt, graph.indexed;

-- How many times somebody began to fill the rows in. A writer that knows another number has to look again.
alter table graph.indexed add column turn int not null default 1;
